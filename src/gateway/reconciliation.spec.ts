import { setImmediate as immediate } from 'node:timers/promises';
import { executionOf, portfolioOf } from '../../test/support/situations';
import { policyText } from '../../test/support/shard';
import { SILENT } from '../../test/support/trading';
import type { Decimal } from '../contracts/decimal';
import { decimal, ZERO } from '../contracts/decimal';
import type { ControlPayload, ExecutionEvent } from '../contracts/messages';
import type { Broker, OrderReport } from './broker';
import { clientOrderId } from './clientOrderId';
import type { OrderDesk } from './orderDesk';
import { applyEvent, orderOf, Orders } from './orders';
import { Reconciliation } from './reconciliation';
import { Runs } from './runs';

const NAME = clientOrderId('r-1', 'i-1');
const SHOWN: OrderReport = {
  clientOrderId: NAME,
  orderId: 'late',
  symbol: 'AAPL',
  side: 'buy',
  status: 'open',
  statusText: 'open',
  qty: decimal('10'),
  filledQty: decimal('4'),
  averagePrice: decimal('100'),
  fills: [],
  reason: null,
};

const setup = () => {
  const shown: OrderReport[] = [];
  const held = new Map<string, Decimal>();
  const errors: object[] = [];
  const clock = { ms: 0 };
  const orders = new Orders();
  const runs = new Runs({ partition: 0, cancelOpenOrders: true, lockstep: false });
  const broker = {
    venue: 'v',
    instant: false,
    openOrders: () => Promise.resolve({ type: 'orders', reports: [...shown] }),
    positions: () => Promise.resolve({ type: 'positions', quantities: new Map(held) }),
  } as unknown as Broker;
  const reconciliation = new Reconciliation({
    broker,
    orders,
    runs,
    log: { ...SILENT, error: (fields) => void errors.push(fields) },
    monotonic: () => clock.ms,
    wallMs: () => clock.ms,
    everyMs: 10_000,
    wake: () => undefined,
  });
  const desk = { lookAgain: () => undefined } as unknown as OrderDesk;
  const look = async (at: number): Promise<void> => {
    clock.ms = at;
    reconciliation.tend(desk);
    await immediate();
  };
  let offset = 0;
  const control = (payload: ControlPayload): void => runs.control('r-1', { actor: 'desk', reason: 'test', payload }, offset++);
  return { shown, held, errors, orders, runs, reconciliation, look, control };
};

describe('an order that ended on the log', () => {
  const ended = (orders: Orders, venue: string, name = NAME): void => {
    const event = (type: ExecutionEvent['event'], fields: Partial<ExecutionEvent>): ExecutionEvent =>
      executionOf({ event: type, order_id: '', client_order_id: name, price: null, cum_qty: ZERO, ...fields });
    const order = orderOf(event('ORDER_SUBMITTING', {}));
    orders.add(order);
    if (venue !== '') applyEvent(order, event('ORDER_SUBMITTING', { code: venue }), 500);
    applyEvent(order, event('ORDER_REJECTED', { qty: null, leaves_qty: ZERO }), 1_000);
    orders.settle(order);
  };

  it('and is open at the broker is handed out as long as it is seen, and logged once', async () => {
    const { orders, shown, reconciliation, look, errors } = setup();
    ended(orders, 'v');
    shown.push(SHOWN);
    // The list may be older than the end.
    await look(2_000);
    expect(reconciliation.hasChanges).toBe(false);
    for (const at of [5_000, 15_000]) {
      await look(at);
      expect(reconciliation.hasChanges).toBe(true);
      expect(reconciliation.takeReappeared()).toMatchObject([{ order: { intentId: 'i-1' }, report: { orderId: 'late' } }]);
    }
    shown.pop();
    await look(25_000);
    expect(reconciliation.takeReappeared()).toEqual([]);
    expect(errors).toEqual([{ run: 'r-1', intent: 'i-1', clientOrderId: NAME, orderId: 'late', status: 'REJECTED' }]);
  });

  it.each([
    ['was at another venue', 'w', NAME],
    ['was never sent', '', NAME],
    ['bears a name that is not its own', 'v', 'forged'],
  ])('and %s is somebody else’s', async (_, venue, name) => {
    const { orders, shown, reconciliation, look } = setup();
    ended(orders, venue, name);
    shown.push({ ...SHOWN, clientOrderId: name });
    await look(20_000);
    expect(reconciliation.takeReappeared()).toEqual([]);
    expect(reconciliation.status.foreignOrders).toBe(1);
  });
});

describe('a run that has ended', () => {
  const started: ControlPayload = {
    type: 'RunStarted',
    account_id: 'a',
    policy_text: policyText(),
    portfolio: portfolioOf(),
    execution: {
      orders_last_60s_global: 0,
      orders_last_60s_by_strategy: new Map(),
      violations_last_window: [],
      kill_switch_active: false,
    },
    equity_mode: 'fixed',
  };

  it('is compared with its final positions; a difference is an error in the log and no control event', async () => {
    const { runs, held, reconciliation, look, control, errors } = setup();
    control(started);
    control({ type: 'RunEnded' });
    runs.filled('r-1', 'AAPL', 'buy', decimal('8'));
    held.set('AAPL', decimal('8'));
    await look(20_000);
    await look(40_000);
    expect(errors).toEqual([{ run: 'r-1', symbol: 'AAPL', side: 'buy', qty: '8' }]);
    held.set('AAPL', decimal('9'));
    await look(60_000);
    await look(80_000);
    await look(100_000);
    expect(errors.slice(1)).toEqual([{ run: 'r-1', symbols: ['AAPL'] }]);
    expect(reconciliation.status.differingSymbols).toBe(1);
    expect(reconciliation.takeChanges()).toEqual([]);
  });
});
