/**
 * What makes a readable input unacceptable, beside `intentFault`: a price feed, the risk desk and a gateway are foreign programs too.
 * Each answers the field and what was expected, or undefined.
 */
import type { Decimal } from '../decimal';
import { nameFault } from '../intentFault';
import type { ControlEvent, ExecutionEvent, ExecutionState, OrderResolved, PositionDrift, PriceUpdated } from '../messages';

/** A name that is held in state shows up in many records: in messages, figures and facts at once. All of them must stay within their limits. */
const LONGEST_HELD_NAME = 4_096;

export const priceFault = ({ symbol }: PriceUpdated): string | undefined => {
  const fault = heldNameFault(symbol);
  return fault === undefined ? undefined : `symbol ${fault}`;
};

export const executionFault = (execution: ExecutionEvent): string | undefined =>
  named('run_id', execution.run_id) ??
  named('intent_id', execution.intent_id) ??
  named('symbol', execution.symbol) ??
  notNegative('qty', execution.qty) ??
  notNegative('cum_qty', execution.cum_qty) ??
  notNegative('leaves_qty', execution.leaves_qty) ??
  (execution.decision_offset < 0 ? 'decision_offset is below zero: expected an offset' : undefined);

export const controlFault = ({ actor, reason, payload }: ControlEvent): string | undefined => {
  switch (payload.type) {
    case 'RunStarted':
      return (
        named('account_id', payload.account_id) ??
        moneyFault(payload.portfolio) ??
        namesFault('positions', payload.portfolio.positions) ??
        executionStateFault(payload.execution)
      );
    case 'PortfolioUpdated':
      return moneyFault(payload) ?? (payload.positions === null ? undefined : namesFault('positions', payload.positions));
    case 'PositionDrift':
      return driftFault(payload);
    case 'OrderResolved':
      return signed('actor', actor) ?? signed('reason', reason) ?? resolvedFault(payload);
    case 'PolicyActivated':
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
    case 'SessionRolled':
      return undefined;
  }
};

export const driftFault = ({ broker, differences }: Omit<PositionDrift, 'type'>): string | undefined => {
  const fault = named('broker', broker);
  if (fault !== undefined) return fault;
  const seen = new Set<string>();
  for (const { symbol } of differences) {
    const fault = heldNameFault(symbol);
    if (fault !== undefined) return `a symbol in differences ${fault}`;
    if (seen.has(symbol)) return 'a symbol in differences is there twice: expected one line a symbol';
    seen.add(symbol);
  }
  return undefined;
};

/** What was filled has a price, and only that; a rejected order has no fills, and a filled one has. */
export const resolvedFault = ({ intent_id, outcome, cum_qty, price }: Omit<OrderResolved, 'type'>): string | undefined =>
  named('intent_id', intent_id) ??
  notNegative('cum_qty', cum_qty) ??
  (outcome === 'REJECTED' && cum_qty > 0n ? 'cum_qty is above zero: expected zero, since the order was rejected' : undefined) ??
  (outcome === 'FILLED' && cum_qty === 0n ? 'cum_qty is zero: expected a quantity, since the order was filled' : undefined) ??
  (cum_qty === 0n && price !== null ? 'price is set: expected none, since nothing was filled' : undefined) ??
  (cum_qty > 0n && (price === null || price <= 0n)
    ? 'price is not above zero: expected the average price of what was filled'
    : undefined);

interface Money {
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
}

const moneyFault = (money: Money): string | undefined =>
  positive('equity', money.equity) ??
  positive('start_of_day_equity', money.start_of_day_equity) ??
  positive('peak_equity', money.peak_equity);

const executionStateFault = (execution: ExecutionState): string | undefined => {
  if (execution.orders_last_60s_global < 0) return 'orders_last_60s_global is below zero: expected a count';
  for (const orders of execution.orders_last_60s_by_strategy.values()) {
    if (orders < 0) return 'orders_last_60s_by_strategy has a count below zero: expected counts';
  }
  return namesFault('orders_last_60s_by_strategy', execution.orders_last_60s_by_strategy);
};

const namesFault = (field: string, map: ReadonlyMap<string, unknown>): string | undefined => {
  for (const name of map.keys()) {
    const fault = heldNameFault(name);
    if (fault !== undefined) return `a name in ${field} ${fault}`;
  }
  return undefined;
};

const heldNameFault = (name: string): string | undefined =>
  name.length > LONGEST_HELD_NAME ? `has ${name.length} characters: expected at most ${LONGEST_HELD_NAME}` : nameFault(name);

const named = (field: string, name: string): string | undefined => {
  const fault = nameFault(name);
  return fault === undefined ? undefined : `${field} ${fault}`;
};
const signed = (field: string, text: string): string | undefined =>
  text.trim() === '' ? `${field} is blank: expected who resolved it, and why` : undefined;
const positive = (field: string, value: Decimal): string | undefined =>
  value > 0n ? undefined : `${field} is not above zero: expected an amount of money`;
const notNegative = (field: string, value: Decimal | null): string | undefined =>
  value !== null && value < 0n ? `${field} is below zero: expected zero or above` : undefined;
