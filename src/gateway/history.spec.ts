/**
 * Histories: orders, trips, crashes at every point and takeovers by turns, against a broker that loses answers, delays requests and fills late. Whatever
 * happened: each order reached the broker once and on record beforehand, each fill is on the log once, and nothing is sent after a trip was read.
 */
import fc from 'fast-check';
import { TestShard, policyText, START } from '../../test/support/shard';
import { GATEWAY_SETTINGS, SILENT } from '../../test/support/trading';
import { intentOf, portfolioOf } from '../../test/support/situations';
import { VirtualBroker } from '../../test/support/virtualBroker';
import { decimal, plus, ZERO } from '../contracts/decimal';
import type { ExecutionEvent } from '../contracts/messages';
import { EXECUTION_EVENTS } from '../contracts/topics';
import { clientOrderId } from './clientOrderId';
import { Gateway } from './gateway';

class Crash extends Error {}
/** A small generator (mulberry32) of its own: each history is its seed. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const INTENTS = 24;

const events = async (shard: TestShard): Promise<readonly ExecutionEvent[]> =>
  (await shard.all(EXECUTION_EVENTS)).map(({ value }) => {
    const decoded = shard.codec.decodeValue(EXECUTION_EVENTS, value);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value;
  });

const history = async (seed: number, idempotent: boolean, trips: boolean): Promise<void> => {
  const random = generator(seed);
  const chance = (probability: number): boolean => random() < probability;
  const shard = new TestShard();
  let trouble = 0.4;
  let crashes = 0.02;
  let monotonic = 0;
  const early: string[] = [];
  const broker = new VirtualBroker({
    idempotent,
    chance,
    trouble: () => trouble,
    onPost: async (order) => {
      const recorded = (await events(shard)).some(
        ({ event, client_order_id }) => event === 'ORDER_SUBMITTING' && client_order_id === order.clientOrderId,
      );
      if (!recorded) early.push(order.clientOrderId);
    },
  });
  await shard.takeOver();
  await shard.feed(
    shard.started({
      portfolio: portfolioOf({}, '100000000'),
      policy_text: policyText({ position: '1', tripAfter: 10_000 }),
    }),
    ...['AAPL', 'MSFT', 'TSLA'].map((symbol) => shard.price(symbol, '100')),
  );
  const takeOver = (): Promise<Gateway> =>
    Gateway.takeOver({
      bus: shard.bus,
      codec: shard.codec,
      partition: 0,
      broker,
      now: () => new Date(START + 3_600_000 + monotonic).toISOString(),
      wallMs: () => START + 3_600_000 + monotonic,
      monotonic: () => monotonic,
      settings: { ...GATEWAY_SETTINGS, onBrokerError: 'continue', reconcileEveryMs: 5_000 },
      log: SILENT,
      faultPoint: () => {
        if (chance(crashes)) throw new Crash();
      },
    });
  let gateway: Gateway | undefined;
  let zombie: Gateway | undefined;
  const step = async (): Promise<void> => {
    monotonic += 100 + Math.floor(random() * (chance(0.05) ? 5_000 : 400));
    try {
      gateway ??= await takeOver();
      await gateway.step({ maxRecords: 4, maxWaitMs: 0 });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      // What it had on its way goes on at the broker; it may even go on itself, until it is fenced.
      if (chance(0.5)) zombie = gateway;
      else gateway?.abandon();
      gateway = undefined;
    }
    if (zombie !== undefined && chance(0.3)) {
      const fenced = await zombie.step({ maxRecords: 4, maxWaitMs: 0 }).then(
        () => false,
        () => true,
      );
      if (fenced) {
        zombie.abandon();
        zombie = undefined;
      }
    }
    broker.tick();
    await shard.settle();
  };
  let published = 0;
  let tripped = false;
  while (published < INTENTS) {
    if (chance(0.4)) {
      const symbol = ['AAPL', 'MSFT', 'TSLA'][published % 3] ?? 'AAPL';
      const timestamp = new Date(START + published * 30_000).toISOString();
      await shard.publish(shard.intent(intentOf({ intent_id: `i-${published}`, symbol, timestamp, qty: decimal('8') })));
      published += 1;
    }
    if (trips && chance(0.02)) {
      await shard.publish(shard.control({ type: tripped ? 'KillSwitchReset' : 'KillSwitchTripped' }));
      tripped = !tripped;
    }
    await step();
  }
  await shard.settle();
  if (trips) await shard.publish(shard.control({ type: 'KillSwitchTripped' }));
  // Faults stop: what is on its way arrives, and all is found out.
  crashes = 0;
  zombie?.abandon();
  zombie = undefined;
  await step();
  await step();
  const postsAtTrip = broker.posts.length;
  trouble = 0;
  broker.arriveAll();
  for (let round = 0; round < 400; round++) await step();

  expect(early).toEqual([]);
  if (trips) expect(broker.posts.length).toBe(postsAtTrip);
  const log = await events(shard);
  const admitted = (await shard.decisions()).filter(({ order }) => order !== null);
  const names = admitted.map(({ run_id, intent_id }) => clientOrderId(run_id, intent_id));
  // Each order is an admitted one, and there is one of it.
  expect(new Set(broker.made.map(({ clientOrderId: name }) => name)).size).toBe(broker.made.length);
  for (const { clientOrderId: name } of broker.made) expect(names).toContain(name);
  if (!idempotent) expect(new Set(broker.posts).size).toBe(broker.posts.length);
  for (const decision of admitted) {
    const name = clientOrderId(decision.run_id, decision.intent_id);
    const own = log.filter(({ intent_id }) => intent_id === decision.intent_id);
    const made = broker.made.find((order) => order.clientOrderId === name);
    const fills = own.filter(({ event }) => event === 'ORDER_FILLED');
    const ends = own.filter(
      ({ event, leaves_qty }) =>
        ['ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED'].includes(event) || (event === 'ORDER_FILLED' && leaves_qty === 0n),
    );
    expect(fills.reduce((sum, { qty }) => plus(sum, qty ?? ZERO), ZERO)).toBe(made?.filledQty ?? ZERO);
    if (made === undefined && ends.length === 0) {
      // Nobody knows whether it was sent: where a second submission could make a second order, an operator has to say.
      expect(own.at(-1)?.event).toMatch(/UNKNOWN|CANCELLING/);
      expect(!idempotent || trips || own.some(({ reason }) => reason?.startsWith('an earlier submission') === true)).toBe(true);
    } else expect(ends.length).toBeGreaterThanOrEqual(1);
    if (made !== undefined && trips) expect(made.status).not.toBe('open');
  }
  // Whatever was on its way has been found out, or is known to be unknown.
  expect(gateway?.openOrders().filter(({ phase }) => phase === 'submitting')).toEqual([]);
  // The run's book is the broker's.
  const ledger = shard.live.shard.runs.get('r-1');
  const positions = [...(ledger?.state.exposure.positions ?? [])].flatMap(([symbol, { qty }]): [string, bigint][] =>
    qty === 0n ? [] : [[symbol, qty]],
  );
  expect(new Map(positions)).toEqual(broker.holdings());
  gateway?.abandon();
};

const runs = Number(process.env.POLICYGATE_HISTORIES ?? '25');
it.each([
  ['idempotent', true, false],
  ['idempotent, tripped', true, true],
  ['not idempotent', false, false],
  ['not idempotent, tripped', false, true],
] as const)(
  'a broker that is %s',
  async (_, idempotent, trips) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => history(seed, idempotent, trips)),
      { numRuns: runs, endOnFailure: true },
    );
  },
  60_000,
);
