/**
 * Writes the documents, in canonical form: keys sorted by code unit, no white space, ASCII. Each function spells its keys out in that order, so
 * that nothing but maps has to be sorted: an audit line is written for every decision. `plain` makes objects of such a text.
 * Source: contracts, the tables OrderIntent to RunSummary.
 */
import { hash } from 'node:crypto';
import { decimalToJson, formatDecimal, type Decimal, type Notional } from '../decimal';
import { hexOf } from '../json/hex';
import { byKey, canonicalJson, jsonString, type JsonOut } from '../json/write';
import type {
  Decision,
  Evidence,
  ExecutionEvent,
  ExecutionState,
  Facts,
  Figure,
  Instrument,
  MarketSnapshot,
  OrderIntent,
  PortfolioState,
  Violation,
} from '../messages';

/** A decimal as a number if readers with doubles get it back (which they do with 15 digits or fewer), else as a text. */
export const decimalText = (value: Decimal): string => {
  const text = formatDecimal(value);
  if (text.length <= 15) return text;
  const json = decimalToJson(value);
  return typeof json === 'number' ? String(json) : `"${json}"`;
};

const orNull = (value: Decimal | null): string => (value === null ? 'null' : decimalText(value));

/** An object of a map, sorted by key. */
export const mapText = <T>(map: ReadonlyMap<string, T>, write: (value: T) => string): string => {
  const entries = map.size > 1 ? [...map].sort(byKey) : map;
  let text = '';
  for (const [key, value] of entries) text += `${text === '' ? '' : ','}${jsonString(key)}:${write(value)}`;
  return `{${text}}`;
};

export const listText = <T>(items: readonly T[], write: (item: T) => string): string => {
  let text = '';
  for (const item of items) text += text === '' ? write(item) : `,${write(item)}`;
  return `[${text}]`;
};

export const instrumentText = ({ asset_class, symbol }: Instrument): string =>
  `{"asset_class":"${asset_class}","symbol":${jsonString(symbol)}}`;

export const orderIntentText = (intent: OrderIntent): string =>
  `{"account_id":${jsonString(intent.account_id)},"instrument":${instrumentText(intent.instrument)}` +
  `,"intent_id":${jsonString(intent.intent_id)},"limit_price":${orNull(intent.limit_price)},"order_type":"${intent.order_type}"` +
  `,"qty":${decimalText(intent.qty)},"side":"${intent.side}","strategy_id":${jsonString(intent.strategy_id)}` +
  `,"timestamp":${jsonString(intent.timestamp)}}`;

export const portfolioStateText = (portfolio: PortfolioState): string =>
  `{"equity":${decimalText(portfolio.equity)},"peak_equity":${decimalText(portfolio.peak_equity)}` +
  `,"positions":${mapText(portfolio.positions, decimalText)},"realized_pnl_today":${decimalText(portfolio.realized_pnl_today)}` +
  `,"start_of_day_equity":${decimalText(portfolio.start_of_day_equity)},"unrealized_pnl":${decimalText(portfolio.unrealized_pnl)}}`;

export const marketSnapshotText = ({ prices, timestamp }: MarketSnapshot): string =>
  `{"prices":${mapText(prices, decimalText)},"timestamp":${jsonString(timestamp)}}`;

export const executionStateText = (execution: ExecutionState): string =>
  `{"kill_switch_active":${execution.kill_switch_active},"orders_last_60s_by_strategy":` +
  `${mapText(execution.orders_last_60s_by_strategy, String)},"orders_last_60s_global":${execution.orders_last_60s_global}` +
  `,"violations_last_window":${listText(execution.violations_last_window, ([at, rule]) => `[${jsonString(at)},${jsonString(rule)}]`)}}`;

const figureText = ({ name, value }: Figure): string =>
  `${jsonString(name)}:${typeof value === 'bigint' ? decimalText(value) : typeof value === 'string' ? jsonString(value) : String(value)}`;

const figuresText = (figures: readonly Figure[]): string => {
  const sorted = figures.length > 1 ? figures.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : figures;
  return `{${sorted.map(figureText).join(',')}}`;
};

export const violationText = ({ computed, inputs, message, rule_id, severity }: Violation): string =>
  `{"computed":${figuresText(computed)},"inputs":${figuresText(inputs)},"message":${jsonString(message)}` +
  `,"rule_id":"${rule_id}","severity":"${severity}"}`;

export const evidenceText = ({ limit, metric, value }: Evidence): string =>
  `{"limit":${decimalText(limit)},"metric":${jsonString(metric)},"value":${decimalText(value)}}`;

