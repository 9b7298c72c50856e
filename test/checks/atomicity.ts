/**
 * What becomes visible together. A commit that moves a shard's input positions holds the outcomes of exactly the inputs that it moves them past: audit records
 * with their decisions, and dead letters; and the state that comes of them: each intent that it decides, and where each run's chain goes on.
 */
import type { InputTopic } from '../../src/contracts/topics';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  INPUT_TOPICS,
  MARKET_PRICES,
  POLICY_STATE,
} from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import type { Commit } from './commits';
import { isPublishedAs } from './decisions';
import type { DecodedLog } from './decodedLog';
import type { Audit, Decision } from './decoding';
import { payloadName } from './decoding';
import type { Findings } from './findings';
import { isForEveryRun, isOutcome, positionField } from './inputs';
import { firstFrom, recordAt } from './rawLog';
import { chainEndIn, positionsIn, stateKeyOf } from './stateRecords';

export const checkAtomicity = (log: DecodedLog, commits: readonly Commit[], findings: Findings): void => {
  const shards = Array.from({ length: log.shards }, (_, partition) => new ShardCommits(log, partition, findings));
  for (const commit of commits) {
    for (const [partition, parts] of partsOf(commit.records))
      shards[partition]?.check(parts, `commit at ${commit.at} ms by ${commit.process}`);
  }
};

/** What a commit holds of one shard. */
interface Parts {
  readonly audits: BusRecord[];
  readonly decisions: BusRecord[];
  readonly letters: BusRecord[];
  readonly entities: BusRecord[];
}

const PARTS = {
  [AUDIT_RECORDS]: 'audits',
  [DECISIONS]: 'decisions',
  [DEAD_LETTERS]: 'letters',
  [POLICY_STATE]: 'entities',
} as const;

const partsOf = (records: readonly BusRecord[]): ReadonlyMap<number, Parts> => {
  const byShard = new Map<number, Parts>();
  for (const record of records) {
    const part = (PARTS as Partial<Record<string, keyof Parts>>)[record.topic];
    if (part === undefined) continue;
    let parts = byShard.get(record.partition);
    if (parts === undefined) byShard.set(record.partition, (parts = { audits: [], decisions: [], letters: [], entities: [] }));
    parts[part].push(record);
  }
  return byShard;
};

class ShardCommits {
  private positions: Readonly<Record<string, number>> = {};
  /** Runs that have ended before: they remember nothing of what is asked since. */
  private readonly ended = new Set<string>();

  constructor(
    private readonly log: DecodedLog,
    private readonly partition: number,
    private readonly findings: Findings,
  ) {}

  check(parts: Parts, where: string): void {
    const add = (what: string): void => this.findings.add('atomic', `shard ${this.partition}, ${where}: ${what}`);
    const audits = this.onLog(parts.audits, this.log.audits(this.partition), add);
    const decisions = this.onLog(parts.decisions, this.log.decisions(this.partition), add);
    const state = new CommittedState(parts.entities);
    checkPairs(audits, decisions, add);
    if (state.positions === undefined) {
      if (audits.length + decisions.length + parts.letters.length > 0) add('outcomes without the positions of their inputs');
      return;
    }
    this.checkRange(audits, parts.letters, state.positions, add);
    this.checkState(audits, state, add);
    this.positions = state.positions;
  }

  /** As they were decoded from the log, which is all that there is to see afterwards. */
  private onLog<T extends { readonly offset: number }>(
    records: readonly BusRecord[],
    decoded: readonly T[],
    add: (what: string) => void,
  ): readonly T[] {
    return records.flatMap(({ topic, offset }) => {
      const one = recordAt(decoded, offset);
      if (one === undefined) add(`${topic}@${offset} was committed, and is not on the log`);
      return one === undefined ? [] : [one];
    });
  }

