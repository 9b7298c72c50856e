/**
 * The words of the system: every document and record, as the code holds them. Field names are those of the JSON contracts and of the Avro
 * schemas, so that one name means one thing in a file, on a topic and in the code.
 *
 * Decimals are exact bigints (decimal.ts). Times of records are milliseconds since 1970 (integers); `timestamp` texts are RFC 3339 in UTC
 * as the sender wrote them. Digests are 32 bytes of SHA-256. Maps, not objects, hold what has names from outside: a symbol may be called
 * `__proto__`.
 */
import type { Decimal, Notional } from './decimal';

export type Side = 'buy' | 'sell';
export type OrderType = 'market' | 'limit';
export type AssetClass = 'equity' | 'crypto' | 'fx' | 'futures';
/** ALLOW: as asked. MODIFY: a smaller quantity. DENY: nothing. */
export type Verdict = 'ALLOW' | 'DENY' | 'MODIFY';
export type Severity = 'LOW' | 'MED' | 'HIGH' | 'CRIT';

/** All rules, in the order in which they are evaluated and shown. */
export const RULE_IDS = [
  'SYS-001',
  'SYS-002',
  'KILL-001',
  'LOSS-001',
  'LOSS-002',
  'EXEC-001',
  'EXEC-002',
  'EXP-001',
  'EXP-002',
  'EXP-003',
] as const;
export type RuleId = (typeof RULE_IDS)[number];

/** What is traded. */
export interface Instrument {
  readonly symbol: string;
  readonly asset_class: AssetClass;
}

/** What a strategy wants. `qty` is above zero; `limit_price` is null for a market order. */
export interface OrderIntent {
  readonly intent_id: string;
  readonly timestamp: string;
  readonly strategy_id: string;
  readonly account_id: string;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly order_type: OrderType;
  readonly qty: Decimal;
  readonly limit_price: Decimal | null;
}

/** Money of the account and quantities held (negative: short). */
export interface PortfolioState {
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
  readonly positions: ReadonlyMap<string, Decimal>;
  readonly realized_pnl_today: Decimal;
  readonly unrealized_pnl: Decimal;
}

export interface MarketSnapshot {
  readonly timestamp: string;
  readonly prices: ReadonlyMap<string, Decimal>;
}

/** What happened shortly before the run: counts of the last 60 seconds, `[timestamp, rule id]` of the violations in the window. */
export interface ExecutionState {
  readonly orders_last_60s_global: number;
  readonly orders_last_60s_by_strategy: ReadonlyMap<string, number>;
  readonly violations_last_window: readonly (readonly [timestamp: string, rule_id: string])[];
  readonly kill_switch_active: boolean;
}

/** One named number, text or flag of a violation. Counts are Decimals too. */
export interface Figure {
  readonly name: string;
  readonly value: boolean | string | Decimal;
}

/** A rule that an intent breaks, with the numbers that say so. */
export interface Violation {
  readonly rule_id: RuleId;
  readonly severity: Severity;
  readonly message: string;
  readonly inputs: readonly Figure[];
  readonly computed: readonly Figure[];
}

/** A measured value beside the limit that was applied; both rounded half-even to 6 places. */
export interface Evidence {
  readonly metric: string;
  readonly value: Decimal;
  readonly limit: Decimal;
}

/** The answer to one intent. `order` is what may be sent: the intent (ALLOW), the reduced intent (MODIFY) or nothing (DENY). */
export interface Decision {
  readonly decision: Verdict;
  readonly intent_id: string;
  readonly order: OrderIntent | null;
  readonly violations: readonly Violation[];
  readonly evidence: readonly Evidence[];
  /** A rule of `trip_on_rules` fired. (A trip by count follows the decision and is a record of its own.) */
  readonly kill_switch_triggered: boolean;
}

