/** The checks themselves: nothing is found on a log as the services write it, and each thing that could be wrong with one is. */
import { chainHash } from '../../src/contracts/chain';
import type { AuditRecord } from '../../src/contracts/messages';
import type { Topic } from '../../src/contracts/topics';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EVERY_RUN,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { checkLog } from './checkLog';
import type { CheckInput, CheckOutcome } from './checkLog';
import type { Commit } from './commits';
import { Findings } from './findings';
import type { CheckName } from './promises';
import { checksOn } from './promises';
import type { RawLog } from './rawLog';
import { stateKeyOf } from './stateRecords';
import { tradedLog } from './tradedLog';
import type { TradedLog } from './tradedLog';

type Judged = Omit<CheckInput, 'findings'>;
type Mutation = (traded: TradedLog) => Judged;

const judge = (input: Judged): Promise<CheckOutcome> => checkLog({ ...input, findings: new Findings() });

it.each([7, 8, 9])('finds nothing on a log of takeovers, repeats, kills and strangers: seed %i', async (seed) => {
  const outcome = await judge(await tradedLog(seed, 150));
  expect(outcome).toMatchObject({ findings: {}, told: [], first: undefined });
  for (const what of ['ALLOW', 'MODIFY', 'DENY', 'dead-letters', 'audit DUPLICATE', 'audit EXECUTION'])
    expect([what, outcome.counts[what] ?? 0]).not.toEqual([what, 0]);
});

it('says which promise was broken first', async () => {
  const { first } = await judge(mutateRecords(DECISIONS, (records) => records.slice(1))(await tradedLog(7, 40)));
  expect(first).toMatchObject({ check: 'decisions and journal', promises: [4] });
});

