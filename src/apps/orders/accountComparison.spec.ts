import { executionOf } from '../../../test/support/situations';
import { decimal, ZERO } from '../../contracts/decimal';
import type { OrderReport } from '../../gateway/broker';
import { clientOrderId } from '../../gateway/clientOrderId';
import { orderOf } from '../../gateway/orders';
import type { GatewayOrder } from '../../gateway/orders';
import { agrees, compareAccount, confirmed } from './accountComparison';
import type { BrokerSide, LogSide } from './accountComparison';

const VENUE = 'alpaca:paper';
const NAME = clientOrderId('r-1', 'i-1');
const ordered = (fields: Partial<GatewayOrder> = {}): GatewayOrder => ({
  ...orderOf(executionOf({ client_order_id: NAME })),
  venue: VENUE,
  orderId: 'b-1',
  phase: 'open',
  ...fields,
});
const reported = (fields: Partial<OrderReport> = {}): OrderReport => ({
  clientOrderId: NAME,
  orderId: 'b-1',
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
const logSide = (fields: Partial<LogSide> = {}): LogSide => ({
  open: [],
  others: new Set(),
  ended: new Map(),
  positions: [],
  ...fields,
});
const brokerSide = (fields: Partial<BrokerSide> = {}): BrokerSide => ({
  venue: VENUE,
  open: [],
  found: new Map(),
  positions: new Map(),
  ...fields,
});
const orders = (log: Partial<LogSide>, broker: Partial<BrokerSide>) =>
  compareAccount(logSide(log), brokerSide(broker)).orders.map(({ kind, log: onLog, broker: there }) => [kind, onLog, there]);
const found = (report: OrderReport) => ({ found: new Map([[report.clientOrderId, report]]) });

it('agrees where both say the same', () => {
  const filled = decimal('4');
  const same = compareAccount(
    logSide({ open: [ordered({ cumQty: filled })], positions: [new Map([['AAPL', filled]]), new Map([['AAPL', ZERO]])] }),
    brokerSide({ open: [reported({ filledQty: filled })], positions: new Map([['AAPL', filled]]) }),
  );
  expect(same).toEqual({ orders: [], positions: [] });
  expect(agrees(same)).toBe(true);
});

describe('an order that is open on the log', () => {
  it.each<readonly [string, Partial<GatewayOrder>, Partial<BrokerSide>, readonly [string, string, string]]>([
    ['is not known to the broker', {}, {}, ['NOT_AT_BROKER', 'OPEN', 'not known']],
    [
      'has ended there',
      {},
      found(reported({ status: 'filled', statusText: 'filled', filledQty: decimal('10') })),
      ['STATUS', 'OPEN', 'filled, 10 filled'],
    ],
    [
      'has a status that nobody knows',
      {},
      found(reported({ status: 'unknown', statusText: 'odd\u001b[2J' })),
      ['STATUS', 'OPEN', 'odd [2J, 0 filled'],
    ],
    [
      'is unknown, and open there',
      { phase: 'unknown', orderId: '' },
      { open: [reported()] },
      ['STATUS', 'UNKNOWN', 'new, 0 filled'],
    ],
    ['was filled further', {}, { open: [reported({ filledQty: decimal('3') })] }, ['FILLED', '0 filled', '3 filled']],
    ['was sent to another account', { venue: 'tradier:VA1' }, {}, ['ELSEWHERE', 'OPEN', 'sent to tradier:VA1']],
    ['was sent by no gateway', { venue: '' }, { open: [reported()] }, ['ELSEWHERE', 'OPEN', 'sent by no gateway']],
  ])('%s', (_, order, broker, difference) => expect(orders({ open: [ordered(order)] }, broker)).toEqual([difference]));

  it('keeps the id that the broker tells', () => {
    const [difference] = compareAccount(
      logSide({ open: [ordered({ phase: 'unknown', orderId: '' })] }),
      brokerSide({ open: [reported()] }),
    ).orders;
    expect(difference).toMatchObject({
      runId: 'r-1',
      intentId: 'i-1',
      clientOrderId: NAME,
      orderId: 'b-1',
      order: 'buy 10 AAPL',
    });
  });
});

describe('an order that is open at the broker', () => {
  it.each<readonly [string, Partial<LogSide>, string, readonly [string, string, string] | undefined]>([
    ['is not ours', {}, 'somebody', ['FOREIGN', 'not known', 'new, 0 filled']],
    ['has no name', {}, '', ['FOREIGN', 'not known', 'new, 0 filled']],
    ['has the name of a gateway, of another log', {}, NAME, ['NOT_ON_LOG', 'not known', 'new, 0 filled']],
    [
      'has ended on the log',
      { ended: new Map([[NAME, ordered({ phase: 'ended', status: 'CANCELLED' })]]) },
      NAME,
      ['ENDED_ON_LOG', 'CANCELLED', 'new, 0 filled'],
    ],
    ['is of another run', { others: new Set([NAME]) }, NAME, undefined],
  ])('%s', (_, log, name, difference) =>
    expect(orders(log, { open: [reported({ clientOrderId: name })] })).toEqual(difference === undefined ? [] : [difference]),
  );

  it('is there twice', () =>
    expect(orders({ open: [ordered()] }, { open: [reported(), reported({ orderId: 'b-2', filledQty: decimal('1') })] })).toEqual([
      ['DOUBLED', 'not known', 'new, 1 filled'],
    ]));
});

it('positions are those of all runs together, symbol by symbol', () => {
  const { positions } = compareAccount(
    logSide({
      positions: [
        new Map([
          ['AAPL', decimal('4')],
          ['MSFT', decimal('1')],
        ]),
        new Map([['AAPL', decimal('2')]]),
      ],
    }),
    brokerSide({
      positions: new Map([
        ['AAPL', decimal('6')],
        ['BTC/USD', decimal('0.5')],
      ]),
    }),
  );
  expect(positions).toEqual([
    { symbol: 'BTC/USD', run_qty: ZERO, broker_qty: decimal('0.5') },
    { symbol: 'MSFT', run_qty: decimal('1'), broker_qty: ZERO },
  ]);
});

it('what only one look saw is no difference', () => {
  const look = (filled: string, symbol: string) =>
    compareAccount(
      logSide({ open: [ordered()] }),
      brokerSide({
        open: [reported({ filledQty: decimal(filled) }), reported({ clientOrderId: 'other', orderId: 'b-9' })],
        positions: new Map([
          ['AAPL', decimal('1')],
          [symbol, decimal('2')],
        ]),
      }),
    );
  const both = confirmed(look('3', 'MSFT'), look('4', 'TSLA'));
  expect(both.orders.map(({ kind }) => kind)).toEqual(['FOREIGN']);
  expect(both.positions.map(({ symbol }) => symbol)).toEqual(['AAPL']);
});
