/** The Decision of the HTTP API as the one of the library. What a later version adds to it is passed over. */
import { describeError } from '../contracts/contractError';
import { readDocumentValue } from '../contracts/documents/readDocument';
import { readJson } from '../contracts/json/readJson';
import { isJsonObject, JsonNumber } from '../contracts/json/value';
import type { JsonObject, JsonValue } from '../contracts/json/value';
import type { Decision, Figure, OrderIntent, RuleId } from '../contracts/messages';
import { ClientError } from './clientError';

/** A decision is some KB; a page about it holds up to 5,000 rows of what came after it. */
export const LARGEST_ANSWER = 8 * 1024 * 1024;

/** The object in the body of an answer; undefined: it was larger than is read. Throws a ClientError. */
export const answerObject = (body: string | undefined): JsonObject => {
  if (body === undefined) throw unexpected(`an answer of more than ${LARGEST_ANSWER} bytes`);
  const json = readJson(body, LARGEST_ANSWER);
  if (!json.ok) throw unexpected(describeError(json.error));
  if (!isJsonObject(json.value)) throw unexpected('no JSON object');
  return json.value;
};

/** The same of an answer that refuses: what stands before the gate answers in HTML, or says nothing, and then the status is all there is. */
export const problemObject = (body: string | undefined): JsonObject => {
  const json = body === undefined ? undefined : readJson(body, LARGEST_ANSWER);
  return json?.ok === true && isJsonObject(json.value) ? json.value : {};
};

/** `value`: the Decision; `intent`: what was asked. Throws a ClientError. */
export const decisionOf = (value: JsonValue | undefined, intent: OrderIntent): Decision => {
  const read = readDocumentValue('decision', value ?? null);
  if (!read.ok) throw unexpected(describeError(read.error));
  const { decision, intent_id, modified_intent, violations, evidence, kill_switch_triggered } = read.value;
  if (intent_id !== intent.intent_id) throw unexpected('the decision of another intent');
  if (decision === 'MODIFY' && modified_intent === null) throw unexpected('a MODIFY without the modified intent');
  return {
    decision,
    intent_id,
    order: decision === 'ALLOW' ? intent : decision === 'MODIFY' ? modified_intent : null,
    violations: violations.map(({ rule_id, severity, message, inputs, computed }) => ({
      rule_id: rule_id as RuleId,
      severity,
      message,
      inputs: figuresOf(inputs),
      computed: figuresOf(computed),
    })),
    evidence: evidence.map(({ metric, value: measured, limit }) => ({ metric, value: measured, limit })),
    kill_switch_triggered,
  };
};

const figuresOf = (figures: ReadonlyMap<string, Figure['value']>): readonly Figure[] =>
  [...figures].map(([name, value]) => ({ name, value }));

/** A seq of the answer. Throws a ClientError. */
export const seqOf = (value: JsonValue | string | null | undefined): number => {
  const text = value instanceof JsonNumber ? value.text : value;
  const seq = typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
  if (seq === undefined) throw unexpected('no seq of an audit record');
  return seq;
};

export const unexpected = (what: string, cause?: unknown): ClientError =>
  new ClientError(
    'unexpected_answer',
    `the answer is not the gate's: ${what}; is the address that of \`policygate serve\`?`,
    false,
    cause,
  );
