/** JSON Schemas of what the API answers, but for the documents of src/contracts (schemas.ts) and rows of the journal (rowSchemas.ts). */
import { ROLES } from '../route';
import type { JsonSchema } from '../route';
import {
  amount,
  component,
  DECIDED,
  digest,
  flag,
  listOf,
  mapOf,
  MODE,
  object,
  oneOf,
  orNull,
  RUN_STATUS,
  text,
  time,
  whole,
} from './schemaParts';

const ENGINE_FIGURES = { price: orNull(amount), value: orNull(amount), share: orNull(amount) };
const EQUITY_MODE = oneOf('fixed', 'marked');
const problem = {
  type: text,
  title: text,
  status: whole,
  detail: text,
  code: text,
  field: text,
  expected: text,
  errors: listOf(text),
  answers: listOf(component('RunAnswer')),
  error: text,
  message: text,
};
const PROBLEM_OPTIONAL = ['field', 'expected', 'errors', 'answers'];

const controlAnswers = { type: text, answers: orNull(listOf(component('RunAnswer'))) };
const block = object({ source: text, values: mapOf({ type: ['number', 'string', 'boolean', 'array', 'null'] }) });

const INTENTS = {
  Problem: object(problem, ...PROBLEM_OPTIONAL),
  PricesTaken: object({ prices: whole }),
  Pending: object({ status: { type: 'string', const: 'pending' }, run_id: text, intent_id: text }),
  DecidedLine: { allOf: [component('Decision'), object({ seq: whole, replayed: flag })] },
  RefusedLine: object({ ...problem, line: whole }, ...PROBLEM_OPTIONAL),
  BatchLine: { anyOf: [component('DecidedLine'), component('RefusedLine')] },
  Facts: object({
    clock: whole,
    price: orNull(amount),
    unpriced_symbol: orNull(text),
    position_qty: amount,
    working_buy_qty: amount,
    working_sell_qty: amount,
    other_gross: amount,
    other_net: amount,
    equity: amount,
    start_of_day_equity: amount,
    peak_equity: amount,
    orders_last_60s_global: whole,
    orders_last_60s_strategy: whole,
    violations_in_window: whole,
    kill_switch_active: flag,
  }),
  LargestQuantity: object({ qty: orNull(amount), rule_id: orNull(text), metric: orNull(text), limit: orNull(amount) }),
  Evaluated: object({
    run_id: text,
    clock: time,
    seq: whole,
    decision: component('Decision'),
    facts: orNull(component('Facts')),
    max_qty: component('LargestQuantity'),
  }),
  RuleFinding: object({
    rule_id: text,
    name: text,
    fired: flag,
    value: orNull(amount),
    limit: orNull(amount),
    headroom: orNull(amount),
    message: orNull(text),
  }),
  DecisionDetail: object({
    run_id: text,
    intent_id: text,
    seq: whole,
    clock: time,
    policy_hash: orNull(digest),
    hash: digest,
    prev_hash: digest,
    engine_version: text,
    intent: component('OrderIntent'),
    facts: orNull(component('Facts')),
    decision: component('Decision'),
    reference_price: orNull(amount),
    rules: listOf(component('RuleFinding')),
    order: orNull(
      object({
        status: oneOf('WORKING', 'FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED'),
        qty: amount,
        cum_qty: amount,
        leaves_qty: amount,
      }),
    ),
    timeline: listOf(component('Row')),
  }),
  EvidenceFile: { type: 'object', required: ['format'], properties: { format: text } },
} satisfies Readonly<Record<string, JsonSchema>>;

const RUNS = {
  Run: object({
    run_id: text,
    account_id: text,
    status: RUN_STATUS,
    shard: whole,
    policy_hash: orNull(digest),
    mode: orNull(MODE),
    equity_mode: EQUITY_MODE,
    equity: amount,
    kill_switch_active: flag,
    clock: time,
    started_at: orNull(time),
    next_seq: whole,
    chain_hash: digest,
    default: flag,
  }),
  Runs: object({ runs: listOf(component('Run')) }),
  LimitUse: object({
    metric: text,
    rule_id: orNull(text),
    value: amount,
    limit: orNull(amount),
    headroom: orNull(amount),
    used: orNull(amount),
  }),
  HeldPosition: object({
    symbol: text,
    qty: amount,
    working_buy_qty: amount,
    working_sell_qty: amount,
    ...ENGINE_FIGURES,
    limit: orNull(amount),
    headroom: orNull(amount),
    used: orNull(amount),
  }),
  StrategyFigures: object({
    strategy_id: text,
    decided: DECIDED,
    orders_last_60s: whole,
    orders_limit: orNull(whole),
    gross_value: amount,
    net_value: amount,
    positions: listOf(
      object({ symbol: text, qty: amount, working_buy_qty: amount, working_sell_qty: amount, value: orNull(amount) }),
    ),
  }),
  Portfolio: object({
    run_id: text,
    account_id: text,
    status: RUN_STATUS,
    clock: time,
    policy_hash: orNull(digest),
    mode: orNull(MODE),
    equity_mode: EQUITY_MODE,
    equity: amount,
    start_of_day_equity: amount,
    peak_equity: amount,
    gross_value: amount,
    net_value: amount,
    kill_switch_active: flag,
    limits: listOf(component('LimitUse')),
    positions: listOf(component('HeldPosition')),
    strategies: orNull(listOf(component('StrategyFigures'))),
    decided: orNull(DECIDED),
  }),
} satisfies Readonly<Record<string, JsonSchema>>;

