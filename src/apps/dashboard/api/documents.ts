/** The documents of docs/http.md as the browser reads them. A decimal is a JSON number where a double holds it exactly, else a text: `Exact`. */

export type Exact = number | string;
export type Verdict = 'ALLOW' | 'MODIFY' | 'DENY';
export type Role = 'submit' | 'read' | 'operate' | 'feed';

/** `GET /status`. */
export interface Status {
  readonly engine_version: string;
  readonly bus: string;
  readonly ready: boolean;
  readonly problems: readonly string[];
  readonly default_run: string | null;
  readonly started_at: string;
  readonly feed_lag_ms: number | null;
  readonly waiting: number;
  readonly caller: { readonly name: string; readonly roles: readonly Role[] };
  /** What `?after=` of `/events` takes. */
  readonly position: string;
}

export interface Run {
  readonly run_id: string;
  readonly account_id: string;
  readonly status: string;
  readonly policy_hash: string | null;
  readonly mode: string | null;
  readonly equity: Exact;
  readonly kill_switch_active: boolean;
  readonly clock: string;
  readonly next_seq: number;
  readonly chain_hash: string;
  readonly default: boolean;
}

/** A measured value beside its limit; `used`: the part of the limit that is used, 1 is all of it. */
export interface LimitUse {
  readonly metric: string;
  readonly rule_id: string | null;
  readonly value: Exact | null;
  readonly limit: Exact | null;
  readonly headroom: Exact | null;
  readonly used: Exact | null;
}

export interface Position {
  readonly symbol: string;
  readonly qty: Exact;
  readonly working_buy_qty: Exact;
  readonly working_sell_qty: Exact;
  readonly price: Exact | null;
  readonly value: Exact | null;
  readonly share: Exact | null;
  readonly limit: Exact | null;
  readonly headroom: Exact | null;
  readonly used: Exact | null;
}

export type Decided = Readonly<Record<Verdict, number>>;

export interface StrategyTotals {
  readonly strategy_id: string;
  readonly decided: Decided;
  readonly orders_last_60s: number;
  readonly orders_limit: Exact | null;
  readonly gross_value: Exact | null;
  readonly net_value: Exact | null;
}

export interface Portfolio {
  readonly run_id: string;
  readonly account_id: string;
  readonly status: string;
  readonly clock: string;
  readonly policy_hash: string | null;
  readonly mode: string | null;
  readonly equity_mode: string;
  readonly equity: Exact;
  readonly start_of_day_equity: Exact;
  readonly peak_equity: Exact;
  readonly gross_value: Exact | null;
  readonly net_value: Exact | null;
  readonly kill_switch_active: boolean;
  readonly limits: readonly LimitUse[];
  readonly positions: readonly Position[];
  /** Null: the run has ended, and has forgotten its intents. */
  readonly strategies: readonly StrategyTotals[] | null;
  readonly decided: Decided | null;
}

interface AccountTotals {
  readonly runs: readonly string[];
  readonly equity: Exact;
  readonly gross_value: Exact | null;
  readonly net_value: Exact | null;
  readonly gross_exposure_x: Exact | null;
  readonly net_exposure_x: Exact | null;
  readonly strategies: readonly { readonly strategy_id: string }[];
}
export interface Accounts {
  readonly accounts: readonly (AccountTotals & { readonly account_id: string })[];
  readonly total: AccountTotals;
}

export interface KillSwitch {
  readonly run_id: string;
  readonly active: boolean;
  readonly every_run: boolean;
  readonly violations_in_window: number;
  readonly trip_after_n_violations: number | null;
  readonly violation_window_seconds: number | null;
  readonly trip_on_rules: readonly string[];
  readonly last: {
    readonly seq: number;
    readonly clock: string;
    readonly active: boolean;
    readonly cause: string;
    readonly rules: readonly string[];
    readonly actor: string;
    readonly reason: string;
  } | null;
}

