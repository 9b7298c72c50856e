/** What `policygate top` reads of the server's answers (docs/http.md). A quantity that no double holds comes as a text; for a screen either will do. */

/** A decimal as JSON shows it. */
export type Shown = number | string | null;

export interface StatusDocument {
  readonly engine_version: string;
  readonly bus: string;
  readonly ready: boolean;
  readonly problems: readonly string[];
  readonly default_run: string | null;
  readonly started_at: string;
  readonly feed_lag_ms: number | null;
  readonly waiting: number;
}

export interface LimitDocument {
  readonly metric: string;
  readonly rule_id: string | null;
  readonly value: Shown;
  readonly limit: Shown;
  readonly used: Shown;
}

export type Verdicts = Readonly<Record<'ALLOW' | 'MODIFY' | 'DENY', number>>;

export interface StrategyDocument {
  readonly strategy_id: string;
  readonly decided: Verdicts;
  readonly orders_last_60s: number;
  readonly orders_limit: number | null;
  readonly gross_value: Shown;
  readonly net_value: Shown;
}

export interface PortfolioDocument {
  readonly run_id: string;
  readonly account_id: string;
  readonly status: string;
  readonly clock: string;
  readonly policy_hash: string | null;
  readonly mode: string | null;
  readonly equity: Shown;
  readonly start_of_day_equity: Shown;
  readonly peak_equity: Shown;
  readonly gross_value: Shown;
  readonly net_value: Shown;
  readonly kill_switch_active: boolean;
  readonly limits: readonly LimitDocument[];
  readonly positions: readonly unknown[];
  /** Null: the run has ended, and has forgotten its intents. */
  readonly strategies: readonly StrategyDocument[] | null;
  readonly decided: Verdicts | null;
}

export interface KillSwitchDocument {
  readonly active: boolean;
  readonly every_run: boolean;
  readonly last: { readonly clock: string; readonly cause: string; readonly actor: string; readonly reason: string } | null;
}

/** A row of the journal; of kinds other than DECISION only what is common to all. */
export interface RowDocument {
  readonly seq: number;
  readonly kind: string;
  readonly clock_ms: number;
  readonly intent_id?: string | null;
  readonly strategy_id?: string;
  readonly symbol?: string;
  readonly side?: string;
  readonly qty?: Shown;
  readonly decision?: keyof Verdicts;
  readonly order_qty?: Shown;
  readonly rules?: readonly string[];
}

export interface JournalDocument {
  readonly rows: readonly RowDocument[];
  readonly next_seq: number;
}