  private checkRange(
    audits: readonly Audit[],
    letters: readonly BusRecord[],
    to: Readonly<Record<string, number>>,
    add: (what: string) => void,
  ): void {
    const seen = new Map<string | undefined, Set<number>>(INPUT_TOPICS.map((topic) => [topic, new Set()]));
    const meet = (topic: string | undefined, offset: number): void => {
      const field = positionField(topic ?? '');
      if (offset >= (this.positions[field] ?? 0) && offset < (to[field] ?? 0)) seen.get(topic)?.add(offset);
      else add(`an outcome of ${topic ?? 'nothing'}@${offset}, which it does not move past`);
    };
    for (const { input } of audits) meet(input.topic, input.offset);
    for (const { headers } of letters) meet(headers.topic, Number(headers.offset));
    for (const topic of INPUT_TOPICS) {
      const field = positionField(topic);
      if ((to[field] ?? 0) < (this.positions[field] ?? 0)) add(`${field} goes back to ${to[field] ?? 0}`);
      const records = this.log.log.records(topic, this.partition);
      for (let at = firstFrom(records, this.positions[field] ?? 0); (records[at]?.offset ?? Infinity) < (to[field] ?? 0); at++) {
        const record = records[at];
        if (record !== undefined && needsOutcome(topic, record) && seen.get(topic)?.has(record.offset) !== true)
          add(`it moves past ${topic}@${record.offset}, and nothing came of that in it`);
      }
    }
  }

  private checkState(audits: readonly Audit[], state: CommittedState, add: (what: string) => void): void {
    const ends = new Map<string, Audit>();
    const endedNow = new Set<string>();
    for (const audit of audits) {
      ends.set(audit.run_id, audit);
      if (audit.kind === 'CONTROL' && audit.control !== null && payloadName(audit.control) === 'RunEnded')
        endedNow.add(audit.run_id);
    }
    for (const { kind, run_id, intent } of audits) {
      if (kind !== 'DECISION' || intent === null || this.ended.has(run_id)) continue;
      const entity = state.of(run_id, 'intent', intent.intent_id);
      // Decided, and dropped with its run at once, is as good as remembered.
      if (entity === undefined ? !endedNow.has(run_id) : entity.value === null && !endedNow.has(run_id))
        add(`intent ${run_id}/${intent.intent_id} was decided in it, and is not in its state`);
    }
    for (const [runId, { seq, hash }] of ends) {
      const end = chainEndIn(state.of(runId, 'run', '')?.value ?? null);
      if (end?.next_seq !== seq + 1 || !end.chain_hash.equals(hash))
        add(`run ${runId} has records up to seq ${seq} in it, and its state goes on at ${end?.next_seq ?? 'nothing'}`);
    }
    for (const runId of endedNow) this.ended.add(runId);
  }
}

/** A readable price has no outcome, and what is for every run has as many as there are runs. */
const needsOutcome = (topic: InputTopic, record: BusRecord): boolean =>
  topic !== MARKET_PRICES && !(topic === CONTROL_EVENTS && isForEveryRun(record));

const checkPairs = (audits: readonly Audit[], decisions: readonly Decision[], add: (what: string) => void): void => {
  let next = 0;
  for (const audit of audits) {
    if (audit.kind !== 'DECISION' || !isOutcome(audit)) continue;
    const decision = decisions[next++];
    if (decision === undefined || !isPublishedAs(audit, decision))
      return add(`the decision of run ${audit.run_id} seq ${audit.seq} was not published with its audit record`);
  }
  if (next < decisions.length) add(`${decisions.length} decisions, and ${next} in the journal`);
};

/** The entities of one commit, by their keys. */
class CommittedState {
  readonly positions: Readonly<Record<string, number>> | undefined;
  private readonly byKey = new Map<string, BusRecord>();

  constructor(entities: readonly BusRecord[]) {
    for (const record of entities) {
      const key = stateKeyOf(record.key);
      if (key === undefined) continue;
      if (key.kind === 'positions') this.positions = positionsIn(record.value);
      else if (key.kind === 'run' || key.kind === 'intent') this.byKey.set(`${key.run_id}\n${key.kind}\n${key.id}`, record);
    }
  }

  of(runId: string, kind: 'run' | 'intent', id: string): BusRecord | undefined {
    return this.byKey.get(`${runId}\n${kind}\n${id}`);
  }
}
