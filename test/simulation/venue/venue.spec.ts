/** A broker of a simulated world, asked by the production adapters: each fault gives the outcome that it must, and equal seeds give equal worlds. */
import { decimal, ZERO } from '../../../src/contracts/decimal';
import type { Broker, BrokerOrder, OrderName, SubmitOutcome } from '../../../src/gateway/broker';
import { intentOf } from '../../support/situations';
import { Random } from '../../support/random';
import { withinWorld } from '../kernel/ambient';
import type { FaultKind, FaultRates } from '../kernel/faultKinds';
import { Faults } from '../kernel/faults';
import { SimulatedProcess } from '../kernel/process';
import { Scheduler } from '../kernel/scheduler';
import { openVenue, type VenueOptions } from './openVenue';
import type { Venue } from './venue';

const START = Date.UTC(2026, 0, 5, 15);
const DIALECTS = ['alpaca', 'tradier'] as const;
type Dialect = (typeof DIALECTS)[number];

interface World {
  readonly venue: Venue;
  readonly broker: Broker;
  readonly process: SimulatedProcess;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** Lets so many virtual ms pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** What it comes to, in virtual time; undefined: nothing, within five minutes. */
  readonly ended: <T>(call: () => Promise<T>) => Promise<T | undefined>;
}

const play = async (
  dialect: Dialect,
  rates: FaultRates,
  act: (world: World) => Promise<void>,
  more: Partial<VenueOptions> = {},
  seed = 1,
): Promise<void> => {
  const scheduler = new Scheduler(START);
  const random = new Random(seed);
  const faults = new Faults(rates, random.fork());
  const venue = openVenue({
    ...{ scheduler, faults, dialect, account: '3', random: random.fork(), prices: () => decimal('100') },
    ...{ trace: () => undefined, onCall: () => undefined, executionsEnd: () => 7, requestsPerMinute: 100_000 },
    ...more,
  });
  const process = new SimulatedProcess('gateway 1.1', 0);
  const broker = venue.open(process);
  const pass = (ms: number): Promise<void> => {
    let isOver = false;
    scheduler.after(ms, () => (isOver = true));
    return scheduler.run(Infinity, () => isOver);
  };
  const ended = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
    let answer: { readonly value: T } | undefined;
    scheduler.after(0, () => void call().then((value) => (answer = { value })), process);
    await scheduler.run(scheduler.nowMs + 300_000, () => answer !== undefined);
    return answer?.value;
  };
  const offences = await withinWorld({ scheduler, random: random.fork() }, () =>
    act({ venue, broker, process, scheduler, faults, pass, ended }),
  );
  expect(offences).toEqual([]);
};

let made = 0;
const orderOf = (limit: string | null = null, qty = '10'): BrokerOrder => ({
  runId: 'run-1',
  clientOrderId: `order-${++made}`,
  intent: intentOf({
    ...{ intent_id: `i-${made}`, qty: decimal(qty), order_type: limit === null ? 'market' : 'limit' },
    limit_price: limit === null ? null : decimal(limit),
  }),
  referencePrice: decimal('100'),
  ...{ number: 1, submittedAt: START, held: ZERO, openBuys: ZERO, openSells: ZERO, mayBeSent: () => true },
});
const nameOf = ({ clientOrderId }: BrokerOrder, orderId = ''): OrderName => ({ clientOrderId, orderId, submittedAt: START });
/** Far from the market: it may rest for a minute. */
const resting = (): BrokerOrder => orderOf('90');

