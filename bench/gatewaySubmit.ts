/** Orders through the real gateway to a simulated broker over HTTP: as many as there are at once, and one at a time. */
import { join } from 'node:path';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { openMemoryBus } from '../src/bus/memory/memoryBus';
import { Codec } from '../src/contracts/avro/codec';
import { localRegistry } from '../src/contracts/avro/localRegistry';
import { Gateway } from '../src/gateway/gateway';
import type { Figure, Setting } from './benchmark';
import { figure, sized } from './benchmark';
import { takeOver } from './embeddedShard';
import type { Dialect } from './gatewayVenue';
import { Venue } from './gatewayVenueProcess';
import { intentRecords, openingRecords } from './inputs';
import { latencies, median, percentile, spread } from './measure';
import { Verdicts } from './verdicts';

export type BusKind = 'memory' | 'embedded';

const SYMBOLS = 1_000;
const POLL = { maxRecords: 1_000, maxWaitMs: 1_000 } as const;
/** The policy admits 10,000 orders a minute, of which all rounds together stay below. */
const WARM_UP_ROUNDS = 2;
const ROUNDS = 5;
const SETTINGS = { onBrokerError: 'stop', cancelOpenOrders: true, pollEveryMs: 1_000, reconcileEveryMs: 30_000 } as const;
const STDERR = (fields: object, text: string): void => void process.stderr.write(`  ${text} ${JSON.stringify(fields)}\n`);
const LOG = { info: () => undefined, warn: STDERR, error: STDERR };
/** Until every order that was sent is known to have ended. */
const LONGEST_END_MS = 60_000;

export const submitting = async (dialect: Dialect, kind: BusKind, setting: Setting): Promise<readonly Figure[]> => {
  const directory = join(setting.directory, `gateway-${dialect}`);
  const bus = kind === 'memory' ? openMemoryBus({ shards: 1 }) : await openEmbeddedBus({ directory });
  const codec = new Codec(await localRegistry(bus.schemas));
  const verdicts = new Verdicts();
  const processor = await takeOver(bus, codec, verdicts);
  const feeder = await bus.writer('bench-feeder');
  const settle = async (): Promise<void> => {
    while ((await processor.step({ maxRecords: 5_000, maxWaitMs: 0 })) > 0);
  };
  await feeder.commit(openingRecords(codec, SYMBOLS));
  await settle();

  const venue = await Venue.start({ dialect, symbols: SYMBOLS, closed: 0, open: 0 });
  let posts: number[] = [];
  let requests = 0;
  const broker = await venue.connect(({ operation, ms }) => {
    requests += 1;
    if (operation === 'submit') posts.push(ms);
  });
  const now = (): string => new Date().toISOString();
  const gateway = await Gateway.takeOver({
    bus,
    codec,
    partition: 0,
    broker,
    now,
    monotonic: () => performance.now(),
    wallMs: Date.now,
    settings: SETTINGS,
    log: LOG,
  });
  let next = 0;
  let sent = 0;
  /** Has so many more intents decided; answers with the orders that came of them. */
  const decide = async (count: number): Promise<number> => {
    await feeder.commit(intentRecords(codec, next, count, SYMBOLS));
    next += count;
    await settle();
    return verdicts.take().filter(({ order }) => order !== null).length;
  };
  /** Steps until so many orders are on record as submitted; ms from now to the commit of each. */
  const submitAll = async (orders: number): Promise<readonly number[]> => {
    const start = performance.now();
    const took: number[] = [];
    while (took.length < orders) {
      const { executions } = await gateway.step(POLL);
      const at = performance.now() - start;
      for (const { event } of executions) if (event.event === 'ORDER_SUBMITTED') took.push(at);
    }
    sent += orders;
    return took;
  };
  /** Outside the clock: fills are heard of and folded, so that orders do not pile up. */
  const end = async (): Promise<void> => {
    const deadline = performance.now() + LONGEST_END_MS;
    while (gateway.openOrders().length > 0) {
      if (performance.now() > deadline) throw new Error(`${gateway.openOrders().length} orders have not ended`);
      await gateway.step({ ...POLL, maxWaitMs: 50 });
    }
    await settle();
  };

  try {
    const rates: number[] = [];
    const size = sized(setting, 1_000, 200);
    const perOrder: number[] = [];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const orders = await decide(size);
      if (orders < size * 0.85) throw new Error(`${orders} of ${size} intents were admitted after ${next - size}; expected most`);
      posts = [];
      requests = 0;
      const took = await submitAll(orders);
      if (round >= 0) {
        rates.push((orders / (took.at(-1) ?? 1)) * 1_000);
        perOrder.push(requests / orders);
      }
      await end();
    }
    const burstPosts = latencies(posts);

    const single: number[] = [];
    const singlePosts: number[] = [];
    const count = sized(setting, 500, 50);
    while (single.length < count) {
      const orders = await decide(1);
      posts = [];
      if (orders === 0) continue;
      single.push(...(await submitAll(orders)));
      singlePosts.push(...posts);
      if (single.length % 50 === 0) await end();
    }
    await end();
    const made = await venue.count();
    if (made.orders !== sent || made.doubled > 0)
      throw new Error(`the broker made ${made.orders} orders, ${made.doubled} names of them doubled; expected ${sent} and none`);
    verdicts.check(next);
    const post = { post_p50_ms: burstPosts.p50_ms, post_p99_ms: burstPosts.p99_ms };
    const alone = latencies(singlePosts);
    return [
      figure(
        `gateway/orders, ${dialect}, ${kind} bus`,
        'decisions on the log to ORDER_SUBMITTED committed, over HTTP',
        [median(rates), '/s'],
        {
          details: { ...spread(rates), orders: size, ...post, requests_per_order: Number(median(perOrder).toPrecision(3)) },
        },
      ),
      figure(
        `gateway/one at a time, ${dialect}, ${kind} bus`,
        'decision committed to ORDER_SUBMITTED committed: p50',
        [percentile(single, 0.5), 'ms'],
        { details: { ...latencies(single), post_p50_ms: alone.p50_ms, post_p99_ms: alone.p99_ms, orders: count } },
      ),
    ];
  } finally {
    await gateway.close();
    await broker.close();
    await processor.close();
    await feeder.close();
    await bus.close();
    await venue.stop();
  }
};
