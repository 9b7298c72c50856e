/** What the model reads of inputs and of audit records, as avsc shows them: amounts are bytes. Source: avro/*.avsc. */
import type { Audit } from '../decoding';

export type Side = 'buy' | 'sell';

export interface Intent {
  readonly intent_id: string;
  readonly timestamp: string;
  readonly strategy_id: string;
  readonly account_id: string;
  readonly instrument: { readonly symbol: string; readonly asset_class: string };
  readonly side: Side;
  readonly order_type: string;
  readonly qty: Buffer;
  readonly limit_price: Buffer | null;
}

export interface Price {
  readonly symbol: string;
  readonly price: Buffer | null;
}

export interface ExecutionReport {
  readonly event: string;
  readonly run_id: string;
  readonly intent_id: string;
  readonly symbol: string;
  readonly side: Side;
  readonly order_type: string;
  readonly qty: Buffer | null;
  readonly price: Buffer | null;
  readonly decision_offset: number;
  readonly cum_qty: Buffer;
  readonly leaves_qty: Buffer;
}

export interface AccountFigures {
  readonly equity: Buffer;
  readonly start_of_day_equity: Buffer;
  readonly peak_equity: Buffer;
}
export interface Quantity {
  readonly symbol: string;
  readonly qty: Buffer;
}

export interface RunStart {
  readonly policy_text: string;
  readonly portfolio: AccountFigures & { readonly positions: readonly Quantity[] };
  readonly execution: {
    readonly orders_last_60s_global: number;
    readonly orders_last_60s_by_strategy: readonly { readonly strategy_id: string; readonly orders: number }[];
    readonly violations_last_window: readonly { readonly timestamp: string; readonly rule_id: string }[];
    readonly kill_switch_active: boolean;
  };
  readonly equity_mode: string;
}

/** A control event; what stands beside the union has taken the union's place. */
export type ControlKind =
  | { readonly name: 'RunStarted'; readonly start: RunStart }
  | { readonly name: 'PortfolioUpdated'; readonly figures: AccountFigures; readonly positions: readonly Quantity[] | null }
  | { readonly name: 'PolicyActivated'; readonly text: string }
  | {
      readonly name:
        'RunEnded' | 'KillSwitchTripped' | 'KillSwitchReset' | 'SessionRolled' | 'PositionDrift' | 'OrderResolved' | 'unknown';
    };
export type ControlInput = ControlKind & { readonly actor: string; readonly reason: string };

export interface RecordedFacts {
  readonly clock: number;
  readonly price: Buffer | null;
  readonly unpriced_symbol: string | null;
  readonly position_qty: Buffer;
  readonly working_buy_qty: Buffer;
  readonly working_sell_qty: Buffer;
  readonly other_gross: Buffer;
  readonly other_net: Buffer;
  readonly equity: Buffer;
  readonly start_of_day_equity: Buffer;
  readonly peak_equity: Buffer;
  readonly orders_last_60s_global: number;
  readonly orders_last_60s_strategy: number;
  readonly violations_in_window: number;
  readonly kill_switch_active: boolean;
}

export interface RecordedDecision {
  readonly decision: 'ALLOW' | 'DENY' | 'MODIFY';
  readonly intent_id: string;
  readonly order: Intent | null;
  readonly violations: readonly { readonly rule_id: string }[];
  readonly evidence: readonly { readonly metric: string; readonly value: Buffer; readonly limit: Buffer }[];
  readonly kill_switch_triggered: boolean;
  readonly kill_switch_tripped: boolean;
  readonly run_id: string;
  readonly seq: number;
  readonly clock: number;
  readonly reference_price: Buffer | null;
  readonly policy_hash: Buffer | null;
  readonly control_position: number;
}

interface RecordedSwitch {
  readonly active: boolean;
  readonly cause: string;
  readonly rule_ids: readonly string[];
  readonly violations_in_window: number;
  readonly actor: string;
  readonly reason: string;
}

export interface RecordedAudit {
  readonly offset: number;
  readonly run_id: string;
  readonly seq: number;
  readonly kind: string;
  readonly input: { readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: number };
  readonly positions: Readonly<Record<string, number>>;
  readonly clock: number;
  readonly policy_hash: Buffer | null;
  readonly facts: RecordedFacts | null;
  readonly decision: RecordedDecision | null;
  readonly control: { readonly actor: string; readonly reason: string } | null;
  readonly kill_switch: RecordedSwitch | null;
  readonly duplicate: { readonly decided_seq: number; readonly conflict: boolean } | null;
  readonly note: string | null;
  /** The record's bytes but for its hash. */
  readonly hashed: Buffer;
}

/** The same record with all the fields that avsc has read, of which the other checks name only some. */
export const recordedOf = (audit: Audit): RecordedAudit => audit as unknown as RecordedAudit;
