/** What is correct, in one place: every check on a log, for the simulation and for the campaigns on Kafka alike; and how much of everything there was. */
import type { Codec } from '../../src/contracts/avro/codec';
import { DEAD_LETTERS, INPUT_TOPICS } from '../../src/contracts/topics';
import { checkAtomicity } from './atomicity';
import { checkChains } from './chains';
import type { Commit } from './commits';
import { checkDecisions } from './decisions';
import { DecodedLog } from './decodedLog';
import type { Acknowledged, Poison } from './evidence';
import { checkExecutions } from './executions';
import type { Finding, Findings, FirstFinding } from './findings';
import { checkInputs } from './inputs';
import { checkModel } from './model/checkModel';
import type { RawLog } from './rawLog';
import { checkAcknowledged, compareReaders } from './readers';
import { checkReplays } from './replays';
import { checkWriters } from './writers';

export interface CheckInput {
  readonly log: RawLog;
  /** The same log as Kafka's own client reads it, where that can be run. */
  readonly second?: RawLog | undefined;
  readonly codec: Codec;
  readonly findings: Findings;
  readonly acknowledged: readonly Acknowledged[];
  readonly poison: readonly Poison[];
  /** Of which transactions the log was made, in the order in which they became visible, where that was seen. */
  readonly commits?: readonly Commit[];
  /** False: the model of the policy engine is not asked. */
  readonly model?: boolean;
}

export interface CheckOutcome {
  readonly findings: Readonly<Record<string, number>>;
  readonly told: readonly Finding[];
  readonly first: FirstFinding | undefined;
  /** Records by topic, audit records by kind, decisions by verdict. */
  readonly counts: Readonly<Record<string, number>>;
}

export const checkLog = async (input: CheckInput): Promise<CheckOutcome> => {
  const { log, second, codec, findings, acknowledged, poison, commits, model = true } = input;
  // What is judged is what Kafka's own client has read, where there is one.
  const judged = new DecodedLog(second ?? log, poison, findings);
  if (second !== undefined) compareReaders(log, second, findings);
  checkAcknowledged(judged.log, acknowledged, findings);
  checkInputs(judged, findings);
  checkChains(judged, findings);
  checkDecisions(judged, findings);
  checkExecutions(judged, findings);
  if (commits !== undefined) {
    checkWriters(commits, judged.shards, findings);
    checkAtomicity(judged, commits, findings);
  }
  if (model) checkEachByModel(judged, findings);
  await checkReplays(judged, codec, commits, findings);
  return { findings: findings.counts, told: findings.told, first: findings.first, counts: countsOf(judged) };
};

const checkEachByModel = (log: DecodedLog, findings: Findings): void => {
  for (let partition = 0; partition < log.shards; partition++)
    checkModel(log.log, partition, log.audits(partition), findings, (topic, offset) => log.isPoison(topic, partition, offset));
};

const countsOf = (log: DecodedLog): Record<string, number> => {
  const counts: Record<string, number> = {};
  const add = (name: string, by = 1): void => void (counts[name] = (counts[name] ?? 0) + by);
  for (let partition = 0; partition < log.shards; partition++) {
    for (const topic of [...INPUT_TOPICS, DEAD_LETTERS] as const) add(topic, log.log.records(topic, partition).length);
    for (const { kind, decision, duplicate } of log.audits(partition)) {
      add(`audit ${kind}`);
      if (decision !== null) add(decision.decision);
      if (duplicate?.conflict === true) add('conflict');
    }
  }
  return counts;
};
