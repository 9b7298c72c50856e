/** The capital policy, DSL versions "0.1" and "0.2", as the engine and the gateway apply it. Source: contracts, "Policy (YAML)". */
import type { Decimal } from './decimal';
import type { RuleId } from './messages';

export interface ExposureLimits {
  /** (0, 1], fraction of equity. */
  readonly max_position_pct: Decimal;
  /** Above zero, times equity. */
  readonly max_gross_exposure_x: Decimal;
  /** Above zero, times equity; null: not checked. */
  readonly max_net_exposure_x: Decimal | null;
}
export interface LossLimits {
  readonly daily_loss_limit_pct: Decimal;
  readonly max_drawdown_pct: Decimal;
}
/** Orders per minute, 1 to 10,000. */
export interface ExecutionLimits {
  readonly max_orders_per_minute_global: number;
  readonly max_orders_per_minute_by_strategy: number;
}
export interface KillSwitchLimits {
  readonly trip_on_rules: readonly RuleId[];
  readonly trip_after_n_violations: number;
  readonly violation_window_seconds: number;
  /** Whether the gateway cancels what is open when the kill switch trips; null: a policy of version "0.1", which does not say. */
  readonly cancel_open_orders: boolean | null;
}
/** Whole blocks: one that is present replaces the block of the limits; null or absent: not overridden. */
export interface LimitsOverride {
  readonly exposure?: ExposureLimits | null;
  readonly loss?: LossLimits | null;
  readonly execution?: ExecutionLimits | null;
}
/** "0.2" is "0.1" with `cancel_open_orders`. */
export type PolicyVersion = '0.1' | '0.2';
/** A capital policy, as the engine applies it. */
export interface CapitalPolicy {
  readonly version: PolicyVersion;
  readonly timezone: 'UTC';
  readonly defaults: { readonly mode: 'enforce' | 'monitor'; readonly decision: 'deny' | 'allow' };
  readonly limits: {
    readonly exposure: ExposureLimits;
    readonly loss: LossLimits;
    readonly execution: ExecutionLimits;
    readonly kill_switch: KillSwitchLimits;
  };
  readonly overrides: {
    readonly symbols: ReadonlyMap<string, LimitsOverride>;
    readonly strategies: ReadonlyMap<string, LimitsOverride>;
  };
}
