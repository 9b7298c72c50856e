/**
 * Checks evidence of a decision with nothing but a public key: from the signature to the tree, from the tree to the hash, from the hash to the bytes, from
 * the bytes to what people read, and from facts and policy to the decision. Each step is named when it fails, and none is taken on trust.
 */
import { chainHash } from '../../contracts/chain';
import { describeError } from '../../contracts/contractError';
import { auditText } from '../../contracts/documents/recordTexts';
import { hexOf } from '../../contracts/json/hex';
import { readJson } from '../../contracts/json/readJson';
import type { AuditRecord, Decision, OrderIntent, PublishedDecision } from '../../contracts/messages';
import { policyHash, readPolicy } from '../../contracts/policyDocument';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { decide, refuse } from '../../domain/decide';
import { refuseEnded, refuseUnrecordable } from '../../domain/judge';
import { resolveLimits } from '../../domain/limits';
import type { CapitalPolicy } from '../../contracts/policy';
import { refuseUnknown } from '../../processor/foldIntent';
import type { PublicKey } from '../checkpoint/checkpointKeys';
import { verifiedHead } from '../checkpoint/checkpointNote';
import type { TreeHead } from '../checkpoint/checkpointNote';
import { leafHash, verifyInclusion } from '../merkle';
import { firstDifference } from '../verify/differences';
import { bareDecision } from '../verify/sameDecision';
import { readAuditBody, unpacked } from './auditSchemas';
import type { Evidence } from './evidence';
import { LARGEST_EVIDENCE } from './evidence';
import { differingPath } from './sameJson';

/** A decision that is proven, with what it takes to say so in words. */
export interface ProvenDecision {
  readonly head: TreeHead;
  readonly record: AuditRecord;
  readonly intent: OrderIntent;
  readonly decision: PublishedDecision;
  /** Undefined: none was in force. */
  readonly policy: CapitalPolicy | undefined;
}

/** What is proven; else the first step that fails, in one line. */
export const verifyEvidence = (evidence: Evidence, key: PublicKey): Result<ProvenDecision, string> => {
  const signed = verifiedHead(evidence.note, key);
  if (!signed.ok) return failed(`checkpoint: ${signed.error}`);
  const head = signed.value;
  const fault = treeFault(evidence, head);
  if (fault !== undefined) return failed(fault);

  const { body, prevHash, hash } = evidence;
  const computed = chainHash(prevHash, body);
  if (Buffer.compare(computed, hash) !== 0)
    return failed(
      `hash: SHA-256 over prev_hash and the record's bytes is ${hexOf(computed)}, not ${hexOf(hash)}: the record was changed`,
    );
  const schema = unpacked(evidence.schema, evidence.schemaSha256);
  if (!schema.ok) return failed(`schema: ${schema.error}`);
  const read = readAuditBody(body, hash, schema.value);
  if (!read.ok) return failed(`record: ${read.error}`);
  const { record } = read.value;
  return judged(evidence, head, record, record.intent, record.decision);
};

const treeFault = ({ treeSize, leafIndex, hash, proof }: Evidence, head: TreeHead): string | undefined => {
  if (treeSize !== head.size) return `tree_size: ${treeSize}, but the checkpoint is over ${head.size} records`;
  if (!verifyInclusion(leafIndex, treeSize, leafHash(hash), proof, head.root))
    return 'inclusion_proof: it does not lead from the hash of the record to the signed root: the record is not proven to be on the log';
  return undefined;
};

const judged = (
  evidence: Evidence,
  head: TreeHead,
  record: AuditRecord,
  intent: OrderIntent | null,
  decision: PublishedDecision | null,
): Result<ProvenDecision, string> => {
  if (Buffer.compare(record.prev_hash, evidence.prevHash) !== 0) return failed('prev_hash: it is not the one in the record');
  const shown = readJson(auditText(record, evidence.hash), LARGEST_EVIDENCE);
  if (!shown.ok) return failed(`record: ${describeError(shown.error)}`);
  const differing = differingPath(shown.value, evidence.record);
  if (differing !== undefined)
    return failed(`record${differing === '' ? '' : `.${differing}`}: what is shown is not what the signed bytes say`);
  if (record.kind !== 'DECISION' || intent === null || decision === null)
    return failed(`record: a ${record.kind}; expected the record of a decision`);
  const policy = policyOf(record, evidence.policyText);
  if (!policy.ok) return policy;
  const difference = decisionFault(record, intent, decision, policy.value);
  return difference === undefined ? succeeded({ head, record, intent, decision, policy: policy.value }) : failed(difference);
};

const policyOf = ({ policy_hash }: AuditRecord, text: string | null): Result<CapitalPolicy | undefined, string> => {
  if (policy_hash === null)
    return text === null ? succeeded(undefined) : failed('policy_text: no policy was in force for this record');
  if (text === null) return failed(`policy_text: missing; expected the policy with the SHA-256 ${hexOf(policy_hash)}`);
  const found = policyHash(text);
  if (Buffer.compare(found, policy_hash) !== 0)
    return failed(
      `policy_text: its SHA-256 is ${hexOf(found)}, but the decision was made under ${hexOf(policy_hash)}: it is another policy`,
    );
  const read = readPolicy(text, 'policy_text');
  return read.ok ? succeeded(read.value.policy) : failed(read.error.map(describeError).join('; '));
};

/** The decision again, from nothing but the intent, the facts on record and the policy. */
const decisionFault = (
  record: AuditRecord,
  intent: OrderIntent,
  published: PublishedDecision,
  policy: CapitalPolicy | undefined,
): string | undefined => {
  const found = bareDecision(published);
  const differences = derivations(record, intent, policy).map((derived) => firstDifference(derived, found, 'decision'));
  if (differences.includes(undefined)) return undefined;
  const first = differences[0];
  return `decision: its facts and the policy give another one: ${first?.path ?? ''} ${first?.expected ?? ''}, on record is ${first?.found ?? ''}`;
};

/** With facts there is one answer; a refusal without facts has one of these reasons. */
const derivations = (
  { run_id, facts, input }: AuditRecord,
  intent: OrderIntent,
  policy: CapitalPolicy | undefined,
): readonly Decision[] => {
  const limits = policy === undefined ? undefined : resolveLimits(policy, intent.instrument.symbol, intent.strategy_id);
  if (facts !== null && limits !== undefined) return [decide(intent, limits, facts)];
  return [
    ...(limits === undefined ? [] : [refuseUnrecordable(intent, limits)]),
    refuseEnded(intent, run_id),
    refuseUnknown(intent, run_id, input.partition),
    refuse(intent, `Run '${run_id}' has no active policy.`),
  ];
};