describe('what is wrong with a log', () => {
  let traded: TradedLog;
  beforeAll(async () => {
    traded = await tradedLog(7, 150);
  });

  const cases: readonly (readonly [CheckName, string, Mutation])[] = [
    ['sequence', 'an audit record is missing', mutateRecords(AUDIT_RECORDS, without(40))],
    ['one outcome each', 'the journal is cut off', mutateRecords(AUDIT_RECORDS, (records) => records.slice(0, -3))],
    ['sequence', 'two audit records have changed places', mutateRecords(AUDIT_RECORDS, swapped(40))],
    ['hash chain', 'a byte of an audit record is another', mutateRecords(AUDIT_RECORDS, altered(40))],
    ['readable', 'an audit record cannot be read', mutateRecords(AUDIT_RECORDS, truncated(40))],
    [
      'replay',
      'the last audit record is another, with a hash that fits',
      resealed((audit) => ({ ...audit, clock: audit.clock + 1 })),
    ],
    ['uninterrupted run', 'an audit record has another time', mutateRecords(AUDIT_RECORDS, later(40))],
    ['uninterrupted run', 'a decision has another key', mutateRecords(DECISIONS, rekeyed(5))],
    ['positions', 'the positions of an audit record go back', resealed(withPositions({ order_intents: 1 }))],
    ['one outcome each', 'an input has two audit records', mutateRecords(AUDIT_RECORDS, doubled(40))],
    ['decisions and journal', 'a decision was published twice', mutateRecords(DECISIONS, doubled(5))],
    ['decisions and journal', 'a decision was not published', mutateRecords(DECISIONS, without(5))],
    ['decisions and journal', 'a byte of a decision is another', mutateRecords(DECISIONS, altered(5))],
    ['one decision each', 'a repeat is called a conflict', resealed(asConflict, ({ kind }) => kind === 'DUPLICATE')],
    ['kill switch', 'a trip for every run stands where a reset was', tripped],
    ['one outcome each', 'a dead letter is missing', mutateRecords(DEAD_LETTERS, without(0))],
    ['one outcome each', 'a dead letter came twice', mutateRecords(DEAD_LETTERS, doubled(0))],
    [
      'dead letters',
      'a dead letter holds other bytes',
      mutateRecords(
        DEAD_LETTERS,
        at(0, (record) => ({ ...record, value: Buffer.from('else') })),
      ),
    ],
    ['dead letters', 'a dead letter gives no reason', mutateRecords(DEAD_LETTERS, at(0, withHeader('reason', '')))],
    [
      'uninterrupted run',
      'a dead letter gives another reason',
      mutateRecords(DEAD_LETTERS, at(0, withHeader('reason', 'why not'))),
    ],
    ['phantom inputs', 'a dead letter is of no input', mutateRecords(DEAD_LETTERS, at(0, withHeader('offset', '99999')))],
    ['dead letters', 'poison was believed', believed],
    ['acknowledged records', 'an acknowledged intent is gone', mutateRecords(ORDER_INTENTS, without(9))],
    ['phantom inputs', 'an input with an outcome is gone', mutateRecords(ORDER_INTENTS, without(9))],
    ['acknowledged records', 'an acknowledged price is another', mutateRecords(MARKET_PRICES, altered(9))],
    ['positions', 'an input was never folded', mutateRecords(ORDER_INTENTS, appended)],
    ['replay', 'an intent is another than when it was decided', mutateRecords(ORDER_INTENTS, altered(9))],
    ['executions', 'an order has no end', mutateRecords(EXECUTION_EVENTS, without(1))],
    ['executions', 'an order was submitted twice', mutateRecords(EXECUTION_EVENTS, doubled(0))],
    ['state', 'an entity is missing', mutateRecords(POLICY_STATE, withoutLast('intent'))],
    ['state', 'an entity is an older one', mutateRecords(POLICY_STATE, withoutLast('run'))],
    ['restored memory', 'a run is missing in the state', mutateRecords(POLICY_STATE, withoutAll('run'))],
    ['positions', 'the last positions are missing', mutateRecords(POLICY_STATE, withoutLast('positions'))],
    ['second reader', 'another reader sees less', (of) => ({ ...of, second: mutateRecords(DECISIONS, without(5))(of).log })],
    ['atomic', 'a commit was two', mutateCommits(splitInTwo)],
    ['atomic', 'a decision became visible with the next commit', mutateCommits(postponed(DECISIONS))],
    ['atomic', 'an audit record became visible with the next commit', mutateCommits(postponed(AUDIT_RECORDS))],
    ['atomic', 'a dead letter became visible with the next commit', mutateCommits(postponed(DEAD_LETTERS))],
    ['atomic', 'outcomes came without positions', mutateCommits(withoutEntity('positions'))],
    ['atomic', 'a decided intent is not in the state of its commit', mutateCommits(withoutEntity('intent'))],
    ['atomic', 'a run is not in the state of its commit', mutateCommits(withoutEntity('run'))],
    ['atomic', 'positions go back', mutateCommits(repeatedPositions)],
    ['restored memory', 'the state of some commits was lost', mutateCommits(withoutStateOf(0.2, 0.4))],
    ['single writer', 'a processor that was taken over wrote on', mutateCommits(late('processor-1', POLICY_STATE))],
    ['single writer', 'a gateway that was taken over wrote on', mutateCommits(late('gateway-1', EXECUTION_EVENTS))],
    ['single writer', 'each processor had an id of its own, and the old one wrote on', mutateCommits(withOwnIds)],
    ['single writer', 'a processor began without a fence record', mutateCommits(withoutEntity('fence'))],
  ];

  it('leaves no check untried but those of the model, which has tests of its own', () => {
    const tried = new Set(cases.map(([check]) => check));
    const untried = checksOn('log', 'commits').filter((check) => !tried.has(check));
    expect(untried.filter((check) => !check.startsWith('model: ') && check !== 'exposure')).toEqual([]);
  });

  it.each(cases)('%s: %s', async (check, _, mutate) => {
    const { findings, first } = await judge(mutate(traded));
    expect(Object.keys(findings)).toContain(check);
    expect(first).toBeDefined();
  });
});

type Change = (records: readonly BusRecord[]) => readonly BusRecord[];

/** The log alone: of its commits nothing is known. */
function mutateRecords(topic: Topic, change: Change): Mutation {
  return ({ log, codec, acknowledged, poison }) => ({ log: changed(log, topic, change), codec, acknowledged, poison });
}