describe.each(DIALECTS)('an account at %s', (dialect) => {
  it('takes an order, fills it soon, and shows it', () =>
    play(dialect, {}, async ({ venue, broker, pass, ended }) => {
      expect(await ended(() => broker.identify())).toMatchObject({ type: 'identified' });
      const order = orderOf();
      expect(await ended(() => broker.submit(order))).toMatchObject({ type: 'accepted' });
      expect(venue.firstBytes).toMatchObject([
        { process: 'gateway 1.1', clientOrderId: order.clientOrderId, executionsEnd: 7, method: 'POST' },
      ]);
      await pass(90_000);
      expect(venue.market.the(order.clientOrderId)).toMatchObject({ status: 'filled' });
      expect(await ended(() => broker.poll([nameOf(order)]))).toMatchObject({ reports: [{ status: 'filled' }] });
      expect(venue.executionsEnds).toHaveLength(venue.market.log.length);
    }));

  const outcomes: readonly (readonly [FaultKind, SubmitOutcome['type'], orders: number])[] = [
    ['broker: unreachable', 'deferred', 0],
    ['broker: down', 'deferred', 0],
    ['broker: request lost', 'unknown', 0],
    ['broker: request late', 'unknown', 1],
    ['broker: response lost', 'unknown', 1],
    ['broker: rate limited', dialect === 'alpaca' ? 'deferred' : 'rejected', 0],
    ['broker: server error without effect', 'unknown', 0],
    ['broker: server error after effect', 'unknown', 1],
    ['broker: answer cut off', 'unknown', 1],
    ['broker: answer garbled', 'unknown', 1],
    ['broker: slow', 'accepted', 1],
    ['exchange: fill before acknowledgement', 'accepted', 1],
  ];
  it.each(outcomes)('%s: a submission is %s', (kind, type, orders) =>
    play(dialect, { [kind]: 1 }, async ({ venue, broker, faults, pass, ended }) => {
      const order = resting();
      const outcome = await ended(() => broker.submit(order));
      // A slow answer may take longer than the adapter waits.
      expect([type, kind === 'broker: slow' ? 'unknown' : type]).toContain(outcome?.type);
      await pass(40_000);
      expect(venue.market.orders).toHaveLength(orders);
      expect(faults.counts.get(kind)).toBeGreaterThan(0);
      faults.stop();
      expect(await ended(() => broker.find(nameOf(order)))).toMatchObject({ type: orders === 0 ? 'absent' : 'found' });
    }),
  );

  const fates: readonly (readonly [FaultKind, object])[] = [
    ['exchange: rejected', { status: 'rejected' }],
    ['exchange: expired', { status: 'expired' }],
    ['exchange: cancelled by the broker', { status: 'cancelled' }],
    ['exchange: partial fills', { status: 'filled' }],
    ['exchange: fill before acknowledgement', { status: 'filled' }],
    ['exchange: price shown late', { status: 'filled' }],
    ['exchange: unknown status word', { status: 'filled' }],
  ];
  it.each(fates)('%s', (kind, report) =>
    play(dialect, { [kind]: 1 }, async ({ venue, broker, faults, pass, ended }) => {
      const order = orderOf();
      await ended(() => broker.submit(order));
      await pass(120_000);
      expect(faults.counts.get(kind)).toBe(1);
      expect(await ended(() => broker.poll([nameOf(order)]))).toMatchObject({ reports: [report] });
      if (kind === 'exchange: partial fills') expect(venue.market.fills.length).toBeGreaterThan(1);
    }),
  );

  it('takes its time for a cancel, and may fill behind it', () =>
    play(dialect, { 'exchange: cancel pending': 1, 'exchange: fill after cancel': 1 }, async ({ venue, broker, pass, ended }) => {
      let order = resting();
      // Some of those that rest are filled before they can be cancelled.
      for (;;) {
        order = resting();
        await ended(() => broker.submit(order));
        expect(await ended(() => broker.cancel(nameOf(order)))).toEqual({ type: 'requested' });
        expect(venue.market.the(order.clientOrderId).status).toBe('pendingCancel');
        await pass(8_001);
        if (venue.market.the(order.clientOrderId).status !== 'filled') break;
      }
      await pass(30_000);
      const { fills } = venue.market.the(order.clientOrderId);
      expect(fills.length).toBeGreaterThan(0);
      expect(venue.market.log.findIndex(({ type }) => type === 'cancelled')).toBeGreaterThan(0);
    }));

  it('has orders of others', () =>
    play(dialect, { 'exchange: foreign order': 1 }, async ({ venue, broker, pass, ended }) => {
      await ended(() => broker.submit(orderOf()));
      await pass(10_000);
      expect(venue.market.orders.filter(({ foreign }) => foreign)).toHaveLength(1);
    }));

  it('shows rows twice', () =>
    play(dialect, { 'broker: list doubled': 1 }, async ({ broker, faults, ended }) => {
      for (let count = 0; count < 3; count++) await ended(() => broker.submit(resting()));
      expect(await ended(() => broker.openOrders())).toMatchObject({ type: 'orders' });
      expect(faults.counts.get('broker: list doubled')).toBe(1);
    }));

  it('ends all that rests, and at once what comes later, when its day is over', () =>
    play(dialect, {}, async ({ venue, broker, pass, ended }) => {
      await ended(() => broker.submit(resting()));
      venue.closeMarket(0);
      expect(venue.market.openOrders()).toEqual([]);
      await ended(() => broker.submit(resting()));
      await pass(10);
      expect(venue.market.openOrders()).toEqual([]);
      expect(venue.market.orders).toHaveLength(2);
    }));

  it('hears nothing of a process that died before the first byte, and carries out what one has sent that died after it', async () => {
    for (const [when, orders] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const onCall: VenueOptions['onCall'] = (process, now) => {
        if (now === when) process.crash();
      };
      await play(
        dialect,
        {},
        async ({ venue, broker, ended }) => {
          expect(await ended(() => broker.submit(resting()))).toBeUndefined();
          expect(venue.market.orders).toHaveLength(orders);
          expect(venue.firstBytes).toHaveLength(orders);
        },
        { onCall },
      );
    }
  });

  it('is not sent what a process has slept over', () =>
    play(
      dialect,
      {},
      async ({ venue, broker, ended }) => {
        expect(await ended(() => broker.submit(resting()))).toMatchObject({ type: 'deferred', code: 'TIMEOUT' });
        expect(venue.firstBytes).toEqual([]);
      },
      { onCall: (process, when) => when === 'before' && process.pauseUntil(START + 20_000) },
    ));

  it('is the same again with the same seed', async () => {
    const rates: FaultRates = {
      ...{ 'broker: request lost': 0.1, 'broker: response lost': 0.1, 'broker: answer garbled': 0.1, 'broker: slow': 0.1 },
      ...{ 'exchange: partial fills': 0.3, 'exchange: fill after cancel': 0.5, 'exchange: foreign order': 0.1 },
    };
    const told = async (seed: number): Promise<string> => {
      made = 0;
      const lines: string[] = [];
      await play(
        dialect,
        rates,
        async ({ venue, broker, scheduler, ended }) => {
          for (let count = 0; count < 15; count++) {
            const order = count % 2 === 0 ? orderOf() : resting();
            await ended(() => broker.submit(order));
            if (count % 3 === 0) await ended(() => broker.cancel(nameOf(order)));
          }
          lines.push(...venue.market.log.map(({ at, type, orderId, detail }) => `${at} ${type} ${orderId} ${detail}`));
          lines.push(String(scheduler.nowMs));
        },
        { trace: (line) => lines.push(line()) },
        seed,
      );
      return lines.join('\n');
    };
    const first = await told(5);
    expect(await told(5)).toBe(first);
    expect(await told(6)).not.toBe(first);
  });
});
