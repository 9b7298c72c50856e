/**
 * Each input record has exactly one outcome: an audit record (a control event for every run: one for each run) or a dead letter; a price that can be
 * read has none. What is no committed input has no outcome at all. Positions tell the truth, and reach the ends.
 */
import type { InputTopic } from '../../src/contracts/topics';
import {
  CONTROL_EVENTS,
  EVERY_RUN,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import type { Audit } from './decoding';
import { decoded } from './decoding';
import type { DecodedLog } from './decodedLog';
import type { Findings } from './findings';
import { sameBytes } from './rawLog';
import { positionsIn, stateKeyOf } from './stateRecords';

const KINDS: Readonly<Record<InputTopic, readonly string[]>> = {
  [ORDER_INTENTS]: ['DECISION', 'DUPLICATE'],
  [EXECUTION_EVENTS]: ['EXECUTION', 'REJECTED_INPUT'],
  [CONTROL_EVENTS]: ['CONTROL', 'KILL_SWITCH', 'REJECTED_INPUT'],
  [MARKET_PRICES]: [],
};

/** The name of a topic in recorded positions. */
export const positionField = (topic: string): string => FIELDS.get(topic) ?? '';

const FIELDS: ReadonlyMap<string, string> = new Map(INPUT_TOPICS.map((topic) => [topic, topic.replace('-', '_')]));
const POSITION_FIELDS = [...FIELDS.values()];

/** Whether an audit record is of the input that it names by itself: a trip by rule or count only follows the decision that caused it. */
export const isOutcome = ({ kind, kill_switch }: Audit): boolean => kind !== 'KILL_SWITCH' || kill_switch?.cause === 'OPERATOR';

export const isForEveryRun = ({ key }: BusRecord): boolean =>
  key !== null && key.length === 1 && key[0] === EVERY_RUN.charCodeAt(0);

export const checkInputs = (log: DecodedLog, findings: Findings): void => {
  for (let partition = 0; partition < log.shards; partition++) {
    const letters = log.letters(partition);
    const audits = auditsByInput(log.audits(partition));
    for (const topic of INPUT_TOPICS) {
      const ofTopic = audits.get(topic);
      const lettersOfTopic = letters.get(topic);
      let met = 0;
      for (const record of log.log.records(topic, partition)) {
        const ofInput = ofTopic?.get(record.offset) ?? NONE;
        const ofLetters = lettersOfTopic?.get(record.offset) ?? NONE;
        if (ofInput !== NONE) met += 1;
        if (ofLetters !== NONE) met += 1;
        checkOutcome(log, record, topic, ofInput, ofLetters, findings);
        for (const letter of ofLetters) checkLetter(letter, record, findings);
      }
      if (met < (ofTopic?.size ?? 0) + (lettersOfTopic?.size ?? 0))
        findings.add('phantom inputs', `${topic}/${partition}: outcomes of what is no committed record`);
    }
    const strangers = [...audits.keys(), ...letters.keys()].filter((topic) => topic === undefined || !FIELDS.has(topic));
    if (strangers.length > 0)
      findings.add('phantom inputs', `shard ${partition}: outcomes of ${String(strangers[0])}, which is no input`);
    checkPositions(log, partition, findings);
  }
};

const NONE: readonly never[] = [];

const auditsByInput = (audits: readonly Audit[]): ReadonlyMap<string, ReadonlyMap<number, readonly Audit[]>> => {
  const byTopic = new Map<string, Map<number, Audit[]>>();
  for (const audit of audits) {
    if (!isOutcome(audit)) continue;
    const { topic, offset } = audit.input;
    let ofTopic = byTopic.get(topic);
    if (ofTopic === undefined) byTopic.set(topic, (ofTopic = new Map()));
    const before = ofTopic.get(offset);
    if (before === undefined) ofTopic.set(offset, [audit]);
    else before.push(audit);
  }
  return byTopic;
};

const checkOutcome = (
  log: DecodedLog,
  record: BusRecord,
  topic: InputTopic,
  audits: readonly Audit[],
  letters: readonly BusRecord[],
  findings: Findings,
): void => {
  const where = (): string => `${topic}/${record.partition}@${record.offset}`;
  const isPoison = log.isPoison(topic, record.partition, record.offset);
  if (isPoison && letters.length === 0) findings.add('dead letters', `${where()}: poison was not set aside`);
  const total = audits.length + letters.length;
  const wrong = audits.find(({ kind }) => !KINDS[topic].includes(kind));
  if (wrong !== undefined) findings.add('one outcome each', `${where()}: an audit record of kind ${wrong.kind}`);
  if (topic === MARKET_PRICES) {
    const expected = isPoison || decoded('PriceUpdated', record.value) === undefined ? 1 : 0;
    if (total !== expected) findings.add('one outcome each', `${where()}: ${total} outcomes where ${expected} must be`);
    return;
  }
  if (topic === CONTROL_EVENTS && isForEveryRun(record)) {
    const runs = new Set(audits.map(({ run_id }) => run_id));
    if (runs.size < audits.length || letters.length > 1)
      findings.add('one outcome each', `${where()}: several outcomes for one run`);
    return;
  }
  if (total !== 1)
    findings.add('one outcome each', `${where()}: ${audits.length} audit records and ${letters.length} dead letters`);
};

const checkLetter = ({ key, value, headers }: BusRecord, record: BusRecord, findings: Findings): void => {
  const where = (): string => `${record.topic}/${record.partition}@${record.offset}`;
  if (!sameBytes(key, record.key) || !sameBytes(value, record.value))
    findings.add('dead letters', `${where()}: the dead letter holds other bytes`);
  if ((headers.reason ?? '') === '') findings.add('dead letters', `${where()}: the dead letter gives no reason`);
  if (headers.partition !== String(record.partition))
    findings.add('dead letters', `${where()}: the dead letter names another partition`);
};

const checkPositions = (log: DecodedLog, partition: number, findings: Findings): void => {
  const before: Record<string, number> = {};
  for (const { input, positions, offset } of log.audits(partition)) {
    const where = (): string => `audit-records/${partition}@${offset}`;
    if (positions[positionField(input.topic)] !== input.offset + 1)
      findings.add('positions', `${where()}: the position is not behind its own input`);
    if (input.partition !== partition) findings.add('phantom inputs', `${where()}: its input is of shard ${input.partition}`);
    for (const field of POSITION_FIELDS) {
      const position = positions[field] ?? -1;
      if (position < (before[field] ?? 0)) findings.add('positions', `${where()}: ${field} goes back to ${position}`);
      before[field] = position;
    }
  }
  const last = log.log.records(POLICY_STATE, partition).findLast(({ key }) => stateKeyOf(key)?.kind === 'positions');
  const reached = last === undefined ? undefined : positionsIn(last.value);
  for (const topic of INPUT_TOPICS) {
    const end = (log.log.records(topic, partition).at(-1)?.offset ?? -1) + 1;
    const at = reached?.[positionField(topic)] ?? 0;
    if (at < end) findings.add('positions', `${topic}/${partition}: folded to ${at}, and ends at ${end}`);
  }
};
