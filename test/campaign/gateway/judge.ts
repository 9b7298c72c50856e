/**
 * The verdict on a cell, from the log and from the broker's own record alone. What is counted:
 *
 * - doubled: two orders at the broker for one decision, or two requests where each would make one;
 * - orphaned: an order at the broker that no decision admitted, that is not what it admitted, that was asked for before it was on record, or that the
 *   log does not follow to its end; and an admitted order that has no end on the log;
 * - fills: quantities, each once, their money, and positions, on the log, in the run's state and at the broker;
 * - limits: what is held, open and unknown together, at every position of the log;
 * - kill switch: nothing is asked for while it is tripped, and nothing is open behind it.
 */
import type { Market } from '../../support/brokers/market';
import type { MarketOrder } from '../../support/brokers/marketOrder';
import type { Findings } from '../checks/findings';
import { checkLimits } from './limits';
import { ONE } from './orderLog';
import type { LoggedEvent, OrderLog } from './orderLog';
import { HELD } from './venue';

/** ms since 1970, between which the kill switch was tripped and everybody knew. */
export interface Tripped {
  readonly from: number;
  readonly to: number;
}

export interface Evidence {
  readonly log: OrderLog;
  readonly market: Market;
  /** A name is no key there: the same request twice is two orders. */
  readonly repeatsDouble: boolean;
  readonly tripped: readonly Tripped[];
  /** See TroubleAtBroker. */
  readonly fillsLate: boolean;
  readonly restates: boolean;
  readonly findings: Findings;
}

export const judge = (evidence: Evidence): void => {
  const { log, market, findings } = evidence;
  const byName = grouped(log.events, ({ name }) => name);
  checkNames(evidence, byName);
  for (const order of market.orders) if (!order.foreign) checkOrder(evidence, order, byName.get(order.clientOrderId) ?? []);
  for (const [intentId, events] of grouped(log.events, (event) => event.intentId)) checkLife(intentId, events, findings);
  checkAdmitted(evidence);
  checkPositions(evidence);
  checkLimits(evidence);
  checkTrips(evidence);
};

/** One order for one decision. */
const checkNames = ({ market, repeatsDouble, findings }: Evidence, byName: ReadonlyMap<string, readonly LoggedEvent[]>): void => {
  for (const name of market.doubled()) findings.add('doubled', `the broker has several orders ${name}`);
  const asked = grouped(
    market.log.filter(({ type }) => type === 'received'),
    ({ clientOrderId }) => clientOrderId,
  );
  for (const [name, requests] of asked)
    if (repeatsDouble && requests.length > 1) findings.add('doubled', `order ${name} was asked for ${requests.length} times`);
  const ordersOf = new Map<string, string[]>();
  for (const { foreign, clientOrderId, id } of market.orders) {
    const intentId = byName.get(clientOrderId)?.[0]?.intentId;
    if (!foreign && intentId !== undefined) ordersOf.set(intentId, [...(ordersOf.get(intentId) ?? []), id]);
  }
  for (const [intentId, ids] of ordersOf)
    if (ids.length > 1) findings.add('doubled', `${intentId} has ${ids.length} orders at the broker`);
};

/** An order of the broker and what the log says of it. */
const checkOrder = ({ log, market, findings, restates }: Evidence, order: MarketOrder, events: readonly LoggedEvent[]): void => {
  const what = `order ${order.clientOrderId}`;
  const first = events.find(({ event }) => event === 'ORDER_SUBMITTING');
  const [any] = events;
  if (first === undefined || any === undefined) return findings.add('orphaned', `${what} was never on record as being submitted`);
  const asked = market.log.find(({ type, clientOrderId }) => type === 'received' && clientOrderId === order.clientOrderId);
  if (asked !== undefined && asked.at < first.recordedAt)
    findings.add('orphaned', `${what} was asked for ${first.recordedAt - asked.at} ms before it was on record`);
  const admitted = log.decisions.find(({ offset }) => offset === first.decisionOffset);
  const meant = admitted?.order ?? null;
  if (meant === null || admitted?.intentId !== first.intentId)
    return findings.add('orphaned', `${what} follows from no decision`);
  const same =
    meant.symbol === order.symbol &&
    meant.side.toLowerCase() === order.side &&
    meant.orderType.toLowerCase() === order.type &&
    meant.limitPrice === order.limitPrice;
  if (!same || order.qty > meant.qty) findings.add('orphaned', `${what} is not what was admitted`);
  checkEnd(what, order, events, findings);
  checkFills(what, order, events, findings, restates);
};