function changed(log: RawLog, topic: Topic, change: Change): RawLog {
  const records = change(log.records(topic, 0));
  return {
    shards: log.shards,
    records: (of, partition) => (of === topic ? records : log.records(of, partition)),
    end: (of, partition) => (of === topic ? (records.at(-1)?.offset ?? -1) + 1 : log.end(of, partition)),
  };
}

function at(place: number, change: (record: BusRecord) => BusRecord): Change {
  return (records) => records.map((record, here) => (here === place ? change(record) : record));
}

function without(place: number): Change {
  return (records) => records.filter((_, here) => here !== place);
}

/** As a record behind all others. */
function doubled(place: number): Change {
  return (records) => {
    const [again] = records.slice(place);
    return again === undefined ? records : [...records, { ...again, offset: (records.at(-1)?.offset ?? 0) + 1 }];
  };
}

function swapped(place: number): Change {
  return (records) => {
    const [one, two] = records.slice(place, place + 2);
    if (one === undefined || two === undefined) throw new Error('too few records');
    return [
      ...records.slice(0, place),
      { ...two, offset: one.offset },
      { ...one, offset: two.offset },
      ...records.slice(place + 2),
    ];
  };
}

function altered(place: number): Change {
  return at(place, (record) => {
    const value = Buffer.from(record.value ?? []);
    // Of an audit record the last byte before its hash; elsewhere the last one, which no length is in.
    const byte = value.length - (record.topic === AUDIT_RECORDS ? 33 : 1);
    value[byte] = (value[byte] ?? 0) ^ 1;
    return { ...record, value };
  });
}

function truncated(place: number): Change {
  return at(place, (record) => ({ ...record, value: Buffer.from(record.value ?? []).subarray(0, 20) }));
}

function later(place: number): Change {
  return at(place, (record) => ({ ...record, timestamp: record.timestamp + 1 }));
}

function rekeyed(place: number): Change {
  return at(place, (record) => ({ ...record, key: Buffer.from('another') }));
}

function withHeader(name: string, text: string): (record: BusRecord) => BusRecord {
  return (record) => ({ ...record, headers: { ...record.headers, [name]: text } });
}

function appended(records: readonly BusRecord[]): readonly BusRecord[] {
  return doubled(3)(records);
}

/** The last audit record that is meant, changed, with the hash of its bytes. */
function resealed(change: (audit: AuditRecord) => AuditRecord, isMeant: (audit: AuditRecord) => boolean = () => true): Mutation {
  return (traded) => {
    const { codec, log } = traded;
    const place = log.records(AUDIT_RECORDS, 0).findLastIndex(({ value }) => {
      const audit = codec.decodeAudit(value);
      return audit.ok && isMeant(audit.value.record);
    });
    const seal = (record: BusRecord): BusRecord => {
      const audit = codec.decodeAudit(record.value);
      if (!audit.ok) throw new Error('no audit record');
      const body = codec.encodeAuditBody(change(audit.value.record));
      return { ...record, value: codec.auditValue(body, chainHash(audit.value.record.prev_hash, body)) };
    };
    return mutateRecords(AUDIT_RECORDS, at(place, seal))(traded);
  };
}

function withPositions(positions: Partial<AuditRecord['positions']>): (audit: AuditRecord) => AuditRecord {
  return (audit) => ({ ...audit, positions: { ...audit.positions, ...positions } });
}

function asConflict(audit: AuditRecord): AuditRecord {
  const { duplicate } = audit;
  return duplicate === null ? audit : { ...audit, duplicate: { ...duplicate, conflict: !duplicate.conflict } };
}

function tripped(traded: TradedLog): Judged {
  const { codec } = traded;
  const trip = codec.encodeValue(CONTROL_EVENTS, { actor: 'desk', reason: 'a test', payload: { type: 'KillSwitchTripped' } });
  const change: Change = (records) => {
    const place = records.findIndex(({ key }) => key !== null && Buffer.from(key).toString() === EVERY_RUN);
    expect(place).not.toBe(-1);
    return at(place, (record) => ({ ...record, value: trip }))(records);
  };
  return mutateRecords(CONTROL_EVENTS, change)(traded);
}

function believed(traded: TradedLog): Judged {
  const honest = { what: 'an honest intent', topic: ORDER_INTENTS, partition: 0, offset: 2 } as const;
  return { ...traded, poison: [...traded.poison, honest] };
}

