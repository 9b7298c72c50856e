/** The kill switch with many orders open, with other people's orders in the account, and with requests that wait for a connection. */
import { policyText, START, TestShard } from '../../test/support/shard';
import { intentOf, portfolioOf } from '../../test/support/situations';
import { GATEWAY_SETTINGS, SILENT } from '../../test/support/trading';
import { VirtualBroker } from '../../test/support/virtualBroker';
import { decimal } from '../contracts/decimal';
import type { Broker, BrokerOrder, SubmitOutcome } from './broker';
import { Gateway } from './gateway';

const ORDERS = 12;

class Desk {
  readonly shard = new TestShard();
  private monotonic = 0;
  private gateway: Gateway | undefined;

  constructor(readonly broker: Broker) {}

  async open(orders: number, policy_text = policyText({ position: '1', tripAfter: 10_000 })): Promise<void> {
    await this.shard.takeOver();
    const started = this.shard.started({ portfolio: portfolioOf({}, '100000000'), policy_text });
    await this.shard.feed(started, this.shard.price('AAPL', '100'), this.shard.price('MSFT', '100'));
    for (let at = 0; at < orders; at++) {
      const timestamp = new Date(START + at * 30_000).toISOString();
      await this.shard.feed(
        this.shard.intent(intentOf({ intent_id: `i-${at}`, symbol: at % 2 ? 'AAPL' : 'MSFT', timestamp, qty: decimal('8') })),
      );
    }
    this.gateway = await Gateway.takeOver({
      bus: this.shard.bus,
      codec: this.shard.codec,
      partition: 0,
      broker: this.broker,
      now: () => new Date(START).toISOString(),
      wallMs: () => START + this.monotonic,
      monotonic: () => this.monotonic,
      settings: GATEWAY_SETTINGS,
      log: SILENT,
    });
  }

  get live(): Gateway {
    if (this.gateway === undefined) throw new Error('open first');
    return this.gateway;
  }

  async steps(count: number, maxRecords = 100): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.monotonic += 500;
      await this.live.step({ maxRecords, maxWaitMs: 0 });
    }
  }

  async trip(): Promise<void> {
    await this.shard.publish(this.shard.control({ type: 'KillSwitchTripped' }));
  }
}

const quiet = { idempotent: true, chance: () => false, trouble: () => 0 } as const;

it.each([
  ['alone in the account', [], true],
  ['beside an order of somebody else', ['foreign'], true],
  ['beside others, and open orders cannot be listed', ['foreign'], false],
])('cancels every open order, %s', async (_name, foreign, lists) => {
  let all = 0;
  class Crowded extends VirtualBroker {
    readonly cancelAll = (): Promise<{ type: 'requested' }> => {
      all += 1;
      for (const order of this.made) order.status = 'cancelled';
      return Promise.resolve({ type: 'requested' });
    };
    override async openOrders(): ReturnType<Broker['openOrders']> {
      const shown = await super.openOrders();
      if (!lists || shown.type !== 'orders') return { type: 'unavailable', code: 'TIMEOUT', reason: 'no answer' };
      const [first] = shown.reports;
      const others = first === undefined ? [] : foreign.map((orderId) => ({ ...first, orderId, clientOrderId: 'by-hand' }));
      return { type: 'orders', reports: [...shown.reports, ...others] };
    }
  }
  const broker = new Crowded(quiet);
  const desk = new Desk(broker);
  await desk.open(ORDERS);
  await desk.steps(20);
  expect(broker.made.filter(({ status }) => status === 'open')).toHaveLength(ORDERS);
  await desk.trip();
  await desk.steps(40);
  expect(broker.made.filter(({ status }) => status === 'open')).toEqual([]);
  expect(desk.live.openOrders()).toEqual([]);
  if (foreign.length > 0) expect(all).toBe(0);
});

it('a request that waits for a connection does not leave once the trip is read', async () => {
  const waiting: { order: BrokerOrder; answer: (outcome: SubmitOutcome) => void }[] = [];
  class Slow extends VirtualBroker {
    override submit(order: BrokerOrder): Promise<SubmitOutcome> {
      return new Promise((answer) => waiting.push({ order, answer }));
    }
  }
  const desk = new Desk(new Slow(quiet));
  await desk.open(1);
  await desk.steps(1);
  const [request] = waiting;
  await desk.trip();
  await desk.live.step({ maxRecords: 100, maxWaitMs: 0 });
  expect(request?.order.mayBeSent()).toBe(false);
  request?.answer({ type: 'deferred', code: 'TOO_LATE', reason: 'nothing was sent', afterMs: 0 });
  await desk.steps(3);
  expect(waiting).toHaveLength(1);
  expect(desk.live.openOrders()).toEqual([]);
});

it('hanging submissions and look-ups take no cancel its place', async () => {
  const broker = new VirtualBroker(quiet);
  const desk = new Desk(
    new Proxy(broker, {
      get: (target, name, receiver) => {
        if (name === 'submit' && target.made.length >= 2) return () => new Promise(() => undefined);
        const value: unknown = Reflect.get(target, name, receiver);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  );
  await desk.open(ORDERS);
  await desk.steps(20);
  expect(broker.made.filter(({ status }) => status === 'open')).toHaveLength(2);
  await desk.trip();
  await desk.steps(5);
  expect(broker.made.filter(({ status }) => status === 'open')).toEqual([]);
});

it('a trip by a limit is read ahead of every order that waits, however few decisions are read at once', async () => {
  const tripping = policyText({ position: '1', tripOn: '"EXEC-002"' });

  const broker = new VirtualBroker(quiet);
  const desk = new Desk(broker);
  // The eleventh within a minute is one too many.
  await desk.open(0, tripping);
  for (let at = 0; at < 11; at++) {
    const timestamp = new Date(START + at).toISOString();
    await desk.shard.feed(desk.shard.intent(intentOf({ intent_id: `i-${at}`, timestamp, qty: decimal('1') })));
  }
  expect((await desk.shard.decisions()).map(({ kill_switch_tripped }) => kill_switch_tripped).indexOf(true)).toBe(10);
  await desk.steps(40, 1);
  expect(broker.posts).toEqual([]);
  expect(desk.live.openOrders()).toEqual([]);
});
