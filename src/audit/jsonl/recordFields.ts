/** Parts of audit records as their JSON texts have them (contracts/documents: recordTexts, writeDocument), read back. */
import type {
  Decision,
  DuplicateIntent,
  Evidence,
  ExecutionEvent,
  ExecutionState,
  Facts,
  Figure,
  InputCoordinates,
  InputPositions,
  KillSwitchChange,
  MarketSnapshot,
  OrderIntent,
  PortfolioState,
  Violation,
} from '../../contracts/messages';
import { RULE_IDS } from '../../contracts/messages';
import type { JsonObject, JsonValue } from '../../contracts/json/value';
import {
  ASSET_CLASSES,
  EXECUTION_EVENT_TYPES,
  KILL_SWITCH_CAUSES,
  ORDER_TYPES,
  SEVERITIES,
  SIDES,
  VERDICTS,
} from '../../contracts/avro/symbols';
import {
  decimal,
  decimalOf,
  decimalOrNull,
  digest,
  flag,
  LineFault,
  list,
  listOf,
  mapOf,
  notional,
  object,
  objectOf,
  oneOf,
  text,
  textOrNull,
  whole,
  wholeOf,
} from './jsonFields';

export const intentOf = (fields: JsonObject): OrderIntent => {
  const instrument = object(fields, 'instrument');
  return {
    intent_id: text(fields, 'intent_id'),
    timestamp: text(fields, 'timestamp'),
    strategy_id: text(fields, 'strategy_id'),
    account_id: text(fields, 'account_id'),
    instrument: { symbol: text(instrument, 'symbol'), asset_class: oneOf(instrument, 'asset_class', ASSET_CLASSES) },
    side: oneOf(fields, 'side', SIDES),
    order_type: oneOf(fields, 'order_type', ORDER_TYPES),
    qty: decimal(fields, 'qty'),
    limit_price: decimalOrNull(fields, 'limit_price'),
  };
};

export const inputOf = (fields: JsonObject): InputCoordinates => ({
  topic: text(fields, 'topic'),
  partition: whole(fields, 'partition'),
  offset: whole(fields, 'offset'),
  timestamp: whole(fields, 'timestamp'),
});

export const positionsOf = (fields: JsonObject): InputPositions => ({
  order_intents: whole(fields, 'order_intents'),
  market_prices: whole(fields, 'market_prices'),
  control_events: whole(fields, 'control_events'),
  execution_events: whole(fields, 'execution_events'),
});

export const factsOf = (fields: JsonObject): Facts => ({
  clock: whole(fields, 'clock'),
  price: decimalOrNull(fields, 'price'),
  unpriced_symbol: textOrNull(fields, 'unpriced_symbol'),
  position_qty: decimal(fields, 'position_qty'),
  working_buy_qty: decimal(fields, 'working_buy_qty'),
  working_sell_qty: decimal(fields, 'working_sell_qty'),
  other_gross: notional(fields, 'other_gross'),
  other_net: notional(fields, 'other_net'),
  equity: decimal(fields, 'equity'),
  start_of_day_equity: decimal(fields, 'start_of_day_equity'),
  peak_equity: decimal(fields, 'peak_equity'),
  orders_last_60s_global: whole(fields, 'orders_last_60s_global'),
  orders_last_60s_strategy: whole(fields, 'orders_last_60s_strategy'),
  violations_in_window: whole(fields, 'violations_in_window'),
  kill_switch_active: flag(fields, 'kill_switch_active'),
});

/** `intent`: what an ALLOW sends, which the document of a decision does not repeat. */
export const decisionOf = (fields: JsonObject, intent: OrderIntent): Decision => {
  const decision = oneOf(fields, 'decision', VERDICTS);
  const order = decision === 'ALLOW' ? intent : decision === 'MODIFY' ? intentOf(object(fields, 'modified_intent')) : null;
  return {
    decision,
    intent_id: text(fields, 'intent_id'),
    order,
    violations: list(fields, 'violations').map((each) => violationOf(objectOf(each, 'violations'))),
    evidence: list(fields, 'evidence').map((each) => evidenceOf(objectOf(each, 'evidence'))),
    kill_switch_triggered: flag(fields, 'kill_switch_triggered'),
  };
};

const violationOf = (fields: JsonObject): Violation => ({
  rule_id: oneOf(fields, 'rule_id', RULE_IDS),
  severity: oneOf(fields, 'severity', SEVERITIES),
  message: text(fields, 'message'),
  inputs: figuresOf(object(fields, 'inputs')),
  computed: figuresOf(object(fields, 'computed')),
});