/** `evalMs`: how long it took, in ms with three decimals; null when nobody measured. `modified_intent` is the order of a MODIFY. */
export const decisionText = (decision: Decision, evalMs: number | null): string =>
  `{"decision":"${decision.decision}","eval_ms":${evalMs === null ? 'null' : canonicalJson(evalMs)}` +
  `,"evidence":${listText(decision.evidence, evidenceText)},"intent_id":${jsonString(decision.intent_id)}` +
  `,"kill_switch_triggered":${decision.kill_switch_triggered},"modified_intent":` +
  (decision.decision === 'MODIFY' && decision.order !== null ? orderIntentText(decision.order) : 'null') +
  `,"violations":${listText(decision.violations, violationText)}}`;

/** Values of the engine's facts are exact; the sums of products have up to 36 fraction digits and are written as texts. */
export const factsText = (facts: Facts): string =>
  `{"clock":${facts.clock},"equity":${decimalText(facts.equity)},"kill_switch_active":${facts.kill_switch_active}` +
  `,"orders_last_60s_global":${facts.orders_last_60s_global},"orders_last_60s_strategy":${facts.orders_last_60s_strategy}` +
  `,"other_gross":${notionalText(facts.other_gross)},"other_net":${notionalText(facts.other_net)}` +
  `,"peak_equity":${decimalText(facts.peak_equity)},"position_qty":${decimalText(facts.position_qty)},"price":${orNull(facts.price)}` +
  `,"start_of_day_equity":${decimalText(facts.start_of_day_equity)},"unpriced_symbol":` +
  `${facts.unpriced_symbol === null ? 'null' : jsonString(facts.unpriced_symbol)},"violations_in_window":${facts.violations_in_window}` +
  `,"working_buy_qty":${decimalText(facts.working_buy_qty)},"working_sell_qty":${decimalText(facts.working_sell_qty)}}`;

const ONE_36 = 10n ** 36n;
const ONE_18 = 10n ** 18n;

/** A Notional as an exact number or text. */
export const notionalText = (value: Notional): string => {
  if (value % ONE_18 === 0n && value < ONE_36 * 10n ** 20n && value > -ONE_36 * 10n ** 20n)
    return decimalText((value / ONE_18) as Decimal);
  const magnitude: bigint = value < 0n ? -value : value;
  const whole = formatDecimal(((magnitude / ONE_36) * ONE_18) as Decimal);
  const fraction = (magnitude % ONE_36).toString().padStart(36, '0').replace(/0+$/, '');
  return `"${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}"`;
};

/**
 * One line of the audit JSONL. The documents come as texts, so that one that did not change (the market of a run) is written once.
 * What is undefined is left out. `eval_ms` is the copy of the decision's.
 */
export interface AuditEventParts {
  readonly event_id: string;
  /** The record's time. */
  readonly timestamp: string;
  readonly engine_version: string;
  readonly policy_hash: Uint8Array;
  readonly run_id: string | undefined;
  readonly intent: string;
  readonly portfolio_state: string;
  readonly market_snapshot: string;
  readonly execution_state: string;
  readonly decision: string;
  readonly eval_ms: number | null;
  readonly seq?: number;
  readonly kind?: string;
  readonly facts?: string;
  readonly prev_hash?: Uint8Array;
  readonly hash?: Uint8Array;
  /** The wall clock when the line was written; not part of what is hashed. */
  readonly recorded_at?: string;
  /** Texts of the run's records since the line before that were no decisions. */
  readonly preceding_records?: readonly string[];
  /** The run's clock, ms. */
  readonly clock?: number;
  /** Texts of where the intent stood on the log, of the shard's input positions, and of the price that it was judged at. */
  readonly input?: string;
  readonly positions?: string;
  readonly reference_price?: string;
}

/** Of a record of a chain it has a digest of itself: what stands beside the hashed record cannot be edited unnoticed either. */
export const auditEventText = (parts: AuditEventParts): string => {
  const head = headText(parts);
  const tail = tailText(parts);
  return parts.hash === undefined ? head + tail : `${head},"line_sha256":"${hash('sha256', head + tail)}"${tail}`;
};

/** The fields up to where `line_sha256` stands. */
const headText = (parts: AuditEventParts): string =>
  `{${parts.clock === undefined ? '' : `"clock":${parts.clock},`}"decision":${parts.decision},"engine_version":${jsonString(parts.engine_version)}` +
  `${parts.eval_ms === null ? '' : `,"eval_ms":${canonicalJson(parts.eval_ms)}`},"event_id":${jsonString(parts.event_id)}` +
  `,"execution_state":${parts.execution_state}${present('facts', parts.facts)}${present('hash', hexIf(parts.hash))}` +
  `${present('input', parts.input)},"intent":${parts.intent}${present('kind', quotedIf(parts.kind))}`;

