/** Whoever follows a shard knows, after every commit, what its processor knows: from wherever it began, and however late it reads a log that was compacted. */
import { dayOf } from '../../test/support/shardHistory';
import { Random } from '../../test/support/random';
import { START, TestShard } from '../../test/support/shard';
import { executionOf, intentOf } from '../../test/support/situations';
import { decimal, ZERO } from '../contracts/decimal';
import { hexOf } from '../contracts/json/hex';
import { POLICY_STATE } from '../contracts/topics';
import { readFacts, violationsInWindow } from '../domain/state';
import type { RunState } from '../domain/state';
import type { BusRecord } from './bus';
import { ShardFollower } from './followShard';
import type { RunLedger, ShardState } from './ledger';
import { ShardRestore, StateError } from './restoreShard';
import { intentEntityOf } from './stateRecords';

const SYMBOLS = ['AAPL', 'MSFT', 'SPY', '__proto__', 'unheard-of'];
const STRATEGIES = ['alpha', 'beta', 'momentum_v1'];
const WINDOW_MS = 300_000;

/** Everything that can be asked of a shard. */
const answersOf = (shard: ShardState): unknown => ({
  prices: sorted(shard.prices),
  policies: [...shard.policies.keys()].sort(),
  positions: shard.positions,
  killSwitchActive: shard.killSwitchActive,
  runs: sorted(shard.runs).map(([, ledger]) => answersOfRun(ledger, shard)),
});

const answersOfRun = ({ state, nextSeq, chainHash }: RunLedger, { prices }: ShardState): unknown => ({
  ...figuresOf(state),
  nextSeq,
  chainHash: hexOf(chainHash),
  policy: state.active === undefined ? null : hexOf(state.active.hash),
  positions: sorted(state.exposure.positions),
  totals: state.exposure.totals(),
  worth: state.exposure.worth,
  isValued: state.exposure.isValued,
  unpriced: state.exposure.firstUnpriced,
  intents: state.intents
    .ids()
    .sort()
    .map((id) => [id, entityOf(state, id)]),
  // What an ended run had in its windows is forgotten by whoever takes it over; nobody asks for it.
  ...(state.status === 'ENDED' ? {} : windowsOf(state, prices)),
});

const entityOf = ({ intents }: RunState, id: string): unknown => {
  const intent = intents.get(id);
  return intent === undefined ? null : { ...intentEntityOf(intent), digest: hexOf(intent.digest) };
};

const figuresOf = ({
  runId,
  status,
  account,
  equityMode,
  cash,
  beginning,
  killSwitchActive,
  violationsFromSeq,
  clock,
}: RunState) => ({
  ...{ runId, status, account, equityMode, cash, killSwitchActive, violationsFromSeq, clock },
  beginning: { ...beginning, ordersByStrategy: sorted(beginning.ordersByStrategy) },
});

const windowsOf = (state: RunState, prices: ShardState['prices']): object => {
  const facts = SYMBOLS.flatMap((symbol) =>
    STRATEGIES.flatMap((strategy_id) =>
      (['buy', 'sell'] as const).map((side) => readFacts(state, intentOf({ symbol, strategy_id, side }), prices)),
    ),
  );
  return {
    facts,
    orders: sorted(state.orders.counts()),
    violations: violationsInWindow(state),
    entries: state.violations.entries(state.clock, WINDOW_MS, 100),
  };
};

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const followerOf = (shard: TestShard, records: readonly BusRecord[]): ShardFollower => {
  const restored = new ShardRestore(0, shard.codec);
  for (const record of records) restored.apply(record);
  return new ShardFollower(restored.finish(), shard.codec);
};

const expectUntouched = ({ runs }: ShardState): void => {
  for (const { state } of runs.values()) {
    expect([state.touched.run, state.touched.intents.size, state.touched.positions.size]).toEqual([
      state.status === 'UNKNOWN' ? state.touched.run : false,
      0,
      0,
    ]);
  }
};

