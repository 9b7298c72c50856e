import { Registry } from 'prom-client';
import { FaultyBus } from '../../../test/support/faultyBus';
import type { Fault } from '../../../test/support/faultyBus';
import { IntakeRig } from '../../../test/support/intake';
import { TestLog } from '../../../test/support/services';
import { intentOf } from '../../../test/support/situations';
import { TestShard } from '../../../test/support/shard';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { decimal, formatDecimal } from '../../contracts/decimal';
import { MARKET_PRICES } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { BusError } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import type { ApiAnswer } from '../http/route';
import { ANYONE } from '../http/tokens';
import { PriceIntake } from './priceIntake';
import { pricesRoute } from './pricesRoute';

const rigs: IntakeRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const feedOf = (bus: Bus, shard: TestShard, mustHaveBegun: () => void = () => undefined) => {
  const registry = new Registry();
  const intake = new PriceIntake({ bus, codec: shard.codec, registry, log: new TestLog() });
  const { handle } = pricesRoute({ prices: intake, mustHaveBegun });
  const { signal } = new AbortController();
  const send = async (body: string): Promise<ApiAnswer> =>
    handle({ params: {}, query: {}, header: () => undefined, body: Buffer.from(body), caller: ANYONE, signal });
  return { intake, registry, send };
};
const shardOf = (shards: number): TestShard => new TestShard(openMemoryBus({ shards }));
const pricesOf = async ({ bus, codec }: TestShard): Promise<readonly string[]> => {
  const prices: string[] = [];
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { value } of recordsTo(bus, { topic: MARKET_PRICES, partition, offset: 0 })) {
      const read = codec.decodeValue(MARKET_PRICES, value);
      if (!read.ok) throw new Error(read.error.message);
      prices.push(`${partition} ${read.value.symbol} ${read.value.price === null ? 'null' : formatDecimal(read.value.price)}`);
    }
  return prices;
};

it('puts every price into every shard, to the last digit, and a null withdraws one', async () => {
  const shard = shardOf(2);
  const { send, registry } = feedOf(shard.bus, shard);
  const snapshot = '{"timestamp":"2026-02-24T09:30:00Z","prices":{"AAPL":201.000000000000000001,"MSFT":"402.5"}}';
  expect(await send(snapshot)).toEqual({ status: 200, body: '{"prices":2}' });
  expect(await send('{"symbol":"AAPL","price":null}')).toEqual({ status: 200, body: '{"prices":1}' });
  expect(await send('{"timestamp":"2026-02-24T09:30:00Z","prices":{}}')).toEqual({ status: 200, body: '{"prices":0}' });
  const each = ['AAPL 201.000000000000000001', 'MSFT 402.5', 'AAPL null'];
  expect(await pricesOf(shard)).toEqual([0, 1].flatMap((number) => each.map((price) => `${number} ${price}`)));
  expect(await registry.metrics()).toContain('policygate_intake_prices_total 3');
});

it('dates them when they come, whatever their sender says', async () => {
  const shard = shardOf(1);
  const before = Date.now();
  await feedOf(shard.bus, shard).send('{"symbol":"AAPL","price":201,"timestamp":"2001-01-01T00:00:00Z"}');
  const [record] = await shard.all(MARKET_PRICES);
  expect(record?.timestamp).toBeGreaterThanOrEqual(before);
});

it('an intent that is sent after the answer is judged at these prices', async () => {
  const rig = await IntakeRig.open();
  rigs.push(rig);
  const { send } = feedOf(rig.shard.bus, rig.shard);
  for (let cents = 20_001; cents <= 20_100; cents++) {
    await send(`{"symbol":"AAPL","price":"${cents / 100}"}`);
    const outcome = await rig.intake.submit('r-1', intentOf({ intent_id: `i-${cents}` }), { waitMs: 5_000 });
    if (outcome.type !== 'decided') throw new Error(outcome.type);
    const { price = null } = outcome.record.sealed().record.facts ?? {};
    expect(price === null ? null : formatDecimal(price)).toBe(String(cents / 100));
  }
});

it.each([
  ['{"symbol":"AAPL"}', 'price'],
  ['{"symbol":"AAPL","price":"x"}', 'price'],
  ['{"symbol":"AAPL","price":1,"qty":2}', undefined],
  ['{"timestamp":"2026-02-24T09:30:00Z","prices":{"AAPL":1,"AAPL":2}}', undefined],
  ['{"timestamp":"yesterday","prices":{"AAPL":1}}', 'timestamp'],
  ['[]', undefined],
  ['', undefined],
])('refuses %s, and writes nothing', async (body, field) => {
  const shard = shardOf(1);
  const problem: unknown = await feedOf(shard.bus, shard)
    .send(body)
    .catch((error: unknown) => error);
  expect(problem).toMatchObject({ code: 'invalid_json', ...(field === undefined ? {} : { parts: { field } }) });
  expect(await pricesOf(shard)).toEqual([]);
});

it('says what became of them where the log fails, and takes nothing before the beginning and after the end', async () => {
  const shard = shardOf(1);
  const price = '{"symbol":"AAPL","price":1}';
  const faults: (Fault['type'] | undefined)[] = ['fails', undefined];
  const error = new BusError('BUS_UNREADABLE', 'a test');
  const faulty = new FaultyBus(shard.bus, (operation) => {
    const type = operation === 'commit' ? faults.shift() : undefined;
    return type === undefined || type === 'rival' ? undefined : { type, error };
  });
  const { intake, send } = feedOf(faulty, shard);
  await expect(send(price)).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect((await send(price)).status).toBe(200);
  await intake.stop();
  await expect(send(price)).rejects.toMatchObject({ code: 'not_ready' });
  const early = feedOf(shard.bus, shard, () => {
    throw error;
  });
  await expect(early.send(price)).rejects.toBe(error);
});

it('lets many requests share a transaction', async () => {
  const shard = shardOf(1);
  let commits = 0;
  const counted = new FaultyBus(shard.bus, (operation) => {
    if (operation === 'commit') commits += 1;
    return undefined;
  });
  const { send } = feedOf(counted, shard);
  await Promise.all(Array.from({ length: 200 }, (_, at) => send(`{"symbol":"S${at}","price":${at + 1}}`)));
  expect([(await pricesOf(shard)).length, commits]).toEqual([200, 1]);
});

it('bounds what waits for a log that is slow, and takes more when it has caught up', async () => {
  const shard = shardOf(2);
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  const slow: Bus = Object.assign(Object.create(shard.bus) as Bus, {
    writer: async (id: string) => {
      await held;
      return shard.bus.writer(id);
    },
  });
  const { intake, send } = feedOf(slow, shard);
  const many = Array.from({ length: 40_000 }, (_, at) => ({ symbol: `S${at}`, price: decimal('1') }));
  const waiting = [intake.publish(many), intake.publish(many)];
  await expect(intake.publish(many)).rejects.toMatchObject({ code: 'not_ready' });
  go();
  await Promise.all(waiting);
  expect((await send('{"symbol":"AAPL","price":1}')).status).toBe(200);
});