/** Figures stand in the record in the order in which their rule tells them, and in a document sorted by name. Source: domain, `rules`. */
const IN_ORDER: readonly string[] = [
  'strategy_id',
  'max_orders_per_minute_by_strategy',
  'new_position_pct',
  'requested_qty',
  'allowed_qty',
  'reduced_order_breaches',
];
/** Figures that are texts; a text under another name is a decimal with more digits than a number keeps. */
const TEXTS: ReadonlySet<string> = new Set(['symbol', 'strategy_id', 'order_type', 'reduced_order_breaches']);

const figuresOf = (fields: JsonObject): readonly Figure[] => {
  const figures: Figure[] = [];
  for (const name in fields) figures.push({ name, value: figureValue(fields[name], name) });
  return figures.sort((a, b) => IN_ORDER.indexOf(a.name) - IN_ORDER.indexOf(b.name));
};

const figureValue = (value: JsonValue | undefined, name: string): Figure['value'] => {
  if (typeof value === 'boolean' || (typeof value === 'string' && TEXTS.has(name))) return value;
  return decimalOf(value, name);
};

const evidenceOf = (fields: JsonObject): Evidence => ({
  metric: text(fields, 'metric'),
  value: decimal(fields, 'value'),
  limit: decimal(fields, 'limit'),
});

/** `run_id` and `policy_hash` are left out where they are the record's. */
export const executionOf = (fields: JsonObject, runId: string, policyHash: Uint8Array | null): ExecutionEvent => ({
  event: oneOf(fields, 'event', EXECUTION_EVENT_TYPES),
  run_id: fields.run_id === undefined ? runId : text(fields, 'run_id'),
  intent_id: text(fields, 'intent_id'),
  order_id: text(fields, 'order_id'),
  client_order_id: text(fields, 'client_order_id'),
  symbol: text(fields, 'symbol'),
  side: oneOf(fields, 'side', SIDES),
  order_type: oneOf(fields, 'order_type', ORDER_TYPES),
  qty: decimalOrNull(fields, 'qty'),
  price: decimalOrNull(fields, 'price'),
  cum_qty: decimal(fields, 'cum_qty'),
  leaves_qty: decimal(fields, 'leaves_qty'),
  code: textOrNull(fields, 'code'),
  reason: textOrNull(fields, 'reason'),
  policy_hash: fields.policy_hash === undefined && policyHash !== null ? policyHash : digest(fields, 'policy_hash'),
  decision_offset: whole(fields, 'decision_offset'),
});

export const killSwitchOf = (fields: JsonObject): KillSwitchChange => ({
  active: flag(fields, 'active'),
  cause: oneOf(fields, 'cause', KILL_SWITCH_CAUSES),
  rule_ids: list(fields, 'rule_ids').map((each) => textOf(each, 'rule_ids')),
  violations_in_window: whole(fields, 'violations_in_window'),
  actor: text(fields, 'actor'),
  reason: text(fields, 'reason'),
});

export const duplicateOf = (fields: JsonObject): DuplicateIntent => ({
  decided_seq: whole(fields, 'decided_seq'),
  conflict: flag(fields, 'conflict'),
});

export const portfolioOf = (fields: JsonObject): PortfolioState => ({
  equity: decimal(fields, 'equity'),
  start_of_day_equity: decimal(fields, 'start_of_day_equity'),
  peak_equity: decimal(fields, 'peak_equity'),
  positions: mapOf(fields, 'positions', decimalOf),
  realized_pnl_today: decimal(fields, 'realized_pnl_today'),
  unrealized_pnl: decimal(fields, 'unrealized_pnl'),
});

export const marketOf = (fields: JsonObject): MarketSnapshot => ({
  timestamp: text(fields, 'timestamp'),
  prices: mapOf(fields, 'prices', decimalOf),
});

export const executionStateOf = (fields: JsonObject): ExecutionState => ({
  orders_last_60s_global: whole(fields, 'orders_last_60s_global'),
  orders_last_60s_by_strategy: mapOf(fields, 'orders_last_60s_by_strategy', wholeOf),
  violations_last_window: list(fields, 'violations_last_window').map((each) => {
    const [at, rule, ...more] = listOf(each, 'violations_last_window');
    if (more.length > 0) throw new LineFault('pairs of a time and a rule in `violations_last_window`', 'a longer list');
    return [textOf(at, 'violations_last_window'), textOf(rule, 'violations_last_window')] as const;
  }),
  kill_switch_active: flag(fields, 'kill_switch_active'),
});

const textOf = (value: JsonValue | undefined, name: string): string => {
  if (typeof value === 'string') return value;
  throw new LineFault(`\`${name}\`: texts`, typeof value);
};
