/**
 * A history that meets everything a log can hold: all rules, MODIFY, monitor mode, overrides, duplicates and conflicts, unreadable records, partial
 * fills, cancels, strangers, the kill switch by rule, by count and by operator with its resets, policies activated and refused, portfolios, a new
 * trading day, marked equity, ended and unknown runs, prices withdrawn. The same each time; recordLog.ts puts it on a log.
 */
import { decimal, ZERO } from '../../src/contracts/decimal';
import type { ControlPayload, ExecutionEvent, OrderIntent, RunStarted } from '../../src/contracts/messages';
import { executionOf, intentOf, portfolioOf } from '../support/situations';

/** One record, as the recorder is to publish it: `run` is its key. */
export type Entry = { readonly run: string; readonly at: number } & (
  | { readonly type: 'intent'; readonly intent: OrderIntent }
  | { readonly type: 'control'; readonly payload: ControlPayload; readonly reason?: string }
  | { readonly type: 'execution'; readonly event: ExecutionEvent }
  /** For every shard. */
  | { readonly type: 'price'; readonly symbol: string; readonly price: string | null }
  | { readonly type: 'poison'; readonly bytes: string }
);

const START = Date.parse('2026-03-02T14:30:00Z');

interface Limits {
  readonly mode?: 'monitor';
  readonly position?: string;
  readonly perMinute?: number;
  readonly tripOn?: string;
  readonly tripAfter?: number;
  readonly overrides?: string;
}

const policy = ({ mode, position = '0.10', perMinute = 20, tripOn = 'LOSS-002', tripAfter = 50, overrides = '' }: Limits = {}): string =>
  `version: "0.1"
defaults: {mode: ${mode ?? 'enforce'}, decision: deny}
limits:
  exposure: {max_position_pct: ${position}, max_gross_exposure_x: 0.30, max_net_exposure_x: 0.25}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: ${perMinute}, max_orders_per_minute_by_strategy: 6}
  kill_switch: {trip_on_rules: [${tripOn}], trip_after_n_violations: ${tripAfter}, violation_window_seconds: 300}
${overrides}`; // prettier-ignore

const OVERRIDES = `overrides:
  symbols: {TSLA: {exposure: {max_position_pct: 0.02, max_gross_exposure_x: 0.30, max_net_exposure_x: 0.25}}}
  strategies: {slow: {execution: {max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 1}}}
`;

/** Builds the list; its clock goes on by itself. */
class Chronicle {
  readonly entries: Entry[] = [];
  private at = START;

  wait(seconds: number): void {
    this.at += seconds * 1_000;
  }

  price(symbol: string, price: string | null): void {
    this.entries.push({ type: 'price', run: symbol, at: this.tick(), symbol, price });
  }

  start(run: string, policy_text: string, fields: Partial<RunStarted> = {}): void {
    this.control(run, {
      type: 'RunStarted',
      account_id: `account-of-${run}`,
      policy_text,
      portfolio: portfolioOf({ AAPL: '10', SPY: '-4.5' }),
      execution: {
        orders_last_60s_global: 2,
        orders_last_60s_by_strategy: new Map([['fast', 2]]),
        violations_last_window: [['2026-03-02T14:29:30Z', 'EXP-001']],
        kill_switch_active: false,
      },
      equity_mode: 'fixed',
      ...fields,
    });
  }

  control(run: string, payload: ControlPayload, reason?: string): void {
    this.entries.push({ type: 'control', run, at: this.tick(), payload, ...(reason === undefined ? {} : { reason }) });
  }

  intent(run: string, intent_id: string, symbol: string, qty: string, fields: Partial<OrderIntent> = {}): void {
    const at = this.tick();
    const timestamp = new Date(at).toISOString();
    this.entries.push({
      type: 'intent',
      run,
      at,
      intent: intentOf({ intent_id, symbol, qty: decimal(qty), timestamp, ...fields }),
    });
  }

  execution(run: string, intent_id: string, fields: Partial<ExecutionEvent>): void {
    this.entries.push({ type: 'execution', run, at: this.tick(), event: executionOf({ run_id: run, intent_id, ...fields }) });
  }

  fill(run: string, intent_id: string, symbol: string, qty: string, cum: string, leaves: string, fields: Partial<ExecutionEvent> = {}): void {
    const [cum_qty, leaves_qty] = [decimal(cum), decimal(leaves)];
    this.execution(run, intent_id, { symbol, qty: decimal(qty), cum_qty, leaves_qty, ...fields });
  } // prettier-ignore

