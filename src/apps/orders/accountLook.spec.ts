import { TestShard } from '../../../test/support/shard';
import { executionOf, portfolioOf } from '../../../test/support/situations';
import { decimal, ZERO } from '../../contracts/decimal';
import type { ExecutionEvent } from '../../contracts/messages';
import type { Broker, OrderReport } from '../../gateway/broker';
import { simBroker } from '../../gateway/brokers/sim';
import { clientOrderId } from '../../gateway/clientOrderId';
import { Failure } from '../failure';
import { lookAtAccount } from './accountLook';

const VENUE = 'alpaca:paper';
const eventOf = (intent_id: string, fields: Partial<ExecutionEvent> = {}): ExecutionEvent =>
  executionOf({
    ...{ event: 'ORDER_SUBMITTING', intent_id, order_id: '', client_order_id: clientOrderId('r-1', intent_id) },
    ...{ code: VENUE, price: null, cum_qty: ZERO, leaves_qty: decimal('10') },
    ...fields,
  });
const opened = (intent: string): readonly ExecutionEvent[] => [
  eventOf(intent),
  eventOf(intent, { event: 'ORDER_SUBMITTED', order_id: `b-${intent}`, code: null }),
];
const reported = (intent: string, fields: Partial<OrderReport> = {}): OrderReport => ({
  clientOrderId: clientOrderId('r-1', intent),
  orderId: `b-${intent}`,
  symbol: 'AAPL',
  side: 'buy',
  status: 'open',
  statusText: 'new',
  qty: decimal('10'),
  filledQty: ZERO,
  averagePrice: null,
  fills: [],
  reason: null,
  ...fields,
});

/** An account that answers what it is told to, and refuses every call that would change something. */
const accountOf = (fields: Partial<Broker> = {}): Broker => {
  const forbidden = (): never => {
    throw new Error('reconcile only reads');
  };
  return {
    ...simBroker,
    name: 'alpaca',
    venue: VENUE,
    submit: forbidden,
    cancel: forbidden,
    positions: () => Promise.resolve({ type: 'positions', quantities: new Map([['AAPL', decimal('7')]]) }),
    account: () => Promise.resolve({ type: 'account', equity: decimal('99'), cash: null }),
    ...fields,
  };
};
const listing = (...reports: readonly OrderReport[]): Partial<Broker> => ({
  openOrders: () => Promise.resolve({ type: 'orders', reports }),
});

const shardWith = async (...events: readonly ExecutionEvent[]): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started({ portfolio: portfolioOf({ AAPL: '7' }) }));
  await shard.publish(...events.map((event) => shard.execution(event)));
  return shard;
};
const kinds = ({ orders }: Awaited<ReturnType<typeof lookAtAccount>>) =>
  orders.map(({ kind, intentId }) => `${kind} ${intentId}`);

it('agrees where both sides do, and tells what was compared', async () => {
  const shard = await shardWith(...opened('i-1'));
  const look = await lookAtAccount(shard, accountOf(listing(reported('i-1'))), {});
  const [equity, openOrders, runs] = [decimal('99'), 1, ['r-1']];
  expect(look).toEqual({ venue: VENUE, equity, cash: null, openOrders, runs, orders: [], positions: [] });
});