const kindOf = ({ topic, key }: BusRecord): string => (topic === POLICY_STATE ? (stateKeyOf(key)?.kind ?? '') : '');

function withoutLast(kind: string): Change {
  return (records) => without(records.findLastIndex((record) => kindOf(record) === kind))(records);
}

function withoutAll(kind: string): Change {
  return (records) => records.filter((record) => kindOf(record) !== kind);
}

/** The log is as it was: what is wrong is when it became visible. */
function mutateCommits(change: (commits: readonly Commit[]) => readonly Commit[]): Mutation {
  return (traded) => ({ ...traded, commits: change(traded.commits) });
}

/** A commit of a processor in the middle that holds what is meant. */
function placeOf(commits: readonly Commit[], isMeant: (record: BusRecord) => boolean): number {
  const place = commits.findIndex(({ records }, here) => here > commits.length / 3 && records.some(isMeant));
  if (place === -1) throw new Error('no such commit');
  return place;
}

function splitInTwo(commits: readonly Commit[]): readonly Commit[] {
  const place = placeOf(commits, ({ topic }) => topic === DECISIONS);
  return commits.flatMap((commit, here) => {
    if (here !== place) return [commit];
    const state = commit.records.filter(({ topic }) => topic === POLICY_STATE);
    return [
      { ...commit, records: commit.records.filter(({ topic }) => topic !== POLICY_STATE) },
      { ...commit, records: state },
    ];
  });
}

function postponed(topic: Topic): (commits: readonly Commit[]) => readonly Commit[] {
  return (commits) => {
    const place = placeOf(commits, (record) => record.topic === topic);
    const moved = commits[place]?.records.findLast((record) => record.topic === topic);
    const next = commits.findIndex(
      ({ records }, here) => here > place && records.some((record) => record.topic === AUDIT_RECORDS),
    );
    return commits.map((commit, here) => ({
      ...commit,
      records: [...(here === next && moved !== undefined ? [moved] : []), ...commit.records.filter((record) => record !== moved)],
    }));
  };
}

function withoutEntity(kind: string): (commits: readonly Commit[]) => readonly Commit[] {
  return (commits) => {
    const place = placeOf(commits, (record) => kindOf(record) === kind);
    return commits.map((commit, here) =>
      here === place ? { ...commit, records: commit.records.filter((record) => kindOf(record) !== kind) } : commit,
    );
  };
}

/** A commit that nothing can come of any more is made once more. */
function repeatedPositions(commits: readonly Commit[]): readonly Commit[] {
  const places = commits.flatMap(({ records }, here) => (records.some((record) => kindOf(record) === 'positions') ? [here] : []));
  const [old, last] = [commits[places[2] ?? -1], commits[places.at(-1) ?? -1]];
  if (old === undefined || last === undefined) throw new Error('too few commits');
  const records = old.records.filter((record) => kindOf(record) === 'positions');
  return [...commits, { ...last, records }];
}

function withoutStateOf(from: number, to: number): (commits: readonly Commit[]) => readonly Commit[] {
  return (commits) =>
    commits.map((commit, here) =>
      here < commits.length * from || here >= commits.length * to
        ? commit
        : { ...commit, records: commit.records.filter((record) => kindOf(record) !== 'run') },
    );
}

/** The last commit of a process becomes visible behind all others. */
function late(process: string, topic: Topic): (commits: readonly Commit[]) => readonly Commit[] {
  return (commits) => {
    const isMeant = (commit: Commit): boolean =>
      commit.process === process && commit.records.some((record) => record.topic === topic && kindOf(record) !== 'fence');
    const moved = commits.findLast(isMeant);
    if (moved === undefined) throw new Error(`nothing was written by ${process}`);
    return [...commits.filter((commit) => commit !== moved), moved];
  };
}

function withOwnIds(commits: readonly Commit[]): readonly Commit[] {
  const own = commits.map((commit) => ({ ...commit, transactionalId: `${commit.transactionalId}-${commit.process}`, writer: 1 }));
  return late('processor-1', POLICY_STATE)(own);
}
