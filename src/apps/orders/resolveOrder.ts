/** An operator's word on an order of unknown outcome: whether the order may be resolved, and to what. */
import type { Decimal } from '../../contracts/decimal';
import { formatDecimal, parseDecimal, ZERO } from '../../contracts/decimal';
import type { OrderResolved } from '../../contracts/messages';
import { formatRfc3339 } from '../../contracts/timestamp';
import { fillGrowth } from '../../gateway/fillGrowth';
import type { GatewayOrder } from '../../gateway/orders';
import { Failure } from '../failure';
import type { OrderHistory } from './orderHistory';
import { averageOf, describeOrder, plainLine, statusOf } from './orderTexts';

export const OUTCOMES = ['filled', 'cancelled', 'rejected', 'expired'] as const;

export interface Word {
  readonly as: (typeof OUTCOMES)[number];
  readonly cumQty: Decimal | undefined;
  readonly price: Decimal | undefined;
}

export interface WordFlags {
  readonly as?: string;
  readonly cumQty?: string;
  readonly price?: string;
}

/** What is wrong with the flags by themselves is a Failure. */
export const readWord = ({ as: named, cumQty: qtyText, price: priceText }: WordFlags): Word => {
  const as = OUTCOMES.find((each) => each === named);
  if (as === undefined)
    throw new Failure(named === undefined ? `--as is missing; ${EXPECTED}` : `--as ${plainLine(named)}: ${EXPECTED}`);
  const cumQty = amount('--cum-qty', qtyText);
  const price = amount('--price', priceText);
  if (as === 'rejected' && (cumQty !== undefined || price !== undefined))
    throw new Failure('--as rejected: expected neither --cum-qty nor --price, since nothing of a rejected order is filled');
  if (as === 'filled' && price === undefined)
    throw new Failure('--price is missing; a filled order needs the average price of all that was filled');
  if (cumQty !== undefined && cumQty > 0n && price === undefined)
    throw new Failure('--price is missing; --cum-qty needs the average price of all that was filled');
  if (price !== undefined && as !== 'filled' && (cumQty ?? ZERO) === 0n)
    throw new Failure('--price: expected with a --cum-qty above zero only, found it alone');
  return { as, cumQty, price };
};

const EXPECTED = `expected how the order ended: ${OUTCOMES.join(', ')}`;

const amount = (name: string, text: string | undefined): Decimal | undefined => {
  if (text === undefined) return undefined;
  const value = parseDecimal(text);
  if (typeof value === 'string' || value < 0n || (name === '--price' && value === 0n))
    throw new Failure(
      `${name} ${plainLine(text)}: expected a number ${name === '--price' ? 'above zero' : 'not below zero'}, such as 37.5`,
    );
  return value;
};

/** A running gateway knows by then what became of a submission, or that nobody does. */
const ON_ITS_WAY_MS = 60_000;

/** Why the order cannot be resolved, in one line; undefined: it can. `alone`: no gateway can be running. */
export const whyNot = (
  { decision, order }: Pick<OrderHistory, 'decision' | 'order'>,
  {
    runId,
    intentId,
    at,
    alone,
  }: { readonly runId: string; readonly intentId: string; readonly at: number; readonly alone: boolean },
): string | undefined => {
  const name = `${runId}/${intentId}`;
  if (order === undefined) {
    if (decision === undefined) return `${name}: no such order is on the log; \`policygate orders list\` shows which there are`;
    return decision.decision.order === null
      ? `${name} was denied: there is no order`
      : `${name} was not sent yet: there is nothing to resolve`;
  }
  const is = `${name} (${describeOrder(order)}) is ${statusOf(order)}`;
  if (order.phase === 'ended') return `${is}: only an order of unknown outcome can be resolved`;
  if (order.phase === 'open') return `${is}: the gateway sees it at the broker; only an order of unknown outcome can be resolved`;
  if (order.phase === 'submitting' && !alone && at - order.submittedAt < ON_ITS_WAY_MS)
    return `${is} since ${formatRfc3339(order.submittedAt)}, and may be on its way: look again a minute after that`;
  if (at < order.changedAt)
    return `${is} since ${formatRfc3339(order.changedAt)}: what was said before that (${formatRfc3339(at)}) is not taken; leave out --at`;
  return undefined;
};

/** The control event. A Failure where the word does not fit what is on record of the order. */
export const resolutionOf = (order: GatewayOrder, { as, cumQty: given, price: average }: Word): OrderResolved => {
  const { qty, cumQty: filled, notional, intentId: intent_id } = order;
  const cum_qty = given ?? (as === 'filled' ? qty : as === 'rejected' ? ZERO : filled);
  const amounts = `${formatDecimal(filled)} of ${formatDecimal(qty)}`;
  if (as === 'filled' && cum_qty !== qty)
    throw new Failure(
      `--cum-qty ${formatDecimal(cum_qty)}: expected ${formatDecimal(qty)}, the whole order; of one that was filled in part say how the rest ended: --as cancelled or --as expired`,
    );
  if (cum_qty < filled)
    throw new Failure(
      as === 'rejected'
        ? `--as rejected: ${amounts} are filled on record; expected --as cancelled or --as expired`
        : `--cum-qty ${formatDecimal(cum_qty)}: ${amounts} are filled on record; expected at least that`,
    );
  if (cum_qty > qty)
    throw new Failure(`--cum-qty ${formatDecimal(cum_qty)}: expected at most ${formatDecimal(qty)}, the whole order`);
  const price = cum_qty === 0n ? null : cum_qty === filled ? averageOf(order) : (average ?? null);
  const growth = fillGrowth({ filledQty: cum_qty, averagePrice: price, fills: [] }, { cumQty: filled, notional });
  if (growth.restated || growth.unpriced > 0n)
    throw new Failure(
      `--price ${price === null ? '' : formatDecimal(price)}: cannot be the average of all ${formatDecimal(cum_qty)}, since ${formatDecimal(filled)} of them were filled at ` +
        `${formatDecimal(averageOf(order) ?? ZERO)} on record; the rest would have cost nothing or less`,
    );
  return { type: 'OrderResolved', intent_id, outcome: RESULTS[as], cum_qty, price };
};

const RESULTS = { filled: 'FILLED', cancelled: 'CANCELLED', rejected: 'REJECTED', expired: 'EXPIRED' } as const;