it.each([1, 2, 3, 4])('knows what the processor knows after every commit (day %i)', async (seed) => {
  const shard = new TestShard();
  const random = new Random(seed);
  const day = dayOf(shard, seed, 200);
  await shard.takeOver();
  const joins = [0, random.below(200), random.below(200)];
  const followers: ShardFollower[] = [];
  const reader = await shard.bus.reader([{ topic: POLICY_STATE, partition: 0, offset: 0 }]);
  const read: BusRecord[] = [];
  for (let at = 0; at < day.length;) {
    const next = at + random.between(1, 8);
    if (joins.some((join) => join >= at && join < next)) followers.push(followerOf(shard, read));
    await shard.publish(...day.slice(at, next));
    at = next;
    if (random.chance(0.05)) await shard.takeOver();
    while ((await shard.live.step({ maxRecords: random.between(1, 8), maxWaitMs: 0 })) > 0) {
      const news = await reader.poll({ maxRecords: 10_000, maxWaitMs: 0 });
      read.push(...news);
      for (const follower of followers) {
        for (const record of news) follower.add(record);
        expect(answersOf(follower.shard)).toEqual(answersOf(shard.live.shard));
        expectUntouched(follower.shard);
      }
    }
  }
  expect(followers.length).toBeGreaterThan(1);
  expect([...shard.live.shard.runs.values()].some(({ state }) => state.violations.count(state.clock, WINDOW_MS) > 0)).toBe(true);
});

it.each([11, 12, 13, 14, 15, 16])('comes to the same where it reads late what was compacted (day %i)', async (seed) => {
  const shard = new TestShard();
  const random = new Random(seed);
  const day = dayOf(shard, seed, 300);
  await shard.takeOver();
  for (let at = 0; at < day.length; at += 5) {
    await shard.publish(...day.slice(at, at + 5));
    await shard.settle(random.between(1, 8));
  }
  const records = await shard.all(POLICY_STATE);
  const from = random.below(records.length);
  const follower = followerOf(shard, []);
  for (const record of records.slice(0, from)) follower.add(record);
  const newest = new Map(records.map((record) => [Buffer.from(record.key ?? []).toString('latin1'), record.offset]));
  for (const record of records.slice(from)) {
    const isSuperseded = newest.get(Buffer.from(record.key ?? []).toString('latin1')) !== record.offset;
    if (!isSuperseded || random.chance(0.2)) follower.add(record);
  }
  expect(answersOf(follower.shard)).toEqual(answersOf(shard.live.shard));
});

it('shows nothing of a transaction that is read in part', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  const before = await shard.all(POLICY_STATE);
  await shard.feed(shard.intent(intentOf({ qty: decimal('5') })));
  const news = (await shard.all(POLICY_STATE)).slice(before.length);
  const follower = followerOf(shard, before);
  const known = answersOf(follower.shard);
  expect(news.length).toBeGreaterThan(2);
  for (const record of news.slice(0, -1)) {
    expect(follower.add(record)).toBe(false);
    expect(answersOf(follower.shard)).toEqual(known);
  }
  expect(news.slice(-1).map((record) => follower.add(record))).toEqual([true]);
  expect(answersOf(follower.shard)).toEqual(answersOf(shard.live.shard));
});

it('tells of each intent what it was and what it has become', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  const heard: unknown[] = [];
  const follower = new ShardFollower(followerOf(shard, await shard.all(POLICY_STATE)).shard, shard.codec, (_, before, after) =>
    heard.push([before?.cum_qty ?? null, after?.cum_qty ?? null, after?.status ?? null]),
  );
  const read = (await shard.all(POLICY_STATE)).length;
  const intent = intentOf({ qty: decimal('5') });
  const filled = { intent_id: intent.intent_id, symbol: 'AAPL', side: intent.side, cum_qty: decimal('5'), leaves_qty: ZERO };
  await shard.feed(shard.intent(intent), shard.execution(executionOf({ ...filled, event: 'ORDER_FILLED' }), START + 1));
  await shard.feed(shard.control({ type: 'RunEnded' }));
  for (const record of (await shard.all(POLICY_STATE)).slice(read)) follower.add(record);
  expect(heard).toEqual([
    [null, ZERO, 'WORKING'],
    [ZERO, decimal('5'), 'FILLED'],
    [decimal('5'), null, null],
  ]);
});

it('passes over what cannot be read, and goes on', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  const follower = followerOf(shard, []);
  for (const record of await shard.all(POLICY_STATE)) {
    expect(() => follower.add({ ...record, value: Buffer.from('poison') })).toThrow(StateError);
    follower.add(record);
  }
  expect(answersOf(follower.shard)).toEqual(answersOf(shard.live.shard));
});
