/** All checks on what a campaign left behind, and how much of everything there was. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { DEAD_LETTERS, INPUT_TOPICS, TOPICS } from '../../../src/contracts/topics';
import type { Poison } from '../poison';
import type { Acknowledged } from '../publisher';
import type { RawLog } from '../rawLog';
import { checkChains } from './chains';
import { auditsOf, decisionsOf, executionsOf } from './decoding';
import type { Audit } from './decoding';
import { checkDecisions } from './decisions';
import { checkExecutions } from './executions';
import type { Finding, Findings } from './findings';
import { checkInputs } from './inputs';
import { checkReplays } from './replays';

export interface CheckInput {
  readonly log: RawLog;
  /** The same log as Kafka's own client reads it; undefined where that cannot be run. */
  readonly second: RawLog | undefined;
  readonly codec: Codec;
  readonly findings: Findings;
  readonly acknowledged: readonly Acknowledged[];
  readonly poison: readonly Poison[];
}

export interface CheckOutcome {
  readonly findings: Readonly<Record<string, number>>;
  readonly told: readonly Finding[];
  /** Records by topic, audit records by kind, decisions by verdict. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Every check that can find something. */
export const CHECKS = [
  'liveness',
  'services',
  'acknowledged records',
  'second reader',
  'one outcome each',
  'phantom inputs',
  'dead letters',
  'positions',
  'sequence',
  'hash chain',
  'one decision each',
  'decisions and journal',
  'kill switch',
  'executions',
  'replay',
  'uninterrupted run',
  'state',
  'restored memory',
] as const;

export const checkLog = async ({ log, second, codec, findings, acknowledged, poison }: CheckInput): Promise<CheckOutcome> => {
  // What is judged is what Kafka's own client has read, where there is one.
  const judged = second ?? log;
  if (second !== undefined) compareReaders(log, second, findings);
  const shards = Array.from({ length: judged.shards }, (_, shard) => shard);
  checkAcknowledged(judged, acknowledged, findings);
  const audits = shards.map((partition) => auditsOf(judged, partition));
  const decisions = shards.map((partition) => decisionsOf(judged, partition));
  checkInputs(judged, audits, poison, findings);
  checkChains(audits, findings);
  checkDecisions(judged, audits, decisions, findings);
  checkExecutions(
    decisions,
    shards.map((partition) => executionsOf(judged, partition)),
    audits,
    findings,
  );
  await checkReplays(judged, codec, audits, findings);
  return { findings: findings.counts, told: findings.told, counts: countsOf(judged, audits.flat()) };
};

const checkAcknowledged = (log: RawLog, acknowledged: readonly Acknowledged[], findings: Findings): void => {
  const values = new Map<string, Uint8Array | null>();
  for (const topic of INPUT_TOPICS)
    for (let partition = 0; partition < log.shards; partition++)
      for (const { offset, value } of log.records(topic, partition)) values.set(`${topic}/${partition}@${offset}`, value);
  for (const { record, offset } of acknowledged) {
    const where = `${record.topic}/${record.partition}@${offset}`;
    const value = values.get(where);
    if (value === undefined || value === null || Buffer.compare(value, record.value ?? new Uint8Array()) !== 0)
      findings.add('acknowledged records', `${where} was acknowledged, and is not there`);
  }
};

const compareReaders = (ours: RawLog, theirs: RawLog, findings: Findings): void => {
  for (const topic of TOPICS) {
    for (let partition = 0; partition < ours.shards; partition++) {
      const a = ours.records(topic, partition);
      const b = theirs.records(topic, partition);
      const at = a.findIndex((record, place) => {
        const other = b[place];
        return (
          other?.offset !== record.offset ||
          other.timestamp !== record.timestamp ||
          Buffer.compare(Buffer.from(other.value ?? []), Buffer.from(record.value ?? [])) !== 0 ||
          Buffer.compare(Buffer.from(other.key ?? []), Buffer.from(record.key ?? [])) !== 0
        );
      });
      if (at !== -1 || a.length !== b.length)
        findings.add(
          'second reader',
          `${topic}/${partition}: our reader sees ${a.length} records, Kafka's own client ${b.length}; they differ from ${a[Math.max(0, at)]?.offset ?? 'the end'} on`,
        );
    }
  }
};

const countsOf = (log: RawLog, audits: readonly Audit[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  const add = (name: string, by = 1): void => void (counts[name] = (counts[name] ?? 0) + by);
  for (const topic of [...INPUT_TOPICS, DEAD_LETTERS] as const)
    for (let partition = 0; partition < log.shards; partition++) add(topic, log.records(topic, partition).length);
  for (const { kind, decision, duplicate } of audits) {
    add(`audit ${kind}`);
    if (decision !== null) add(decision.decision);
    if (duplicate?.conflict === true) add('conflict');
  }
  return counts;
};
