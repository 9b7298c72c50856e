/** Ways in which a recorded log can be wrong, each made to a log that is right: what the model must see. */
import { AUDIT_RECORDS, DEAD_LETTERS, INPUT_TOPICS, MARKET_PRICES } from '../../../src/contracts/topics';
import type { InputTopic } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import type { Audit } from '../decoding';
import { decodedAudit } from '../decoding';
import type { RawLog } from '../rawLog';
import { figureOf } from './figures';
import type { RecordedAudit, RecordedDecision, RecordedFacts } from './recorded';
import { recordedOf } from './recorded';

export interface Seen {
  readonly log: RawLog;
  readonly audits: readonly Audit[];
}

export const seen = (log: RawLog): Seen => ({
  log,
  audits: log.records(AUDIT_RECORDS, 0).flatMap((record) => decodedAudit(record) ?? []),
});

/** Undefined: this log has nothing of the kind. */
export type Change = (of: Seen) => Seen | undefined;

type Replacement = (audit: RecordedAudit) => RecordedAudit | undefined;

/** The last record for which `replaced` has another one: much has happened before it. */
export const changed =
  (replaced: Replacement): Change =>
  ({ log, audits }) => {
    const at = audits.findLastIndex((audit) => replaced(recordedOf(audit)) !== undefined);
    const audit = audits[at];
    if (audit === undefined) return undefined;
    return { log, audits: audits.with(at, replaced(recordedOf(audit)) as unknown as Audit) };
  };

export const decisionWith = (
  which: (decision: RecordedDecision, audit: RecordedAudit) => boolean,
  fields: (decision: RecordedDecision) => Partial<RecordedDecision>,
): Change =>
  changed((audit) => {
    const { decision } = audit;
    if (decision === null || !which(decision, audit)) return undefined;
    return { ...audit, decision: { ...decision, ...fields(decision) } };
  });

export const factsWith = (fields: (facts: RecordedFacts) => Partial<RecordedFacts>): Change =>
  changed((audit) => {
    const { facts } = audit;
    return facts === null ? undefined : { ...audit, facts: { ...facts, ...fields(facts) } };
  });

export const without = (which: (audit: RecordedAudit) => boolean): Change => {
  return ({ log, audits }) => {
    const at = audits.findLastIndex((audit) => which(recordedOf(audit)));
    return at === -1 ? undefined : { log, audits: audits.toSpliced(at, 1) };
  };
};

export const twice = (which: (audit: RecordedAudit) => boolean): Change => {
  return ({ log, audits }) => {
    const at = audits.findIndex((audit) => which(recordedOf(audit)));
    const audit = audits[at];
    return audit === undefined ? undefined : { log, audits: [...audits, audit] };
  };
};

/** An input that somebody had, and the log has not. `which` counts from the first of its topic that was not set aside. */
export const withoutInput =
  (topic: InputTopic, which: number): Change =>
  ({ log, audits }) => {
    const letters = new Set(
      log.records(DEAD_LETTERS, 0).flatMap(({ headers }) => (headers.topic === topic ? [Number(headers.offset)] : [])),
    );
    const gone = log.records(topic, 0).filter(({ offset }) => !letters.has(offset))[which];
    return gone === undefined
      ? undefined
      : { log: logWith(log, topic, (records) => records.filter((one) => one !== gone)), audits };
  };

const isAdmission = ({ decision }: Pick<Audit, 'decision'>): boolean => decision !== null && decision.order !== null;

/** An input is set aside, and what came of it is not there. */
export const setAsideInstead =
  (which: (audit: RecordedAudit) => boolean): Change =>
  ({ log, audits }) => {
    const input = audits.findLast((audit) => which(recordedOf(audit)))?.input;
    const topic = INPUT_TOPICS.find((one) => one === input?.topic);
    const record = topic === undefined ? undefined : log.records(topic, 0).find(({ offset }) => offset === input?.offset);
    if (topic === undefined || record === undefined) return undefined;
    const letter: BusRecord = { ...record, topic: DEAD_LETTERS, headers: { topic, offset: String(record.offset) } };
    const rest = audits.filter((audit) => audit.input.topic !== topic || audit.input.offset !== record.offset);
    return { log: logWith(log, DEAD_LETTERS, (records) => [...records, letter]), audits: rest };
  };

/** A price that an order was admitted at right after it came, and that was not the price before. */
const decisivePrice = ({ log, audits }: Seen): { readonly at: number; readonly offset: number } | undefined => {
  const prices = log.records(MARKET_PRICES, 0);
  const positionAt = (at: number): number => audits[at]?.positions.market_prices ?? 0;
  for (const [at, audit] of audits.entries()) {
    const [before, last] = prices.filter((record) => record.offset < positionAt(at) && sameKey(record, audit)).slice(-2);
    const isNew = last?.offset === positionAt(at) - 1 && positionAt(at - 1) < positionAt(at);
    if (isAdmission(audit) && isNew && before?.value?.toString() !== last.value?.toString()) return { at, offset: last.offset };
  }
  return undefined;
};

const sameKey = ({ key }: BusRecord, audit: Audit): boolean =>
  recordedOf(audit).decision?.order?.instrument.symbol === Buffer.from(key ?? []).toString();

/** The order in which it is told that two topics were folded is another one. */
export const priceTakenLate: Change = (of) => {
  const found = decisivePrice(of);
  const audit = of.audits[found?.at ?? -1];
  if (found === undefined || audit === undefined) return undefined;
  return {
    ...of,
    audits: of.audits.with(found.at, { ...audit, positions: { ...audit.positions, market_prices: found.offset } }),
  };
};

export const withoutPrice: Change = (of) => {
  const found = decisivePrice(of);
  if (found === undefined) return undefined;
  return { ...of, log: logWith(of.log, MARKET_PRICES, (records) => records.filter(({ offset }) => offset !== found.offset)) };
};

export const withoutLetters = ({ log, audits }: Seen): Seen => ({ log: logWith(log, DEAD_LETTERS, () => []), audits });

const logWith = (log: RawLog, topic: string, records: (of: readonly BusRecord[]) => readonly BusRecord[]): RawLog => ({
  shards: log.shards,
  records: (of, partition) => (of === topic ? records(log.records(of, partition)) : log.records(of, partition)),
  end: (of, partition) => log.end(of, partition),
});

/** The bytes of an amount that differs by so many units of 10^-18. */
export const moved = (bytes: Buffer, by: bigint): Buffer => {
  const amount = BigInt.asUintN(128, figureOf(bytes) + by);
  return Buffer.from(amount.toString(16).padStart(32, '0'), 'hex');
};