it('asks for what is not listed as open: at once as far as the broker tells, then one by one', async () => {
  const shard = await shardWith(
    ...['i-1', 'i-2', 'i-3'].flatMap(opened),
    eventOf('i-4'),
    eventOf('i-4', { event: 'ORDER_UNKNOWN' }),
  );
  const found: string[] = [];
  const polls: number[] = [];
  const broker = accountOf({
    ...listing(),
    // Tells one order a poll, and nothing of the last.
    poll: (orders) => {
      polls.push(orders.length);
      const [first] = orders.filter(({ orderId }) => orderId !== 'b-i-3');
      return Promise.resolve({
        type: 'polled',
        reports: first?.orderId === 'b-i-1' ? [reported('i-1', { status: 'filled', filledQty: decimal('10') })] : [],
        absent: first?.orderId === 'b-i-2' ? [first.clientOrderId] : [],
      });
    },
    find: ({ clientOrderId: name }) => {
      found.push(name);
      return Promise.resolve(
        name === clientOrderId('r-1', 'i-4') ? { type: 'found', report: reported('i-4') } : { type: 'absent' },
      );
    },
  });
  expect(kinds(await lookAtAccount(shard, broker, {}))).toEqual([
    'STATUS i-1',
    'NOT_AT_BROKER i-2',
    'NOT_AT_BROKER i-3',
    'STATUS i-4',
  ]);
  expect(polls).toEqual([3, 2, 1]);
  expect(found).toEqual(['i-3', 'i-4'].map((intent) => clientOrderId('r-1', intent)));
});

it('knows orders of other runs, and orders that have ended', async () => {
  const shard = await shardWith(
    ...opened('i-1'),
    ...opened('i-2'),
    eventOf('i-2', { event: 'ORDER_CANCELLED', qty: null, leaves_qty: ZERO }),
    ...opened('i-3').map((event) => ({ ...event, run_id: 'r-2' })),
  );
  const broker = accountOf(listing(reported('i-2'), reported('i-3'), reported('i-9'), reported('x', { clientOrderId: 'mine' })));
  const look = await lookAtAccount(shard, { ...broker, find: () => Promise.resolve({ type: 'absent' }) }, { runId: 'r-1' });
  expect(kinds(look)).toEqual(['NOT_AT_BROKER i-1', 'ENDED_ON_LOG i-2', 'NOT_ON_LOG ', 'FOREIGN ']);
  expect(look.openOrders).toBe(1);
});

it('what only one of two looks saw is no difference', async () => {
  const shard = await shardWith(...opened('i-1'));
  let looks = 0;
  const foreign = (clientOrderId: string): OrderReport => reported(clientOrderId, { clientOrderId });
  const looksAt: readonly (readonly OrderReport[])[] = [
    [reported('i-1', { filledQty: decimal('1') }), foreign('stays')],
    [reported('i-1'), foreign('stays'), foreign('new')],
    [reported('i-1')],
  ];
  const broker = accountOf({
    openOrders: () => Promise.resolve({ type: 'orders', reports: looksAt[looks++] ?? [] }),
  });
  let paused = 0;
  const pause = () => Promise.resolve((paused += 1));
  const { orders } = await lookAtAccount(shard, broker, { pause });
  expect(orders.map(({ kind, clientOrderId: name }) => [kind, name])).toEqual([['FOREIGN', 'stays']]);
  expect([looks, paused]).toEqual([2, 1]);
  // Where they agree, one look is enough.
  expect(kinds(await lookAtAccount(shard, broker, { pause }))).toEqual([]);
  expect([looks, paused]).toEqual([3, 1]);
});

it('positions of a run that has ended count no more', async () => {
  const shard = await shardWith();
  const { positions: before } = await lookAtAccount(shard, accountOf(), {});
  expect(before).toEqual([]);
  await shard.feed(shard.control({ type: 'RunEnded' }));
  const { positions, runs } = await lookAtAccount(shard, accountOf(), {});
  expect({ positions, runs }).toEqual({ positions: [{ symbol: 'AAPL', run_qty: ZERO, broker_qty: decimal('7') }], runs: [] });
});

it.each(['openOrders', 'positions', 'account', 'poll'] as const)('says so when the broker cannot be asked: %s', async (call) => {
  const shard = await shardWith(...opened('i-1'));
  const out = () => Promise.resolve({ type: 'unavailable' as const, code: 'TIMEOUT', reason: 'no answer within 10 s' });
  const look = lookAtAccount(shard, accountOf({ [call]: out }), {});
  await expect(look).rejects.toThrow(Failure);
  await expect(look).rejects.toThrow(/^alpaca:paper could not be asked for .*: TIMEOUT: no answer within 10 s$/);
});
