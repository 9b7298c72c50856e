/** The capital policy, DSL version "0.1", as a zod schema. Source: contracts, "Policy (YAML)". */
import type { z } from 'zod';
import { quoted } from '../contractError';
import { RULE_IDS } from '../messages';
import type { CapitalPolicy, ExecutionLimits, ExposureLimits, KillSwitchLimits, LimitsOverride, LossLimits } from '../policy';
import { listOf, mapOf } from './collections';
import { ABOVE_ZERO, count, FRACTION, number, oneOf, orNull, refuse, type Kind } from './kinds';
import { field, fieldOr, kindOf, strictObject } from './schema';

const MOST_PER_MINUTE = 10_000;
const YEAR_SECONDS = 31_536_000;

const exposure: z.ZodType<ExposureLimits> = strictObject({
  max_position_pct: field(number(FRACTION)),
  max_gross_exposure_x: field(number(ABOVE_ZERO)),
  max_net_exposure_x: fieldOr(orNull(number(ABOVE_ZERO)), () => null, null),
});
const loss: z.ZodType<LossLimits> = strictObject({
  daily_loss_limit_pct: field(number(FRACTION)),
  max_drawdown_pct: field(number(FRACTION)),
});
const execution: z.ZodType<ExecutionLimits> = strictObject({
  max_orders_per_minute_global: field(count(1, MOST_PER_MINUTE)),
  max_orders_per_minute_by_strategy: field(count(1, MOST_PER_MINUTE)),
});
const killSwitch: z.ZodType<KillSwitchLimits> = strictObject({
  trip_on_rules: fieldOr(listOf(oneOf(...RULE_IDS), 'rule ids'), () => [], []),
  trip_after_n_violations: field(count(1, MOST_PER_MINUTE)),
  violation_window_seconds: field(count(1, YEAR_SECONDS)),
});

/** Whole blocks or nothing. */
const override: z.ZodType<LimitsOverride> = strictObject({
  exposure: fieldOr(orNull(kindOf(exposure)), () => null, null),
  loss: fieldOr(orNull(kindOf(loss)), () => null, null),
  execution: fieldOr(orNull(kindOf(execution)), () => null, null),
});
const overridesByName = mapOf(kindOf(override), 'overrides by name');
const overrides: z.ZodType<CapitalPolicy['overrides']> = strictObject({
  symbols: fieldOr(overridesByName, () => new Map(), {}),
  strategies: fieldOr(overridesByName, () => new Map(), {}),
});

const defaults: z.ZodType<CapitalPolicy['defaults']> = strictObject({
  mode: fieldOr(oneOf('enforce', 'monitor'), () => 'enforce', 'enforce'),
  decision: fieldOr(oneOf('deny', 'allow'), () => 'deny', 'deny'),
});

/** A number would be read as text by nobody else: `version: 0.1` must be quoted. */
const version: Kind<'0.1'> = {
  read: (value) => (value === '0.1' ? '0.1' : refuse('"0.1" in quotes, the only version of the policy language', value)),
  schema: { type: 'string', const: '0.1' },
};
const timezone: Kind<'UTC'> = {
  read: (value) =>
    typeof value === 'string' && value.toUpperCase() === 'UTC' ? 'UTC' : refuse(`${quoted('UTC')}, the only time zone`, value),
  schema: { type: 'string', pattern: '^[Uu][Tt][Cc]$' },
};

export const capitalPolicy: z.ZodType<CapitalPolicy> = strictObject({
  version: fieldOr(version, () => '0.1', '0.1'),
  timezone: fieldOr(timezone, () => 'UTC', 'UTC'),
  defaults: fieldOr(kindOf(defaults), () => ({ mode: 'enforce', decision: 'deny' }), {}),
  limits: strictObject({ exposure, loss, execution, kill_switch: killSwitch }),
  overrides: fieldOr(kindOf(overrides), () => ({ symbols: new Map(), strategies: new Map() }), {}),
});