  poison(run: string, bytes: string): void {
    this.entries.push({ type: 'poison', run, at: this.tick(), bytes });
  }

  private tick(): number {
    this.at += 250;
    return this.at;
  }
}

const figures = (equity: string, startOfDay: string, peak: string): Omit<ControlPayload & { type: 'PortfolioUpdated' }, 'positions'> => ({
  type: 'PortfolioUpdated',
  equity: decimal(equity),
  start_of_day_equity: decimal(startOfDay),
  peak_equity: decimal(peak),
}); // prettier-ignore

const NONE = { price: null, qty: null } as const;

const orders = (log: Chronicle): void => {
  log.intent('desk', 'early', 'AAPL', '1');
  log.start('desk', policy({ tripOn: '' }));
  log.intent('desk', 'whole', 'AAPL', '30');
  log.execution('desk', 'whole', { event: 'ORDER_SUBMITTED', ...NONE, qty: decimal('30'), cum_qty: ZERO, leaves_qty: decimal('30') });
  log.fill('desk', 'whole', 'AAPL', '12', '12', '18', { price: decimal('199.87') });
  log.fill('desk', 'whole', 'AAPL', '12', '12', '18', { price: decimal('199.87') });
  log.fill('desk', 'whole', 'AAPL', '18', '30', '0', { price: decimal('200.123456789012345678') });
  log.intent('desk', 'cut', 'AAPL', '33.333333333333336');
  log.fill('desk', 'cut', 'AAPL', '4', '4', '6');
  log.execution('desk', 'cut', { event: 'ORDER_CANCELLED', ...NONE, cum_qty: decimal('4'), reason: 'the day is over' });
  log.intent('desk', 'rests', 'MSFT', '5', { order_type: 'limit', limit_price: decimal('390') });
  log.execution('desk', 'rests', { event: 'ORDER_SUBMITTED', symbol: 'MSFT', ...NONE, qty: decimal('5'), cum_qty: ZERO, leaves_qty: decimal('5') });
  log.intent('desk', 'no-limit', 'MSFT', '5', { order_type: 'limit' });
  log.intent('desk', 'short', 'SPY', '15', { side: 'sell' });
  log.execution('desk', 'short', { event: 'ORDER_REJECTED', symbol: 'SPY', side: 'sell', ...NONE, cum_qty: ZERO, code: 'BROKER_REJECTED', reason: 'no shares to borrow' });
  log.intent('desk', 'cut', 'AAPL', '33.333333333333336');
  log.intent('desk', 'whole', 'AAPL', '31');
  log.intent('desk', 'gross', 'MSFT', '20');
  log.intent('desk', 'gross-2', 'NVDA', '70');
  log.fill('desk', 'stranger', 'NVDA', '1.5', '1.5', '0', { side: 'sell', price: decimal('125') });
  log.price('NVDA', null);
  log.intent('desk', 'unpriced', 'AAPL', '1');
  log.price('NVDA', '0');
  log.price('NVDA', '126.5');
  log.intent('desk', '\u00fcber "quoted"', 'MSFT', '0.00000001');
}; // prettier-ignore

const rates = (log: Chronicle): void => {
  log.start('rates', policy({ perMinute: 8, overrides: OVERRIDES }));
  log.intent('rates', 'tsla', 'TSLA', '30');
  for (let number = 1; number <= 3; number += 1) log.intent('rates', `slow-${number}`, 'AAPL', '1', { strategy_id: 'slow' });
  for (let number = 1; number <= 8; number += 1) log.intent('rates', `fast-${number}`, 'MSFT', '0.5', { strategy_id: 'fast' });
  log.wait(61);
  log.intent('rates', 'later', 'MSFT', '0.5', { strategy_id: 'fast' });
  log.control('rates', { type: 'PolicyActivated', policy_text: policy({ position: '0.01' }) });
  log.intent('rates', 'tighter', 'NVDA', '50');
  log.control('rates', { type: 'PolicyActivated', policy_text: 'version: "0.1"\nlimits: {}\n' });
  log.control('rates', { type: 'PolicyActivated', policy_text: policy({ mode: 'monitor', position: '0.01' }) });
  log.intent('rates', 'monitored', 'NVDA', '50');
  log.fill('rates', 'monitored', 'NVDA', '50', '50', '0', { price: decimal('126.5') });
};

