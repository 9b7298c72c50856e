/**
 * One writer per shard: once the first commit of a later owner is visible, nothing of an earlier one becomes visible any more. Owners are known by what they
 * write, not by their transactional ids: an owner that writes under an id of its own is fenced by nobody, and that is what is to be seen.
 */
import { AUDIT_RECORDS, CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS, POLICY_STATE } from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import type { Commit } from './commits';
import type { Findings } from './findings';
import { stateKeyOf } from './stateRecords';

const BY_PROCESSOR: ReadonlySet<Topic> = new Set([POLICY_STATE, AUDIT_RECORDS, DECISIONS]);

export const checkWriters = (commits: readonly Commit[], shards: number, findings: Findings): void => {
  const processors = Array.from({ length: shards }, () => new Owners('processor', findings));
  const gateways = Array.from({ length: shards }, () => new Owners('gateway', findings));
  for (const commit of commits) {
    const { records } = commit;
    for (const partition of partitionsOf(records, isByProcessor)) processors[partition]?.wrote(commit, partition, isFence);
    for (const partition of partitionsOf(records, isByGateway)) gateways[partition]?.wrote(commit, partition, () => true);
    for (const partition of partitionsOf(records, isControl)) gateways[partition]?.wroteAlso(commit, partition);
  }
};

const isByProcessor = ({ topic }: BusRecord): boolean => BY_PROCESSOR.has(topic);

/** Strangers may write to the topic, too: the gateway says how far it has read the control events. */
const isByGateway = ({ topic, headers }: BusRecord): boolean => topic === EXECUTION_EVENTS && 'control_position' in headers;

const isControl = ({ topic }: BusRecord): boolean => topic === CONTROL_EVENTS;

const isFence = ({ topic, key }: BusRecord): boolean => topic === POLICY_STATE && stateKeyOf(key)?.kind === 'fence';

const partitionsOf = (records: readonly BusRecord[], isMeant: (record: BusRecord) => boolean): readonly number[] => {
  const partitions: number[] = [];
  for (const record of records)
    if (partitions.at(-1) !== record.partition && isMeant(record) && !partitions.includes(record.partition))
      partitions.push(record.partition);
  return partitions;
};

/** Who has owned one shard, in one role. */
class Owners {
  private readonly turns = new Map<string, number>();

  constructor(
    private readonly role: string,
    private readonly findings: Findings,
  ) {}

  wrote(commit: Commit, partition: number, isFirst: (record: BusRecord) => boolean): void {
    const turn = this.turns.get(nameOf(commit));
    if (turn !== undefined) return this.checkTurn(commit, partition, turn);
    this.turns.set(nameOf(commit), this.turns.size);
    const [first] = commit.records.filter((record) => record.partition === partition && isFirst(record));
    if (first === undefined)
      this.findings.add('single writer', `${this.where(commit, partition)}: its first commit is no fence record`);
  }

  /** A gateway writes control events as well, on which it cannot be known by what it writes. */
  wroteAlso(commit: Commit, partition: number): void {
    const turn = this.turns.get(nameOf(commit));
    if (turn !== undefined) this.checkTurn(commit, partition, turn);
  }

  private checkTurn(commit: Commit, partition: number, turn: number): void {
    if (turn !== this.turns.size - 1)
      this.findings.add(
        'single writer',
        `${this.where(commit, partition)}: what it wrote became visible when ${this.turns.size - 1 - turn} had taken over since`,
      );
  }

  private where(commit: Commit, partition: number): string {
    return `${this.role} of shard ${partition}, ${nameOf(commit)}, at ${commit.at} ms`;
  }
}

const nameOf = ({ process, transactionalId, writer }: Commit): string => `${process} as ${transactionalId} ${writer}`;
