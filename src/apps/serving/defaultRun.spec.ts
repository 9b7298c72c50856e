import { join } from 'node:path';
import { settled, stopServices, testService, TestLog, until } from '../../../test/support/services';
import { TestShard } from '../../../test/support/shard';
import { decimal } from '../../contracts/decimal';
import { MARKET_PRICES } from '../../contracts/topics';
import type { OutgoingRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { LiveLog } from '../live/liveLog';
import { processorWork } from '../service/works';
import { openDefaultRun } from './defaultRun';
import type { DefaultRunFlags } from './defaultRun';

const demo = (name: string): string => join(__dirname, '../../../scenarios/demo', name);
const FILES = { policy: demo('policy.yaml'), portfolio: demo('portfolio.json'), market: demo('market.json') };

const lives: LiveLog[] = [];
afterEach(async () => {
  await Promise.all(lives.splice(0).map((live) => live.stop()));
  await stopServices();
});

/** A log that is processed and shown; `start` is what a start of the server does with it. */
const rig = async ({ processed = true }: { readonly processed?: boolean } = {}) => {
  const shard = new TestShard();
  const { bus, codec } = shard;
  const processor = testService(bus, (metrics) =>
    processorWork({ codec, batchRecords: 10, metrics, brokerStamps: false, waitMs: 5 }),
  );
  if (processed) await processor.service.start();
  const log = new TestLog();
  const live = LiveLog.open({ bus, codec, log });
  lives.push(live);
  await live.start();
  const status = (run: string) => live.run(run)?.ledger.state.status;
  const start = async (flags: Partial<DefaultRunFlags>, embedded = true): Promise<string | undefined> => {
    const run = await openDefaultRun({
      ...{ bus, codec, live, log, embedded },
      flags: { account: 'paper', equityMode: 'fixed', ...flags },
    });
    if (run !== undefined && processed && embedded) await until('shown', () => status(run) === 'ACTIVE');
    return run;
  };
  const feed = async (...records: readonly OutgoingRecord[]): Promise<void> => {
    await shard.publish(...records);
    await settled(bus, [processor]);
  };
  return { shard, bus, codec, live, log, start, feed, status };
};

it('begins a run with the files, now, with the prices of the market', async () => {
  const { start, live } = await rig();
  const before = Date.now();
  const run = (await start(FILES)) ?? '';
  expect(run).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  const { state } = live.run(run)?.ledger ?? {};
  expect(state?.account).toMatchObject({ account_id: 'paper', equity: decimal('100000') });
  expect(state?.beginning.startedAt).toBeGreaterThanOrEqual(before);
  await until('priced', () => live.shards[0]?.prices.get('AAPL') !== undefined);
});

it('goes on with it at the next start, with the files or without', async () => {
  const { start, log } = await rig();
  const run = await start(FILES);
  expect([await start({}), await start(FILES), await start({ run: run ?? '' })]).toEqual([run, run, run]);
  expect(log.messages('warn')).toEqual([]);
});

it('says that the file of the policy is another one than that in force', async () => {
  const { start, log } = await rig();
  await start(FILES);
  const other = join(__dirname, '../../../policies/base.yaml');
  await start({ ...FILES, policy: other });
  await start({ ...FILES, policy: other, watchPolicy: true });
  expect(log.messages('warn')).toEqual([
    expect.stringContaining(`${other} is another policy than the one in force, which stays`),
  ]);
});

it('ends the run and begins a new one, whose market says which prices there are', async () => {
  const { start, status, shard, feed, bus, codec } = await rig();
  const old = (await start(FILES)) ?? '';
  await feed(shard.price('OLD', '5'));
  const run = (await start({ ...FILES, newRun: true })) ?? '';
  await until('ended', () => status(old) === 'ENDED');
  expect([run === old, status(run)]).toEqual([false, 'ACTIVE']);
  const withdrawn: string[] = [];
  for await (const { value } of recordsTo(bus, { topic: MARKET_PRICES, partition: 0, offset: 0 })) {
    const price = codec.decodeValue(MARKET_PRICES, value);
    if (price.ok && price.value.price === null) withdrawn.push(price.value.symbol);
  }
  expect(withdrawn).toEqual(['OLD']);
  expect(await start({})).toBe(run);
});

it('takes no other run away: neither its prices nor its being the only one', async () => {
  const { start, status, shard, feed } = await rig();
  await feed(shard.started({}, 'desk-1'), shard.price('OLD', '5'));
  await until('active', () => status('desk-1') === 'ACTIVE');
  expect(await start({})).toBe('desk-1');
  const run = await start(FILES);
  expect([status('desk-1'), run === 'desk-1']).toEqual(['ACTIVE', false]);
  expect(await start({})).toBe(run);
});

it.each<readonly [string, Partial<DefaultRunFlags>, RegExp]>([
  ['nothing to begin with', {}, /^there is no run to go on with; give --policy, --portfolio, --market to begin one$/],
  [
    'a run that nobody began',
    { run: 'r-9', policy: FILES.policy },
    /^run r-9 is not active; give --portfolio, --market to begin one$/,
  ],
  ['a run that has ended', { run: 'r-1' }, /^run r-1 has ended; name another one with --run$/],
  ['a new run under an old name', { ...FILES, run: 'r-1', newRun: true }, /^--new-run: run r-1 is on the log already/],
  ['a file that is not there', { ...FILES, market: demo('none.json') }, /none\.json: no such file/],
])('refuses %s in one line', async (_, flags, line) => {
  const { start, shard, feed, status } = await rig();
  await feed(shard.started({}, 'r-1'), shard.control({ type: 'RunEnded' }, { run: 'r-1' }));
  await until('ended', () => status('r-1') === 'ENDED');
  await expect(start(flags)).rejects.toThrow(line);
});

it('does not guess among several runs that others began', async () => {
  const { start, shard, feed, status } = await rig();
  await feed(shard.started({}, 'a'), shard.started({}, 'b'));
  await until('active', () => status('b') === 'ACTIVE');
  await expect(start({})).rejects.toThrow(/^2 runs are active, .* --run$/);
  expect(await start({ run: 'b' })).toBe('b');
});

describe('in front of Kafka', () => {
  it('has no run of its own unless one is named, and begins that once, even while no processor runs', async () => {
    const { start, shard } = await rig({ processed: false });
    expect(await start({}, false)).toBeUndefined();
    expect(await start({ run: 'k-1' }, false)).toBe('k-1');
    await shard.publish(shard.started({}, 'k-1'));
    expect(await start({ run: 'k-1', ...FILES }, false)).toBe('k-1');
    expect(await shard.bus.endOffset('control-events', 0)).toBe(1);
  });
});