const ENDS: Readonly<Record<string, string>> = {
  ORDER_REJECTED: 'rejected',
  ORDER_CANCELLED: 'cancelled',
  ORDER_EXPIRED: 'expired',
};
const endOf = ({ event, leavesQty }: LoggedEvent): string | undefined =>
  event === 'ORDER_FILLED' && leavesQty === 0n ? 'filled' : ENDS[event];

const checkEnd = (what: string, { status }: MarketOrder, events: readonly LoggedEvent[], findings: Findings): void => {
  const told = events.map(endOf).find((end) => end !== undefined);
  if (told === undefined) return findings.add('orphaned', `${what} is ${status}, and the log has no end of it`);
  // A cancelled order can be filled whole, later.
  const agrees = told === status || (status === 'filled' && (told === 'cancelled' || told === 'expired'));
  if (!agrees) findings.add('orphaned', `${what} is ${status}, and the log says ${told}`);
};

/** Tradier's averages and Alpaca's are shown to 8 places. */
const PLACES_8 = 10n ** 10n;

const checkFills = (
  what: string,
  { filledQty, fills, averagePrice }: MarketOrder,
  events: readonly LoggedEvent[],
  findings: Findings,
  restates: boolean,
): void => {
  let cumQty = 0n;
  let money = 0n;
  for (const { event, qty, price, cumQty: after } of events) {
    if (event !== 'ORDER_FILLED') continue;
    if (qty === null || price === null) findings.add('fills', `${what}: a fill without quantity or price`);
    cumQty += qty ?? 0n;
    money += (qty ?? 0n) * (price ?? 0n);
    if (after !== cumQty)
      findings.add('fills', `${what}: ${cumQty / ONE} filled one by one, and ${after / ONE} by the log's sum`);
  }
  if (cumQty !== filledQty) findings.add('fills', `${what}: the broker filled ${filledQty}, the log says ${cumQty}`);
  if (restates || averagePrice === null) return;
  const paid = fills.reduce((sum, fill) => sum + fill.qty * fill.price, 0n);
  const off = money > paid ? money - paid : paid - money;
  if (off > (filledQty + ONE) * PLACES_8) findings.add('fills', `${what} cost ${paid} at the broker and ${money} on the log`);
};

/** The life of one order on the log: on record before anything else, one end, and only fills behind it. */
const checkLife = (intentId: string, events: readonly LoggedEvent[], findings: Findings): void => {
  let ended = false;
  for (const event of events) {
    if (ended && event.event !== 'ORDER_FILLED') findings.add('orphaned', `${intentId}: ${event.event} behind its end`);
    ended ||= endOf(event) !== undefined;
  }
  if (new Set(events.map(({ name }) => name)).size > 1) findings.add('doubled', `${intentId} went by several names`);
};

const checkAdmitted = ({ log, findings }: Evidence): void => {
  const ofDecision = grouped(log.events, ({ decisionOffset }) => decisionOffset);
  for (const { offset, intentId, order } of log.decisions) {
    const events = ofDecision.get(offset) ?? [];
    if (order === null && events.length > 0) findings.add('orphaned', `${intentId} was denied, and has executions`);
    if (order === null) continue;
    if (events.length === 0) findings.add('orphaned', `${intentId} was admitted, and nothing became of it`);
    else if (!events.some((event) => endOf(event) !== undefined))
      findings.add('orphaned', `${intentId} was admitted, and has no end: last ${events.at(-1)?.event ?? ''}`);
  }
};

const checkPositions = ({ log, market, findings }: Evidence): void => {
  const held = new Map(Object.entries(HELD).map(([symbol, qty]) => [symbol, BigInt(qty) * ONE]));
  for (const { event, symbol, side, qty } of log.events)
    if (event === 'ORDER_FILLED')
      held.set(symbol, (held.get(symbol) ?? 0n) + (side.toLowerCase() === 'buy' ? 1n : -1n) * (qty ?? 0n));
  for (const symbol of new Set([...held.keys(), ...market.positions.keys(), ...log.positions.keys()])) {
    const there = market.positions.get(symbol) ?? 0n;
    const figures = { log: held.get(symbol) ?? 0n, state: log.positions.get(symbol) ?? 0n };
    for (const [where, here] of Object.entries(figures))
      if (here !== there) findings.add('fills', `${symbol}: ${here} by the ${where}, ${there} at the broker`);
  }
};

const checkTrips = ({ market, tripped, findings }: Evidence): void => {
  for (const { type, at, clientOrderId } of market.log)
    if (type === 'received' && tripped.some(({ from, to }) => at > from && at < to))
      findings.add('kill switch', `order ${clientOrderId} was sent while the kill switch was tripped`);
};

const grouped = <T, K>(rows: readonly T[], keyOf: (row: T) => K): ReadonlyMap<K, readonly T[]> => {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
};