/** All that a decision may know. Everything else that is held is summed in `other_gross` and `other_net`. */
export interface Facts {
  /** The run's clock, ms. */
  readonly clock: number;
  /** Price of the intent's symbol; null: none, or not above zero. */
  readonly price: Decimal | null;
  /** The first symbol, by code units, that is held or working and has no price above zero. */
  readonly unpriced_symbol: string | null;
  readonly position_qty: Decimal;
  readonly working_buy_qty: Decimal;
  readonly working_sell_qty: Decimal;
  /** Sum over every other symbol of the worse side: max(|position + buys|, |position - sells|) × price. */
  readonly other_gross: Notional;
  /** Sum over every other symbol of (position + buys) × price for a buy, (position - sells) × price for a sell. */
  readonly other_net: Notional;
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
  /** Orders admitted less than 60 s before the clock. */
  readonly orders_last_60s_global: number;
  readonly orders_last_60s_strategy: number;
  /** Violations at most `violation_window_seconds` old, before this decision. */
  readonly violations_in_window: number;
  readonly kill_switch_active: boolean;
}

/**
 * The last three are the gateway's own: SUBMITTING is durable before the first byte goes to a broker, CANCELLING before it is asked to cancel,
 * and UNKNOWN says that the outcome of a submission is not known; none of them changes what is reserved.
 */
export type ExecutionEventType =
  | 'ORDER_SUBMITTED'
  | 'ORDER_FILLED'
  | 'ORDER_REJECTED'
  | 'ORDER_CANCELLED'
  | 'ORDER_EXPIRED'
  | 'ORDER_SUBMITTING'
  | 'ORDER_UNKNOWN'
  | 'ORDER_CANCELLING';

/** One step in an order's life, as the gateway saw it. The key on the topic is `{run_id, intent_id}`. */
export interface ExecutionEvent {
  readonly event: ExecutionEventType;
  readonly run_id: string;
  readonly intent_id: string;
  /** The broker's id of the order; empty if submitting failed, or as long as it is not known. */
  readonly order_id: string;
  /** What the order is called at the broker: derived from run and intent. Empty with the paper broker, which needs none. */
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: Side;
  readonly order_type: OrderType;
  /** SUBMITTING, SUBMITTED, and REJECTED of an order that was never sent: of the order; FILLED: of this fill; else null. */
  readonly qty: Decimal | null;
  /** FILLED only. */
  readonly price: Decimal | null;
  /** Filled so far, of the whole order. What is applied is what it grew by, so that a repeat changes nothing. */
  readonly cum_qty: Decimal;
  /** Still open after this event; zero when the order is terminal. */
  readonly leaves_qty: Decimal;
  /** REJECTED, UNKNOWN, CANCELLING: a short word for machines, the broker's or ours (docs/brokers.md); else null. */
  readonly code: string | null;
  /** Why it was rejected, cancelled or expired, or is unknown. */
  readonly reason: string | null;
  readonly policy_hash: Uint8Array;
  /** Offset in `decisions` of the decision that admitted the order: what the gateway goes on from. */
  readonly decision_offset: number;
}

/** An account's trading session begins. Its policy travels as text, so that the log alone can prove what was applied. */
export interface RunStarted {
  readonly type: 'RunStarted';
  readonly account_id: string;
  readonly policy_text: string;
  readonly portfolio: PortfolioState;
  readonly execution: ExecutionState;
  readonly equity_mode: EquityMode;
}
/**
 * `fixed`: equity is what events say it is. `marked`: equity = cash + sum(qty * price), from fills and prices, and its peak follows.
 */
