/** The capital policy, DSL versions "0.1" and "0.2", as zod schemas. Source: contracts, "Policy". */
import type { z } from 'zod';
import { quoted } from '../contractError';
import { RULE_IDS } from '../messages';
import { isJsonObject, type JsonValue } from '../json/value';
import type {
  CapitalPolicy,
  ExecutionLimits,
  ExposureLimits,
  KillSwitchLimits,
  LimitsOverride,
  LossLimits,
  PolicyVersion,
} from '../policy';
import { listOf, mapOf } from './collections';
import { ABOVE_ZERO, count, flag, FRACTION, number, oneOf, orNull, refuse, Refusal, type Kind } from './kinds';
import { field, fieldOr, jsonSchemaOf, kindOf, strictObject } from './schema';

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
const killSwitch = (cancelOpenOrders: z.ZodType<boolean | null>): z.ZodType<KillSwitchLimits> =>
  strictObject({
    trip_on_rules: fieldOr(listOf(oneOf(...RULE_IDS), 'rule ids'), () => [], []),
    trip_after_n_violations: field(count(1, MOST_PER_MINUTE)),
    violation_window_seconds: field(count(1, YEAR_SECONDS)),
    cancel_open_orders: cancelOpenOrders,
  });
const unsaid: Kind<null> = {
  read: () => new Refusal([{ path: [], message: 'needs version "0.2" of the policy language: write `version: "0.2"`' }]),
  schema: {},
};

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
const version: Kind<PolicyVersion> = {
  read: (value) =>
    value === '0.1' || value === '0.2' ? value : refuse('"0.1" or "0.2" in quotes, the versions of the policy language', value),
  schema: { type: 'string', enum: ['0.1', '0.2'] },
};
const timezone: Kind<'UTC'> = {
  read: (value) =>
    typeof value === 'string' && value.toUpperCase() === 'UTC' ? 'UTC' : refuse(`${quoted('UTC')}, the only time zone`, value),
  schema: { type: 'string', pattern: '^[Uu][Tt][Cc]$' },
};

const policyWith = (cancelOpenOrders: z.ZodType<boolean | null>): z.ZodType<CapitalPolicy> =>
  strictObject({
    version: fieldOr(version, () => '0.1', '0.1'),
    timezone: fieldOr(timezone, () => 'UTC', 'UTC'),
    defaults: fieldOr(kindOf(defaults), () => ({ mode: 'enforce', decision: 'deny' }), {}),
    limits: strictObject({ exposure, loss, execution, kill_switch: killSwitch(cancelOpenOrders) }),
    overrides: fieldOr(kindOf(overrides), () => ({ symbols: new Map(), strategies: new Map() }), {}),
  });
const FIRST = policyWith(fieldOr(unsaid, () => null, null));
const NEWEST = policyWith(fieldOr(flag, () => true, true));

/** The schema of the version that the policy names; of the newest, where it names none that there is: that is its only mistake then. */
export const policySchemaOf = (value: JsonValue | undefined): z.ZodType<CapitalPolicy> =>
  isJsonObject(value) && (value.version === undefined || value.version === '0.1') ? FIRST : NEWEST;

const objectWith = (name: string, schema: unknown): Record<string, unknown> => ({
  type: 'object',
  properties: { [name]: schema },
});

/** Both versions in one JSON Schema: the newest, with what a policy of another version may not have. */
export const policyJsonSchema = (): Record<string, unknown> => ({
  ...jsonSchemaOf(NEWEST),
  if: { ...objectWith('version', { const: '0.2' }), required: ['version'] },
  else: objectWith('limits', objectWith('kill_switch', objectWith('cancel_open_orders', false))),
});
