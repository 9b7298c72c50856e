/** What may reach a broker at all: what was admitted, after it was on record, once. Promises 9 and 10. */
import type { MarketOrder } from '../../support/brokers/marketOrder';
import type { Findings } from '../findings';
import type { AccountEvidence, OrderEvidence } from './evidence';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';

export const checkSubmissions = (
  shard: ShardOrders,
  account: AccountEvidence,
  { committedAt, isWatched = false }: OrderEvidence,
  findings: Findings,
): void => {
  for (const made of account.market.orders)
    if (!made.foreign) checkAuthorised(made, shard.byName.get(made.clientOrderId), findings);
  checkRecords(shard, account, findings);
  if (committedAt !== undefined) checkFreshness(shard, account, committedAt, findings);
  for (const order of shard.orders) checkOne(order, findings);
  checkForeign(account, findings);
  if (isWatched) checkOrder(shard, account, findings);
};

const checkAuthorised = (made: MarketOrder, order: OrderOfDecision | undefined, findings: Findings): void => {
  const what = `order ${made.clientOrderId} at the broker`;
  if (order === undefined) return findings.add('authorised', `${what} is not on record`);
  const { decision } = order;
  const meant = decision?.order;
  if (decision === undefined || meant === undefined || meant === null)
    return findings.add('authorised', `${what} follows from no decision that admits it`);
  const isSame =
    meant.symbol === made.symbol &&
    meant.side === made.side &&
    meant.orderType === made.type &&
    meant.limitPrice === made.limitPrice;
  if (!isSame) findings.add('authorised', `${what} is not what was admitted as ${called(order)}`);
  if (made.qty !== meant.qty) findings.add('authorised', `${what} is for ${made.qty}, and ${meant.qty} were admitted`);
  const [first] = order.events;
  if (first !== undefined && (first.runId !== decision.runId || first.intentId !== decision.intentId))
    findings.add('authorised', `${what} is on record as ${first.runId}/${first.intentId}, and was admitted as ${called(order)}`);
};

/** A record of the submission was committed before its first byte; where names are no keys, there is one first byte at the most. */
const checkRecords = ({ byName }: ShardOrders, { firstBytes, namesAreKeys }: AccountEvidence, findings: Findings): void => {
  const sent = new Set<string>();
  for (const { clientOrderId: name, process, executionsEnd } of firstBytes) {
    const first = byName.get(name)?.events.find(({ event }) => event === 'ORDER_SUBMITTING');
    if (first === undefined || first.offset >= executionsEnd)
      findings.add('submitting first', `order ${name} was sent by ${process || 'somebody'} before its submission was on record`);
    if (!namesAreKeys && sent.has(name)) findings.add('one live order', `order ${name} was sent twice`);
    sent.add(name);
  }
};

/** Whoever takes a shard over needs longer than this to notice that its owner stands still: docs/brokers.md. ms. */
const MOST_AGE_MS = 2_000;

/** The commit of a submission is fresh when its first byte leaves: a process that stood still in between may have been taken for dead. */
const checkFreshness = (
  { shard, byName }: ShardOrders,
  { firstBytes }: AccountEvidence,
  committedAt: NonNullable<OrderEvidence['committedAt']>,
  findings: Findings,
): void => {
  for (const { clientOrderId: name, process, executionsEnd, at } of firstBytes) {
    const newest = byName
      .get(name)
      ?.events.findLast(({ event, offset }) => event === 'ORDER_SUBMITTING' && offset < executionsEnd);
    const age = at - ((newest === undefined ? undefined : committedAt(shard, newest.offset)) ?? at);
    if (age > MOST_AGE_MS)
      findings.add(
        'submitting first',
        `order ${name} was sent by ${process} ${Math.round(age)} ms after its submission was committed`,
      );
  }
};

const checkOne = (order: OrderOfDecision, findings: Findings): void => {
  const { made, events } = order;
  if (made.length > 1) findings.add('one live order', `${called(order)} has ${made.length} orders at the broker`);
  const [first] = events;
  const other = events.find(({ name }) => name !== first?.name);
  if (other !== undefined)
    findings.add('one live order', `${called(order)} went by several names: ${first?.name} and ${other.name}`);
};

/** From the list of open orders to the end of a request that was late: whatever somebody else made in between is cancelled with all. ms. */
const MOST_CANCEL_ALL_MS = 35_000;

/** Nobody else's order is to be cancelled, but in the moment in which everything is: docs/brokers.md, "Cancel all". */
const checkForeign = ({ market, namesAreKeys }: AccountEvidence, findings: Findings): void => {
  const foreign = new Map<string, MarketOrder>();
  for (const made of market.orders) if (made.foreign) foreign.set(made.id, made);
  if (foreign.size === 0) return;
  for (const { type, orderId, at } of market.log) {
    const made = type === 'cancelAsked' ? foreign.get(orderId) : undefined;
    // Tradier has no request that cancels everything.
    if (made !== undefined && !(namesAreKeys && at - made.madeAt.ms < MOST_CANCEL_ALL_MS))
      findings.add('authorised', `order ${orderId}, which is somebody else's, was to be cancelled`);
  }
};

/** Orders of one run and symbol leave in the order in which they were admitted; one that was not taken is submitted again, behind others. */
const checkOrder = ({ byName }: ShardOrders, { firstBytes }: AccountEvidence, findings: Findings): void => {
  const sent = new Set<OrderOfDecision>();
  const newest = new Map<string, OrderOfDecision>();
  for (const { clientOrderId: name, executionsEnd } of firstBytes) {
    const order = byName.get(name);
    const symbol = order?.decision?.order?.symbol;
    if (order === undefined || symbol === undefined || sent.has(order)) continue;
    sent.add(order);
    const key = `${order.decision?.runId}\n${symbol}`;
    const before = newest.get(key);
    if (before === undefined || before.decisionOffset < order.decisionOffset) newest.set(key, order);
    else if (order.events.filter(({ event, offset }) => event === 'ORDER_SUBMITTING' && offset < executionsEnd).length === 1)
      findings.add('authorised', `${called(order)} was sent behind ${called(before)}, which was admitted later`);
  }
};