export type EquityMode = 'fixed' | 'marked';
export interface RunEnded {
  readonly type: 'RunEnded';
}
/** New figures of the account. `positions` null: unchanged. */
export interface PortfolioUpdated {
  readonly type: 'PortfolioUpdated';
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
  readonly positions: ReadonlyMap<string, Decimal> | null;
}
export interface PolicyActivated {
  readonly type: 'PolicyActivated';
  readonly policy_text: string;
}
export interface KillSwitchTripped {
  readonly type: 'KillSwitchTripped';
}
export interface KillSwitchReset {
  readonly type: 'KillSwitchReset';
}
/** A new trading day of a run: the equity of this moment is that of the start of the day. */
export interface SessionRolled {
  readonly type: 'SessionRolled';
}
/** What the run holds by its fills, and what the broker says: one line per symbol in which they differ; none: they agree again. The gateway writes it. */
export interface PositionDrift {
  readonly type: 'PositionDrift';
  readonly broker: string;
  readonly differences: readonly PositionDifference[];
}
export interface PositionDifference {
  readonly symbol: string;
  readonly run_qty: Decimal;
  readonly broker_qty: Decimal;
}
/** How an order ended whose outcome is unknown, by an operator's word: the gateway takes it as if the broker had said so. */
export interface OrderResolved {
  readonly type: 'OrderResolved';
  readonly intent_id: string;
  readonly outcome: 'FILLED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED';
  /** Filled in all; zero for a rejection. */
  readonly cum_qty: Decimal;
  /** Average of what was filled; null where nothing was. */
  readonly price: Decimal | null;
}
export type ControlPayload =
  | RunStarted
  | RunEnded
  | PortfolioUpdated
  | PolicyActivated
  | KillSwitchTripped
  | KillSwitchReset
  | SessionRolled
  | PositionDrift
  | OrderResolved;

/** A record of `control-events`. Its key is the run id, or `*` for every run. */
export interface ControlEvent {
  readonly actor: string;
  readonly reason: string;
  readonly payload: ControlPayload;
}

/** A record of `market-prices`; its key is the symbol. Null withdraws the price: what cannot be valued cannot be allowed. */
export interface PriceUpdated {
  readonly symbol: string;
  readonly price: Decimal | null;
}

/** Next offset per input topic: what has been folded. */
export interface InputPositions {
  readonly order_intents: number;
  readonly market_prices: number;
  readonly control_events: number;
  readonly execution_events: number;
}

/** Where a record stood. */
export interface InputCoordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's own timestamp, ms; the clock of the run may be ahead of it. */
  readonly timestamp: number;
}

export type AuditKind = 'DECISION' | 'EXECUTION' | 'CONTROL' | 'KILL_SWITCH' | 'DUPLICATE' | 'REJECTED_INPUT';

/** The kill switch changed: by which rules (a trip by rule), by count, or by whom. */
export interface KillSwitchChange {
  readonly active: boolean;
  readonly cause: 'RULE' | 'COUNT' | 'OPERATOR';
  readonly rule_ids: readonly string[];
  readonly violations_in_window: number;
  readonly actor: string;
  readonly reason: string;
}

/** An intent whose id was decided before. `conflict`: with another body. */
export interface DuplicateIntent {
  readonly decided_seq: number;
  readonly conflict: boolean;
}

/**
 * One line of a run's journal. `seq` counts from zero without gaps; `hash` = SHA-256(`prev_hash` || Avro bytes of the record without
 * `hash`), and the first `prev_hash` is all zeros.
 */
export interface AuditRecord {
  readonly run_id: string;
  readonly seq: number;
  readonly kind: AuditKind;
  readonly input: InputCoordinates;
  /** The run's clock after this record, ms. */
  readonly clock: number;
  /** The shard's input positions after this record: with each topic's own order they fix the interleaving. */
  readonly positions: InputPositions;
  readonly policy_hash: Uint8Array | null;
  readonly engine_version: string;
  readonly intent: OrderIntent | null;
  readonly facts: Facts | null;
  readonly decision: PublishedDecision | null;
  readonly execution: ExecutionEvent | null;
  readonly control: ControlEvent | null;
  readonly kill_switch: KillSwitchChange | null;
  readonly duplicate: DuplicateIntent | null;
  /** Rejected input: why. Execution: `unsolicited` or `no change`, where it applies. */
  readonly note: string | null;
  readonly prev_hash: Uint8Array;
}

/** A record of `decisions`: what a gateway needs. */
export interface PublishedDecision extends Decision {
  readonly run_id: string;
  /** The audit record that proves it. */
  readonly seq: number;
  /** The run's clock, ms. */
  readonly clock: number;
  /** The price it was judged at; null when there was none. */
  readonly reference_price: Decimal | null;
  readonly policy_hash: Uint8Array | null;
  /** The kill switch trips with it, by a rule or by count: orders of the run that are not sent yet are not sent any more. */
  readonly kill_switch_tripped: boolean;
  /** Next offset of control-events when it was judged: which control events it knew of. -1: written by a version that did not say. */
  readonly control_position: number;
}

