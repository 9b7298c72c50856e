/**
 * What a run is known to be by its own records: enough to say what the next one may be, and no more. The windows are those of the engine: they hold the
 * orders of 60 seconds and the newest violations. Undefined: not known, as behind a record that cannot be trusted; it is learned again from the next.
 */
import type { Decimal } from '../../contracts/decimal';
import type { AuditRecord, KillSwitchChange, RunStarted, RunStatus } from '../../contracts/messages';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { ActivePolicy } from '../../domain/state';
import { windowOf } from '../../domain/state';
import { ViolationWindow } from '../../domain/windows';
import type { OrderWindow } from '../../domain/windows';

export interface KnownRun {
  status: RunStatus | undefined;
  /** Null: none is in force. */
  policyHash: Uint8Array | null | undefined;
  /** Undefined where its text is not known, too. */
  policy: ActivePolicy | undefined;
  killSwitchActive: boolean | undefined;
  /** A marked run's own figures follow from its fills and prices: undefined. */
  equity: Decimal | undefined;
  startOfDayEquity: Decimal | undefined;
  peakEquity: Decimal | undefined;
  isMarked: boolean | undefined;
  orders: OrderWindow | undefined;
  violations: ViolationWindow | undefined;
  /** The trip of the kill switch that the next record must be. */
  due: DueTrip | 'unknown' | undefined;
}

export interface DueTrip {
  readonly change: KillSwitchChange;
  /** The decision that it follows: it has its input, clock and positions. */
  readonly decided: AuditRecord;
}

/** A run that the log has not heard of before. */
export const unheardOf = (): KnownRun => ({
  ...forgotten(),
  status: 'UNKNOWN',
  policyHash: null,
  killSwitchActive: false,
  due: undefined,
});

/** A run of which nothing is known: it begins in the middle, or what came before cannot be trusted. */
export const forgotten = (): KnownRun => ({
  status: undefined,
  policyHash: undefined,
  policy: undefined,
  killSwitchActive: undefined,
  equity: undefined,
  startOfDayEquity: undefined,
  peakEquity: undefined,
  isMarked: undefined,
  orders: undefined,
  violations: undefined,
  due: 'unknown',
});

/** Source: domain, `evolve` of RunStarted. */
export const start = (
  run: KnownRun,
  { execution, portfolio, equity_mode }: RunStarted,
  clock: number,
  isTripped: boolean,
): void => {
  const violations = execution.violations_last_window
    .map(([timestamp, rule_id]) => ({ at: parseRfc3339(timestamp) ?? 0, rule_id }))
    .sort((a, b) => a.at - b.at);
  run.status = 'ACTIVE';
  run.isMarked = equity_mode === 'marked';
  run.equity = run.isMarked ? undefined : portfolio.equity;
  run.startOfDayEquity = portfolio.start_of_day_equity;
  run.peakEquity = run.isMarked ? undefined : portfolio.peak_equity;
  run.killSwitchActive = run.killSwitchActive === true || execution.kill_switch_active || isTripped;
  run.orders = windowOf({
    startedAt: clock,
    ordersGlobal: execution.orders_last_60s_global,
    ordersByStrategy: execution.orders_last_60s_by_strategy,
    violations,
  });
  run.violations = new ViolationWindow(violations);
};

/** An ended run answers nothing more: what only answers need is let go. */
export const end = (run: KnownRun): void => {
  run.status = 'ENDED';
  run.orders = undefined;
  run.violations = undefined;
};