const total = {
  runs: listOf(text),
  equity: amount,
  gross_value: amount,
  net_value: amount,
  gross_exposure_x: orNull(amount),
  net_exposure_x: orNull(amount),
  positions: listOf(object({ symbol: text, qty: amount, value: orNull(amount) })),
  strategies: listOf(object({ strategy_id: text, runs: listOf(text), decided: DECIDED, gross_value: amount, net_value: amount })),
};
const ACCOUNTS = {
  Account: object({ account_id: text, ...total }),
  AccountTotal: object(total),
  Accounts: object({ accounts: listOf(component('Account')), total: component('AccountTotal') }),
} satisfies Readonly<Record<string, JsonSchema>>;

const CONTROLS = {
  RunAnswer: object({ run_id: orNull(text), seq: orNull(whole), taken: flag, note: orNull(text) }),
  ControlAnswers: object(controlAnswers),
  KillSwitch: object({
    run_id: text,
    active: flag,
    every_run: flag,
    violations_in_window: whole,
    trip_after_n_violations: orNull(whole),
    violation_window_seconds: orNull(whole),
    trip_on_rules: listOf(text),
    last: orNull(
      object({
        seq: whole,
        clock: time,
        active: flag,
        cause: oneOf('RULE', 'COUNT', 'OPERATOR'),
        rules: listOf(text),
        actor: text,
        reason: text,
      }),
    ),
  }),
  PolicyActivation: object({ policy_hash: digest, ...controlAnswers, warnings: listOf(text) }),
} satisfies Readonly<Record<string, JsonSchema>>;

const known = { policy_hash: digest, version: text, mode: MODE, active_in: listOf(text) };
const POLICIES = {
  Policies: object({
    policies: listOf(object(known)),
    watching: orNull(text),
    refused: orNull(object({ at: time, policy_hash: orNull(digest), errors: listOf(text) })),
  }),
  Policy: object({ ...known, text, warnings: listOf(text) }),
  AppliedLimits: object({
    run_id: text,
    policy_hash: digest,
    mode: MODE,
    symbol: orNull(text),
    strategy: orNull(text),
    limits: object({ exposure: block, loss: block, execution: block, kill_switch: block }),
  }),
  PolicyHistory: object({
    run_id: text,
    history: listOf(
      object({
        seq: whole,
        clock: time,
        type: oneOf('RunStarted', 'PolicyActivated'),
        policy_hash: digest,
        actor: text,
        reason: text,
        taken: flag,
        note: orNull(text),
      }),
    ),
  }),
  PolicyDiff: object({
    valid: flag,
    policy_hash: digest,
    against: digest,
    errors: listOf(text),
    warnings: listOf(text),
    differences: listOf(object({ path: text, from: {}, to: {} })),
  }),
} satisfies Readonly<Record<string, JsonSchema>>;

const SERVICE = {
  Health: object({
    status: { type: 'string', const: 'ok' },
    run_id: orNull(text),
    policy_hash: orNull(digest),
    positions_count: orNull(whole),
    kill_switch_active: orNull(flag),
    orders_last_60s_global: orNull(whole),
  }),
  Ready: object({
    ready: flag,
    reasons: listOf(text),
    shards: listOf(object({ shard: whole, lag: orNull(whole), last_progress_ms: orNull(whole) })),
  }),
  Status: object({
    engine_version: text,
    bus: oneOf('embedded', 'kafka'),
    ready: flag,
    problems: listOf(text),
    default_run: orNull(text),
    started_at: time,
    feed_lag_ms: orNull({ type: 'number' }),
    waiting: whole,
    caller: object({ name: text, roles: listOf(oneOf(...ROLES)) }),
    position: text,
  }),
  OpenApi: { type: 'object', required: ['openapi', 'info', 'paths'] },
} satisfies Readonly<Record<string, JsonSchema>>;

export const ANSWER_SCHEMAS = { ...INTENTS, ...RUNS, ...ACCOUNTS, ...CONTROLS, ...POLICIES, ...SERVICE };