/** What an order has become. NONE: denied, there is no order. WORKING: admitted and not known to be terminal. */
export type OrderStatus = 'NONE' | 'WORKING' | 'FILLED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED';
/** UNKNOWN: intents came for it, but no RunStarted. */
export type RunStatus = 'UNKNOWN' | 'ACTIVE' | 'ENDED';

/** The value of `audit-checkpoints`. Only `note` is signed; the other fields repeat it, and the frontier follows from the records. */
export interface AuditCheckpoint {
  readonly origin: string;
  readonly tree_size: number;
  readonly root_hash: Uint8Array;
  /** Offset in `audit-records` after the last record that it covers. */
  readonly audit_offset: number;
  /** Milliseconds since 1970. */
  readonly made_at: number;
  readonly frontier: readonly Uint8Array[];
  readonly note: string;
}

/** The entities of `policy-state`: the processor's memory, one record per changed entity. */
export interface RunEntity {
  readonly kind: 'run';
  readonly status: RunStatus;
  readonly account_id: string;
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
  readonly realized_pnl_today: Decimal;
  readonly unrealized_pnl: Decimal;
  readonly kill_switch_active: boolean;
  /** ms; never goes back. */
  readonly clock: number;
  /** Seq of the next audit record. */
  readonly next_seq: number;
  /** Hash of the last audit record; zeros before the first. */
  readonly chain_hash: Uint8Array;
  readonly policy_hash: Uint8Array | null;
  /** Orders and violations that the run began with; the orders count as placed at `started_at` (ms). */
  readonly started_at: number;
  readonly initial_orders_global: number;
  readonly initial_orders_by_strategy: ReadonlyMap<string, number>;
  readonly initial_violations: readonly InitialViolation[];
  /** Violations of decisions with a lower seq no longer count: the kill switch was reset after them. */
  readonly violations_from_seq: number;
  readonly equity_mode: EquityMode;
  /** Of a marked run: equity less its positions at their prices, exact. Null: not known yet, or equity is fixed. */
  readonly cash: Notional | null;
}
export interface InitialViolation {
  readonly at: number;
  readonly rule_id: string;
}
export interface PositionEntity {
  readonly kind: 'position';
  readonly qty: Decimal;
}
export interface IntentEntity {
  readonly kind: 'intent';
  readonly seq: number;
  /** The first 8 bytes of SHA-256 over the intent's Avro body: tells a repeat from a conflict. */
  readonly digest: Uint8Array;
  readonly decision: Verdict;
  readonly strategy_id: string;
  readonly symbol: string;
  readonly side: Side;
  /** Of the admitted order; zero when denied. */
  readonly qty: Decimal;
  readonly cum_qty: Decimal;
  readonly status: OrderStatus;
  /** The run's clock when it was decided, ms. */
  readonly decided_at: number;
  readonly rule_ids: readonly string[];
}
export interface PriceEntity {
  readonly kind: 'price';
  readonly price: Decimal;
}
export interface PolicyEntity {
  readonly kind: 'policy';
  readonly text: string;
}
export interface PositionsEntity {
  readonly kind: 'positions';
  readonly positions: InputPositions;
}
/** Written by each owner of a shard when it takes over: who has read it has read all that came before. */
export interface FenceEntity {
  readonly kind: 'fence';
  readonly owner: string;
}
/** What holds for every run of the shard, those to come included. */
export interface ShardEntity {
  readonly kind: 'shard';
  readonly kill_switch_active: boolean;
}
export type StateEntity =
  RunEntity | PositionEntity | IntentEntity | PriceEntity | PolicyEntity | PositionsEntity | FenceEntity | ShardEntity;
export type EntityKind = StateEntity['kind'];

/** Key of `policy-state`. Unused parts are empty: a price has no run, a run has no id. */
export interface StateKey {
  readonly run_id: string;
  readonly kind: EntityKind;
  readonly id: string;
}
/** Key of `decisions`, `audit-records` and `execution-events`; `intent_id` is empty for records about no intent. */
export interface IntentKey {
  readonly run_id: string;
  readonly intent_id: string;
}
