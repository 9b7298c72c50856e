/** The broker's account beside the log: which orders and positions differ, and how. Pure: what is compared was read before. */
import { formatDecimal } from '../../contracts/decimal';
import type { PositionDifference } from '../../contracts/messages';
import type { OrderReport } from '../../gateway/broker';
import { isClientOrderId } from '../../gateway/clientOrderId';
import type { GatewayOrder } from '../../gateway/orders';
import { differencesOf } from '../../gateway/reconciliation';
import { describeOrder, plainLine, statusOf } from './orderTexts';
import type { Holdings } from './runPositions';

export interface LogSide {
  /** Orders that have not ended, of the runs that are compared. */
  readonly open: readonly GatewayOrder[];
  /** Names of orders of other runs that have not ended either: they are neither compared nor foreign. */
  readonly others: ReadonlySet<string>;
  /** By name, orders that have ended, of those that the broker shows open. */
  readonly ended: ReadonlyMap<string, GatewayOrder>;
  /** Of the active runs. */
  readonly positions: readonly Holdings[];
}

export interface BrokerSide {
  readonly venue: string;
  /** Every open order of the account. */
  readonly open: readonly OrderReport[];
  /** By name, what it says of the log's open orders that it does not list as open; those that it does not know are not in it. */
  readonly found: ReadonlyMap<string, OrderReport>;
  readonly positions: Holdings;
}

/**
 * - NOT_AT_BROKER: open on the log, and the broker does not know it.
 * - STATUS: the two say different things of how it stands. FILLED: of how much was filled.
 * - ELSEWHERE: open on the log, and sent to another broker, environment or account than the one that was asked.
 * - ENDED_ON_LOG: open at the broker, ended on the log. NOT_ON_LOG: open at the broker under a name that a gateway made, not on this log.
 * - FOREIGN: open at the broker, and not ours.
 * - DOUBLED: a second open order at the broker under the name of another one.
 */
type OrderDifferenceKind =
  'NOT_AT_BROKER' | 'STATUS' | 'FILLED' | 'ELSEWHERE' | 'ENDED_ON_LOG' | 'NOT_ON_LOG' | 'FOREIGN' | 'DOUBLED';

export interface OrderDifference {
  readonly kind: OrderDifferenceKind;
  /** Empty: not on the log. */
  readonly runId: string;
  readonly intentId: string;
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly order: string;
  readonly log: string;
  readonly broker: string;
}

export interface AccountDifferences {
  readonly orders: readonly OrderDifference[];
  readonly positions: readonly PositionDifference[];
}

export const compareAccount = (log: LogSide, broker: BrokerSide): AccountDifferences => {
  const shown = new Map(broker.found);
  const listed = new Set<string>();
  const doubled: OrderReport[] = [];
  for (const report of broker.open) {
    const { clientOrderId } = report;
    if (clientOrderId !== '' && listed.has(clientOrderId)) doubled.push(report);
    else shown.set(clientOrderId, report);
    listed.add(clientOrderId);
  }
  const ours = new Set([...log.others, ...log.open.map(({ clientOrderId }) => clientOrderId)]);
  return {
    orders: [
      ...log.open.flatMap((order) => ofLoggedOrder(order, shown.get(order.clientOrderId), broker.venue)),
      ...broker.open
        .filter(({ clientOrderId }) => clientOrderId === '' || !ours.has(clientOrderId))
        .map((report) => ofShownOrder(report, log.ended.get(report.clientOrderId))),
      ...doubled.map((report) => ({ ...ofShownOrder(report, undefined), kind: 'DOUBLED' as const })),
    ],
    positions: differencesOf(log.positions, broker.positions),
  };
};

const ofLoggedOrder = (order: GatewayOrder, report: OrderReport | undefined, venue: string): readonly OrderDifference[] => {
  const difference = (kind: OrderDifferenceKind, log: string, broker: string): readonly OrderDifference[] => [
    { kind, runId: order.runId, intentId: order.intentId, ...namesOf(order, report), order: describeOrder(order), log, broker },
  ];
  const status = statusOf(order);
  if (order.venue !== venue)
    return difference('ELSEWHERE', status, order.venue === '' ? 'sent by no gateway' : `sent to ${order.venue}`);
  if (report === undefined) return difference('NOT_AT_BROKER', status, 'not known');
  if (report.status !== 'open' || order.phase !== 'open') return difference('STATUS', status, wordOf(report));
  return report.filledQty === order.cumQty ? [] : difference('FILLED', filledText(order.cumQty), filledText(report.filledQty));
};

const ofShownOrder = (report: OrderReport, ended: GatewayOrder | undefined): OrderDifference => {
  const kind = ended !== undefined ? 'ENDED_ON_LOG' : isClientOrderId(report.clientOrderId) ? 'NOT_ON_LOG' : 'FOREIGN';
  return {
    kind,
    runId: ended?.runId ?? '',
    intentId: ended?.intentId ?? '',
    clientOrderId: report.clientOrderId,
    orderId: report.orderId,
    order: describeOrder(report),
    log: ended === undefined ? 'not known' : statusOf(ended),
    broker: wordOf(report),
  };
};

const namesOf = (order: GatewayOrder, report: OrderReport | undefined): Pick<OrderDifference, 'clientOrderId' | 'orderId'> => ({
  clientOrderId: order.clientOrderId,
  orderId: order.orderId === '' ? (report?.orderId ?? '') : order.orderId,
});

/** The broker's own word, with what it has filled. */
const wordOf = ({ status, statusText, filledQty }: OrderReport): string =>
  `${statusText === '' ? status : plainLine(statusText)}, ${filledText(filledQty)}`;

const filledText = (qty: GatewayOrder['cumQty']): string => `${formatDecimal(qty)} filled`;

/** Those of the second look that the first one saw, too: what was on its way in between is no difference. */
export const confirmed = (first: AccountDifferences, second: AccountDifferences): AccountDifferences => {
  const seen = new Set([...first.orders.map(orderKey), ...first.positions.map(positionKey)]);
  return {
    orders: second.orders.filter((each) => seen.has(orderKey(each))),
    positions: second.positions.filter((each) => seen.has(positionKey(each))),
  };
};

const orderKey = ({ kind, runId, intentId, orderId, log, broker }: OrderDifference): string =>
  JSON.stringify(['order', kind, runId, intentId, orderId, log, broker]);
const positionKey = ({ symbol, run_qty, broker_qty }: PositionDifference): string =>
  JSON.stringify(['position', symbol, String(run_qty), String(broker_qty)]);

export const agrees = ({ orders, positions }: AccountDifferences): boolean => orders.length + positions.length === 0;
