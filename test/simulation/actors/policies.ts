/** Policies that runs live under: limits that a few orders reach, overrides that differ in ways that matter, and texts that are no policies. */
import { decimal } from '../../../src/contracts/decimal';
import { formatDecimal } from '../../../src/contracts/decimal';
import type { RuleId } from '../../../src/contracts/messages';
import type { CapitalPolicy, ExecutionLimits, ExposureLimits, LimitsOverride, LossLimits } from '../../../src/contracts/policy';
import type { Random } from '../../support/random';
import type { Profile } from '../world/plan';

export interface DrawnPolicy {
  readonly text: string;
  /** What the text says. */
  readonly policy: CapitalPolicy;
}

const UNLIMITED = 10_000;

/** `symbols`, `strategies`: those that overrides may name. */
export const drawPolicy = (
  random: Random,
  profile: Profile,
  symbols: readonly string[],
  strategies: readonly string[],
): DrawnPolicy => {
  const version = random.chance(0.5) ? '0.1' : '0.2';
  const overrideRate = profile === 'policy' ? 0.6 : 0.3;
  const overridesOf = (names: readonly string[]): ReadonlyMap<string, LimitsOverride> =>
    new Map(names.filter(() => random.chance(overrideRate)).map((name) => [name, override(random)]));
  const policy: CapitalPolicy = {
    version,
    timezone: 'UTC',
    defaults: { mode: random.chance(0.08) ? 'monitor' : 'enforce', decision: 'deny' },
    limits: {
      exposure: exposure(random),
      loss: loss(random),
      execution: execution(random),
      kill_switch: {
        trip_on_rules: tripRules(random),
        trip_after_n_violations: random.pick([UNLIMITED, UNLIMITED, UNLIMITED, 3, 6, 12]),
        violation_window_seconds: random.pick([5, 30, 60, 300]),
        cancel_open_orders: version === '0.1' ? null : random.chance(0.7),
      },
    },
    overrides: { symbols: overridesOf(symbols.slice(0, 3)), strategies: overridesOf(strategies.slice(0, 3)) },
  };
  return { text: textOf(policy), policy };
};

const exposure = (random: Random): ExposureLimits => ({
  max_position_pct: decimal(random.pick(['0.05', '0.08', '0.1', '0.25', '0.333333333333333333', '1'])),
  max_gross_exposure_x: decimal(random.pick(['0.3', '0.5', '0.8', '1.5', '2'])),
  max_net_exposure_x: random.chance(0.3) ? null : decimal(random.pick(['0.15', '0.25', '0.4', '1'])),
});
const loss = (random: Random): LossLimits => ({
  daily_loss_limit_pct: decimal(random.pick(['0.02', '0.05', '0.2'])),
  max_drawdown_pct: decimal(random.pick(['0.05', '0.1', '0.3'])),
});
const execution = (random: Random): ExecutionLimits => ({
  max_orders_per_minute_global: random.pick([UNLIMITED, UNLIMITED, UNLIMITED, 5, 8, 15]),
  max_orders_per_minute_by_strategy: random.pick([UNLIMITED, UNLIMITED, UNLIMITED, 3, 5, 8]),
});
/** A block that is not there leaves it to the next in line. */
const override = (random: Random): LimitsOverride => ({
  exposure: random.chance(0.7) ? exposure(random) : null,
  loss: random.chance(0.3) ? loss(random) : null,
  execution: random.chance(0.4) ? execution(random) : null,
});

const tripRules = (random: Random): readonly RuleId[] =>
  random.pick<readonly RuleId[]>([[], [], [], ['LOSS-002'], ['LOSS-002'], ['EXEC-001'], ['EXP-003', 'LOSS-001'], ['SYS-001']]);

const textOf = ({ version, defaults, limits, overrides }: CapitalPolicy): string => {
  const { kill_switch: kill } = limits;
  const cancels = kill.cancel_open_orders === null ? '' : `, cancel_open_orders: ${kill.cancel_open_orders}`;
  return `version: "${version}"
defaults: { mode: ${defaults.mode} }
limits:
${blocks(limits, '  ')}  kill_switch: { trip_on_rules: [${kill.trip_on_rules.join(', ')}], trip_after_n_violations: ${kill.trip_after_n_violations}, violation_window_seconds: ${kill.violation_window_seconds}${cancels} }
overrides:
  symbols:${overridesText(overrides.symbols)}
  strategies:${overridesText(overrides.strategies)}
`;
};

const overridesText = (overrides: ReadonlyMap<string, LimitsOverride>): string => {
  if (overrides.size === 0) return ' {}';
  return [...overrides]
    .map(([name, limits]) => {
      const text = blocks(limits, '      ').trimEnd();
      return `\n    "${name}":${text === '' ? ' {}' : `\n${text}`}`;
    })
    .join('');
};

const blocks = ({ exposure: e, loss: l, execution: x }: LimitsOverride, indent: string): string => {
  const lines: string[] = [];
  if (e) {
    const net = e.max_net_exposure_x === null ? 'null' : formatDecimal(e.max_net_exposure_x);
    lines.push(
      `exposure: { max_position_pct: ${formatDecimal(e.max_position_pct)}, max_gross_exposure_x: ${formatDecimal(e.max_gross_exposure_x)}, max_net_exposure_x: ${net} }`,
    );
  }
  if (l)
    lines.push(
      `loss: { daily_loss_limit_pct: ${formatDecimal(l.daily_loss_limit_pct)}, max_drawdown_pct: ${formatDecimal(l.max_drawdown_pct)} }`,
    );
  if (x)
    lines.push(
      `execution: { max_orders_per_minute_global: ${x.max_orders_per_minute_global}, max_orders_per_minute_by_strategy: ${x.max_orders_per_minute_by_strategy} }`,
    );
  return lines.map((line) => `${indent}${line}\n`).join('');
};

/** Texts that must be refused: cut off, of a later version, with an unknown key, a limit out of bounds, a doubled key, or none at all. */
export const invalidPolicyText = (random: Random, valid: string): string =>
  random.pick<() => string>([
    () => 'limits: { exposure: none',
    () => '',
    () => valid.replace(/^version: ".*"/, 'version: "0.9"'),
    () => valid.replace('limits:', 'limit:'),
    () => valid.replace(/max_position_pct: [0-9.]+/, 'max_position_pct: 1.5'),
    () => `${valid}version: "0.1"\n`,
    () => valid.replace(/trip_after_n_violations: [0-9]+/, 'trip_after_n_violations: .nan'),
  ])();