/** One line of a run's journal. Which fields there are depends on the kind. */
export interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly clock_ms: number;
  readonly run_id?: string;
  readonly intent_id?: string | null;
  readonly strategy_id?: string | null;
  readonly symbol?: string | null;
  readonly side?: string | null;
  readonly order_type?: string | null;
  readonly qty?: Exact | null;
  readonly limit_price?: Exact | null;
  readonly decision?: string | null;
  readonly order_qty?: Exact | null;
  readonly price?: Exact | null;
  readonly rules?: readonly string[];
  readonly tripped?: boolean;
  readonly event?: string | null;
  readonly order_id?: string | null;
  readonly cum_qty?: Exact | null;
  readonly leaves_qty?: Exact | null;
  readonly code?: string | null;
  readonly reason?: string | null;
  readonly note?: string | null;
  readonly type?: string | null;
  readonly actor?: string | null;
  readonly policy_hash?: string | null;
  readonly active?: boolean;
  readonly cause?: string | null;
  readonly violations_in_window?: number | null;
  readonly decided_seq?: number | null;
  readonly conflict?: boolean;
  readonly topic?: string | null;
}

export interface JournalPage {
  readonly rows: readonly Row[];
  readonly next_seq: number;
}

/** A line of the timeline: a Row, its time as a text. */
export type TimelineRow = Omit<Row, 'clock_ms'> & { readonly clock?: string; readonly clock_ms?: number };

export interface RuleResult {
  readonly rule_id: string;
  readonly name: string;
  readonly fired: boolean;
  readonly value: Exact | null;
  readonly limit: Exact | null;
  readonly headroom: Exact | null;
  readonly message: string | null;
}

/** An OrderIntent; what is used by its name here. */
type IntentDocument = Readonly<Record<string, unknown>> & {
  readonly strategy_id: string;
  readonly instrument: { readonly symbol: string };
  readonly side: string;
  readonly order_type: string;
  readonly qty: Exact;
  readonly limit_price: Exact | null;
};

/** `GET /decisions/{run}/{intent}`. */
export interface DecisionDetail {
  readonly run_id: string;
  readonly intent_id: string;
  readonly seq: number;
  readonly clock: string;
  readonly policy_hash: string | null;
  readonly hash: string;
  readonly prev_hash: string;
  readonly engine_version: string;
  readonly intent: IntentDocument | null;
  readonly facts: Readonly<Record<string, unknown>> | null;
  readonly decision: Readonly<Record<string, unknown>> & { readonly decision: Verdict };
  readonly reference_price: Exact | null;
  readonly rules: readonly RuleResult[];
  readonly order: {
    readonly status: string;
    readonly qty: Exact | null;
    readonly cum_qty: Exact | null;
    readonly leaves_qty: Exact | null;
  } | null;
  readonly timeline: readonly TimelineRow[];
}

/** An audit record, whole; other fields follow its kind. */
export type AuditDocument = Readonly<Record<string, unknown>> & {
  readonly seq: number;
  readonly kind: string;
  readonly clock: number;
  readonly hash: string;
  readonly prev_hash: string;
};

export interface PolicyEntry {
  readonly policy_hash: string;
  readonly version: string;
  readonly mode: string;
  readonly active_in: readonly string[];
}
export interface Policies {
  readonly policies: readonly PolicyEntry[];
  /** The file that `--watch-policy` follows. */
  readonly watching: string | null;
  readonly refused: { readonly at: string; readonly policy_hash: string | null; readonly errors: readonly string[] } | null;
}
export interface PolicyText extends PolicyEntry {
  readonly text: string;
  readonly warnings: readonly string[];
}

/** The limits by which one order is judged, by block. */
export interface ResolvedLimits {
  readonly policy_hash: string;
  readonly mode: string;
  readonly limits: Readonly<
    Record<string, { readonly source: string; readonly values: Readonly<Record<string, unknown>> } | undefined>
  >;
}

export interface PolicyHistory {
  readonly history: readonly {
    readonly seq: number;
    readonly clock: string;
    readonly type: string;
    readonly policy_hash: string | null;
    readonly actor: string;
    readonly reason: string;
    readonly taken: boolean;
    readonly note: string | null;
  }[];
}

export interface PolicyDiff {
  readonly valid: boolean;
  readonly policy_hash: string | null;
  readonly against: string | null;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly differences: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
}

/** What runs said to a control event; `answers` null: no shard answered in time, and it is on the log. */
export interface ControlAnswer {
  readonly type: string;
  readonly answers:
    | readonly {
        readonly run_id: string | null;
        readonly seq: number | null;
        readonly taken: boolean;
        readonly note: string | null;
      }[]
    | null;
  /** Of the policy that was activated. */
  readonly policy_hash?: string;
  /** All that are concerned have folded it (200); else some have not yet (202). */
  readonly folded: boolean;
}
