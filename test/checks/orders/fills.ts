/** What was filled, and what is held by it: on the log as at the broker. Promise 12. */
import type { Findings } from '../findings';
import { figureOf, sizeOf } from '../model/figures';
import type { AccountEvidence } from './evidence';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';

const ONE = 10n ** 18n;
/** Tradier's averages and Alpaca's are shown to 8 places. */
const PLACES_8 = 10n ** 10n;

/** Each fill once: the sum that each tells is that of those before it. */
export const checkFillsOnLog = ({ orders }: ShardOrders, findings: Findings): void => {
  for (const order of orders) {
    let cumQty = 0n;
    for (const { event, qty, price, cumQty: told } of order.events) {
      if (event !== 'ORDER_FILLED') continue;
      if (qty === null || price === null || qty <= 0n)
        findings.add('fills', `${called(order)}: a fill without quantity or price`);
      cumQty += qty ?? 0n;
      if (told !== cumQty) findings.add('fills', `${called(order)}: ${cumQty} filled one by one, and ${told} by the log's sum`);
    }
  }
};

/** At rest they are equal; until then the log may lag behind. */
export const checkFills = ({ orders }: ShardOrders, account: AccountEvidence, atRest: boolean, findings: Findings): void => {
  for (const order of orders) {
    const { made, isResolved } = order;
    // An operator's word on what was filled counts until the broker says more.
    if (made.length === 0 && isResolved) continue;
    const there = made.reduce((sum, { filledQty }) => sum + filledQty, 0n);
    let [filled, money] = [0n, 0n];
    for (const { event, qty, price } of order.events) {
      if (event !== 'ORDER_FILLED') continue;
      filled += qty ?? 0n;
      money += (qty ?? 0n) * (price ?? 0n);
    }
    if (atRest ? filled !== there : filled > there)
      findings.add('fills', `${called(order)}: the broker filled ${there}, the log says ${filled}`);
    else if (filled === there && filled > 0n && !isResolved && account.restates !== true)
      checkMoney(order, money, filled, findings);
  }
};

const checkMoney = (order: OrderOfDecision, money: bigint, filled: bigint, findings: Findings): void => {
  let [paid, roundings] = [0n, 1n];
  for (const { fills } of order.made)
    for (const { qty, price } of fills) {
      paid += qty * price;
      // A broker rounds its average with each fill.
      roundings += 1n;
    }
  if (sizeOf(money - paid) > (filled + ONE) * PLACES_8 * roundings)
    findings.add('fills', `${called(order)} cost ${paid} at the broker and ${money} on the log`);
};

/** To be asked at rest. */
export const checkPositions = (shard: ShardOrders, account: AccountEvidence, findings: Findings): void => {
  const { market, starting } = account;
  const held = starting === undefined ? begunWith(shard) : new Map(starting);
  if (held === undefined) return;
  const move = (symbol: string, isBuy: boolean, qty: bigint): void =>
    void held.set(symbol, (held.get(symbol) ?? 0n) + (isBuy ? qty : -qty));
  for (const { events } of shard.orders)
    for (const { event, symbol, side, qty } of events) if (event === 'ORDER_FILLED') move(symbol, side === 'buy', qty ?? 0n);
  for (const { order, qty } of market.fills) if (order.foreign) move(order.symbol, order.side === 'buy', qty);
  for (const symbol of new Set([...held.keys(), ...market.positions.keys()])) {
    const [here, there] = [held.get(symbol) ?? 0n, market.positions.get(symbol) ?? 0n];
    if (here !== there)
      findings.add('positions at the broker', `${symbol}: ${here} by the log of shard ${shard.shard}, ${there} at the broker`);
  }
};

interface Quantity {
  readonly symbol: string;
  readonly qty: Uint8Array;
}

/** What the runs of a shard began with, together; undefined: somebody has set positions otherwise, and nothing follows from the log alone. */
const begunWith = ({ controls }: ShardOrders): Map<string, bigint> | undefined => {
  const held = new Map<string, bigint>();
  const begun = new Set<string>();
  for (const { name, about, control } of controls) {
    const [content] = Object.values(control.payload);
    if (name === 'PortfolioUpdated' && (content as { positions: unknown }).positions !== null) return undefined;
    if (name !== 'RunStarted' || begun.has(about)) continue;
    begun.add(about);
    for (const { symbol, qty } of (content as { portfolio: { positions: readonly Quantity[] } }).portfolio.positions)
      held.set(symbol, (held.get(symbol) ?? 0n) + figureOf(qty));
  }
  return held;
};
