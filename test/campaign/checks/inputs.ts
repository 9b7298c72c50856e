/**
 * Each input record has exactly one outcome: an audit record (a control event for every run: one for each run) or a dead letter; a price that can be
 * read has none. What is no committed input has no outcome at all. Positions tell the truth, and reach the ends.
 */
import type { InputTopic } from '../../../src/contracts/topics';
import {
  CONTROL_EVENTS,
  DEAD_LETTERS,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import type { Poison } from '../poison';
import type { RawLog } from '../rawLog';
import type { Audit } from './decoding';
import { decoded } from './decoding';
import type { Findings } from './findings';

const KINDS: Readonly<Record<InputTopic, readonly string[]>> = {
  [ORDER_INTENTS]: ['DECISION', 'DUPLICATE'],
  [EXECUTION_EVENTS]: ['EXECUTION', 'REJECTED_INPUT'],
  [CONTROL_EVENTS]: ['CONTROL', 'KILL_SWITCH', 'REJECTED_INPUT'],
  [MARKET_PRICES]: [],
};

interface Outcome {
  readonly audits: Audit[];
  readonly letters: BusRecord[];
}

export const checkInputs = (
  log: RawLog,
  audits: readonly (readonly Audit[])[],
  poison: readonly Poison[],
  findings: Findings,
): void => {
  const poisoned = new Set(poison.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`));
  for (let partition = 0; partition < log.shards; partition++) {
    const outcomes = outcomesOf(log, partition, audits[partition] ?? []);
    for (const topic of INPUT_TOPICS) {
      for (const record of log.records(topic, partition)) {
        const where = `${topic}/${partition}@${record.offset}`;
        const outcome = outcomes.get(`${topic}@${record.offset}`) ?? { audits: [], letters: [] };
        outcomes.delete(`${topic}@${record.offset}`);
        checkOutcome(topic, record, outcome, where, findings, poisoned.has(where));
        if (poisoned.has(where) && outcome.letters.length === 0)
          findings.add('dead letters', `${where}: poison was not set aside`);
        for (const letter of outcome.letters) checkLetter(letter, record, where, findings);
      }
    }
    for (const [where] of outcomes)
      findings.add('phantom inputs', `${where} on shard ${partition} has an outcome, and is no committed record`);
    checkPositions(log, partition, audits[partition] ?? [], findings);
  }
};

const outcomesOf = (log: RawLog, partition: number, audits: readonly Audit[]): Map<string, Outcome> => {
  const outcomes = new Map<string, Outcome>();
  const at = (where: string): Outcome => {
    let outcome = outcomes.get(where);
    if (outcome === undefined) outcomes.set(where, (outcome = { audits: [], letters: [] }));
    return outcome;
  };
  for (const audit of audits) {
    // A trip by rule or count follows the decision that caused it.
    if (audit.kind === 'KILL_SWITCH' && audit.kill_switch?.cause !== 'OPERATOR') continue;
    at(`${audit.input.topic}@${audit.input.offset}`).audits.push(audit);
  }
  for (const letter of log.records(DEAD_LETTERS, partition))
    at(`${letter.headers.topic ?? ''}@${letter.headers.offset ?? ''}`).letters.push(letter);
  return outcomes;
};

const checkOutcome = (
  topic: InputTopic,
  record: BusRecord,
  { audits, letters }: Outcome,
  where: string,
  findings: Findings,
  isPoison: boolean,
): void => {
  const total = audits.length + letters.length;
  const wrong = audits.find(({ kind }) => !KINDS[topic].includes(kind));
  if (wrong !== undefined) findings.add('one outcome each', `${where}: an audit record of kind ${wrong.kind}`);
  if (topic === MARKET_PRICES) {
    const expected = isPoison || decoded('PriceUpdated', record.value) === undefined ? 1 : 0;
    if (total !== expected) findings.add('one outcome each', `${where}: ${total} outcomes where ${expected} must be`);
    return;
  }
  if (topic === CONTROL_EVENTS && record.key !== null && Buffer.from(record.key).toString('utf8') === '*') {
    const runs = new Set(audits.map(({ run_id }) => run_id));
    if (runs.size < audits.length || letters.length > 1)
      findings.add('one outcome each', `${where}: several outcomes for one run`);
    return;
  }
  if (total !== 1)
    findings.add('one outcome each', `${where}: ${audits.length} audit records and ${letters.length} dead letters`);
};

const checkLetter = (letter: BusRecord, record: BusRecord, where: string, findings: Findings): void => {
  const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
    a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
  if (!same(letter.key, record.key) || !same(letter.value, record.value))
    findings.add('dead letters', `${where}: the dead letter holds other bytes`);
  if ((letter.headers.reason ?? '') === '') findings.add('dead letters', `${where}: the dead letter gives no reason`);
  if (letter.headers.partition !== String(record.partition))
    findings.add('dead letters', `${where}: the dead letter names another partition`);
};

const checkPositions = (log: RawLog, partition: number, audits: readonly Audit[], findings: Findings): void => {
  const before: Record<string, number> = {};
  for (const { input, positions, offset } of audits) {
    const where = `audit-records/${partition}@${offset}`;
    if (positions[input.topic.replace('-', '_')] !== input.offset + 1)
      findings.add('positions', `${where}: the position is not behind its own input`);
    for (const [field, position] of Object.entries(positions)) {
      if (position < (before[field] ?? 0)) findings.add('positions', `${where}: ${field} goes back to ${position}`);
      before[field] = position;
    }
  }
  const last = log
    .records(POLICY_STATE, partition)
    .map(({ value }) => decoded('StateEntity', value))
    .flatMap((entity) => positionsIn(entity))
    .at(-1);
  for (const topic of INPUT_TOPICS) {
    const end = (log.records(topic, partition).at(-1)?.offset ?? -1) + 1;
    const reached = last?.[topic.replace('-', '_')] ?? 0;
    if (reached < end) findings.add('positions', `${topic}/${partition}: folded to ${reached}, and ends at ${end}`);
  }
};

/** The positions in a state entity, whatever the union is called in it. */
const positionsIn = (entity: unknown): readonly Record<string, number>[] => {
  if (typeof entity !== 'object' || entity === null) return [];
  for (const [name, value] of Object.entries(entity as Record<string, unknown>)) {
    if (name === 'order_intents') return [entity as Record<string, number>];
    const inner = positionsIn(value);
    if (inner.length > 0) return inner;
  }
  return [];
};