const losses = (log: Chronicle): void => {
  log.start('losses', policy({ tripAfter: 3 }));
  log.control('losses', { ...figures('97900', '100000', '100000'), positions: null });
  log.intent('losses', 'daily', 'AAPL', '1');
  log.control('losses', { ...figures('94000', '94500', '100000'), positions: new Map([['AAPL', decimal('3')]]) });
  log.intent('losses', 'drawdown', 'AAPL', '1');
  log.intent('losses', 'after', 'AAPL', '1');
  log.control('losses', { type: 'KillSwitchReset' }, '');
  log.control('losses', { type: 'KillSwitchReset' }, 'seen by the risk desk');
  log.control('losses', { type: 'KillSwitchReset' }, 'twice');
  log.control('losses', { ...figures('0', '1', '1'), positions: null });
  log.control('losses', { ...figures('100000', '100000', '100000'), positions: null });
  for (let number = 1; number <= 3; number += 1) log.intent('losses', `count-${number}`, 'SPY', '90');
  log.intent('losses', 'tripped', 'AAPL', '1');
  log.control('losses', { type: 'RunStarted', account_id: 'again', policy_text: policy(), portfolio: portfolioOf(), execution: { orders_last_60s_global: 0, orders_last_60s_by_strategy: new Map(), violations_last_window: [], kill_switch_active: false }, equity_mode: 'fixed' });
}; // prettier-ignore

const marked = (log: Chronicle): void => {
  log.start('marked', policy({ position: '0.20' }), { equity_mode: 'marked' });
  log.intent('marked', 'long', 'AAPL', '60');
  log.fill('marked', 'long', 'AAPL', '60', '60', '0', { price: decimal('201') });
  log.price('AAPL', '170.5');
  log.intent('marked', 'lost', 'AAPL', '1');
  log.control('marked', { type: 'SessionRolled' });
  log.intent('marked', 'next-day', 'AAPL', '1');
  log.price('AAPL', '120');
  log.intent('marked', 'drawn', 'AAPL', '1');
  log.price('AAPL', '205');
  log.control('marked', { type: 'PositionDrift', broker: 'sim', differences: [{ symbol: 'AAPL', run_qty: decimal('70'), broker_qty: decimal('69') }] });
  log.control('marked', { type: 'OrderResolved', intent_id: 'next-day', outcome: 'CANCELLED', cum_qty: ZERO, price: null });
  log.execution('marked', 'next-day', { event: 'ORDER_SUBMITTING', ...NONE, qty: decimal('1'), cum_qty: ZERO, leaves_qty: decimal('1'), code: 'sim' });
  log.execution('marked', 'next-day', { event: 'ORDER_UNKNOWN', ...NONE, cum_qty: ZERO, leaves_qty: decimal('1'), code: 'TIMEOUT', reason: 'no answer' });
  log.execution('marked', 'next-day', { event: 'ORDER_CANCELLED', ...NONE, cum_qty: ZERO });
}; // prettier-ignore

const ends = (log: Chronicle): void => {
  log.intent('never-started', 'a', 'AAPL', '1');
  log.control('never-started', { type: 'KillSwitchTripped' });
  log.poison('desk', '00');
  log.poison('desk', 'ffffffffff00112233');
  log.poison('desk', '000000000100');
  log.control('*', { type: 'KillSwitchTripped' }, 'the exchange halted');
  log.intent('desk', 'halted', 'AAPL', '1');
  log.start('born-halted', policy());
  log.intent('born-halted', 'a', 'AAPL', '1');
  log.control('*', { type: 'KillSwitchReset' }, 'it trades again');
  log.intent('born-halted', 'b', 'AAPL', '1');
  log.control('desk', { type: 'KillSwitchTripped' }, 'by hand');
  log.control('desk', { type: 'RunEnded' }, 'the day is over');
  log.intent('desk', 'late', 'AAPL', '1');
  log.execution('desk', 'rests', { event: 'ORDER_EXPIRED', symbol: 'MSFT', ...NONE, cum_qty: ZERO });
  log.fill('desk', 'rests', 'MSFT', '1', '1', '0');
  log.control('desk', { type: 'PolicyActivated', policy_text: policy() });
  log.control('*', { type: 'PolicyActivated', policy_text: policy({ position: '0.05' }) }, 'for all');
  log.intent('rates', 'last', 'MSFT', '30');
  log.price('SPY', '501.25');
};

export const history = (): readonly Entry[] => {
  const log = new Chronicle();
  for (const [symbol, price] of [['AAPL', '200'], ['MSFT', '400'], ['NVDA', '125.5'], ['SPY', '500'], ['TSLA', '250.75']] as const) log.price(symbol, price);
  orders(log);
  rates(log);
  losses(log);
  marked(log);
  ends(log);
  return log.entries;
}; // prettier-ignore