const tailText = (parts: AuditEventParts): string =>
  `,"market_snapshot":${parts.market_snapshot}` +
  `,"policy_hash":${hex(parts.policy_hash)},"portfolio_state":${parts.portfolio_state}${present('positions', parts.positions)}` +
  present('preceding_records', parts.preceding_records === undefined ? undefined : `[${parts.preceding_records.join(',')}]`) +
  `${present('prev_hash', hexIf(parts.prev_hash))}${present('recorded_at', quotedIf(parts.recorded_at))}` +
  present('reference_price', parts.reference_price) +
  `${present('run_id', quotedIf(parts.run_id))}${present('seq', parts.seq)},"timestamp":${jsonString(parts.timestamp)}}`;

const present = (name: string, text: string | number | undefined): string => (text === undefined ? '' : `,"${name}":${text}`);
const quotedIf = (text: string | undefined): string | undefined => (text === undefined ? undefined : jsonString(text));
const hex = (digest: Uint8Array): string => `"${hexOf(digest)}"`;
const hexIf = (digest: Uint8Array | undefined): string | undefined => (digest === undefined ? undefined : hex(digest));

/**
 * One line of the execution JSONL: keys in the order of the first program, then ours. `ts`: the wall clock.
 * A rejection by the broker has no symbol; one because submitting failed (no order id) has, and an unknown outcome has.
 */
export const executionEventText = (event: ExecutionEvent, ts: string): string => {
  const { event: type } = event;
  const submitted = type === 'ORDER_SUBMITTED' || type === 'ORDER_SUBMITTING';
  const ordered = submitted || type === 'ORDER_FILLED';
  const symbol = ordered || type === 'ORDER_UNKNOWN' || event.order_id === '' ? `,"symbol":${jsonString(event.symbol)}` : '';
  const order = ordered && event.qty !== null ? `,"side":"${event.side}","qty":${decimalText(event.qty)}` : '';
  const orderType = submitted ? `,"order_type":"${event.order_type}"` : '';
  const price = type === 'ORDER_FILLED' && event.price !== null ? `,"price":${decimalText(event.price)}` : '';
  const progress = submitted ? '' : `,"cum_qty":${decimalText(event.cum_qty)},"leaves_qty":${decimalText(event.leaves_qty)}`;
  const code = event.code === null ? '' : `,"code":${jsonString(event.code)}`;
  const reason = event.reason === null ? '' : `,"reason":${jsonString(event.reason)}`;
  return (
    `{"ts":${jsonString(ts)},"event":"${type}","intent_id":${jsonString(event.intent_id)},"order_id":${jsonString(event.order_id)}` +
    `,"run_id":${jsonString(event.run_id)},"policy_hash":${hex(event.policy_hash)}${symbol}${order}${orderType}${price}${progress}${code}${reason}}`
  );
};

/** What a run did. */
export interface RunSummary {
  readonly total_intents: number;
  readonly decisions: { readonly ALLOW: number; readonly MODIFY: number; readonly DENY: number };
  readonly rule_histogram: ReadonlyMap<string, number>;
  readonly orders_submitted: number;
  readonly orders_filled: number;
  readonly final_equity: Decimal;
  readonly final_positions: ReadonlyMap<string, Decimal>;
  readonly kill_switch_active: boolean;
  readonly run_id: string;
  /** Intents whose id was decided before: the same again, and with another body (denied, no order). */
  readonly duplicates: number;
  readonly conflicts: number;
  /** Hash of the run's last audit record: two runs with the same one are the same to the byte. */
  readonly chain_hash: Uint8Array;
}

export const runSummaryText = (summary: RunSummary): string => {
  const { ALLOW, DENY, MODIFY } = summary.decisions;
  return (
    `{"chain_hash":${hex(summary.chain_hash)},"conflicts":${summary.conflicts},"decisions":{"ALLOW":${ALLOW},"DENY":${DENY},"MODIFY":${MODIFY}},"duplicates":${summary.duplicates},"final_equity":${decimalText(summary.final_equity)}` +
    `,"final_positions":${mapText(summary.final_positions, decimalText)},"kill_switch_active":${summary.kill_switch_active}` +
    `,"orders_filled":${summary.orders_filled},"orders_submitted":${summary.orders_submitted}` +
    `,"rule_histogram":${mapText(summary.rule_histogram, String)},"run_id":${jsonString(summary.run_id)}` +
    `,"total_intents":${summary.total_intents}}`
  );
};

/** One of the texts above as plain objects, for whoever answers with objects or prints with `prettyJson`. */
export const plain = (text: string): JsonOut => JSON.parse(text) as JsonOut;
