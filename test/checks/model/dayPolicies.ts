/** Policies of a random day: both versions, overrides by symbol and by strategy, tight and wide limits, monitor mode. And some that are none. */
import type { Random } from '../../support/random';

export const anyPolicy = (random: Random): string => {
  const version = random.pick(['0.1', '0.2']);
  const cancel = version === '0.2' && random.chance(0.5) ? `, cancel_open_orders: ${random.pick(['true', 'false'])}` : '';
  const tripOn = random.pick(['[]', '[]', '["LOSS-002"]', '[EXP-002, LOSS-001]', '["SYS-001", EXEC-001]', '[SYS-002, KILL-001]']);
  const after = random.pick([3, 25, 10_000, 10_000, 10_000]);
  return `version: "${version}"
defaults: { mode: ${random.chance(0.1) ? 'monitor' : 'enforce'}, decision: ${random.pick(['deny', 'allow'])} }
limits:
  exposure: ${exposure(random)}
  loss: ${loss(random)}
  execution: ${rate(random)}
  kill_switch: { trip_on_rules: ${tripOn}, trip_after_n_violations: ${after}, violation_window_seconds: ${random.pick([1, 30, 300, 86_400])}${cancel} }
overrides:
  symbols: ${override(random, ['AAPL', '"__proto__"', 'BRK.B'])}
  strategies: ${override(random, ['alpha', 'beta', '"toString"'])}
`;
};

const exposure = (random: Random): string => {
  const position = random.pick(['0.02', '0.1', '0.10', '0.333333333333333333', '1', '5e-2']);
  const net = random.pick(['1.0', '0.15', '0.4', 'null', '~', '3']);
  return `{ max_position_pct: ${position}, max_gross_exposure_x: ${random.pick(['2.0', '0.3', '5', '1'])}, max_net_exposure_x: ${net} }`;
};
const loss = (random: Random): string =>
  `{ daily_loss_limit_pct: ${random.pick(['0.02', '0.5', '1'])}, max_drawdown_pct: ${random.pick(['0.05', '0.3', '1'])} }`;
const rate = (random: Random): string =>
  `{ max_orders_per_minute_global: ${random.pick([3, 8, 10_000])}, max_orders_per_minute_by_strategy: ${random.pick([2, 4, 10_000])} }`;

const override = (random: Random, names: readonly string[]): string => {
  const lines = names
    .filter(() => random.chance(0.3))
    .map((name) => {
      const blocks = [
        ...(random.chance(0.5) ? [`exposure: ${exposure(random)}`] : []),
        ...(random.chance(0.3) ? [`loss: ${loss(random)}`] : []),
        random.pick([`execution: ${rate(random)}`, 'execution: null']),
      ];
      return `${name}: { ${blocks.join(', ')} }`;
    });
  return `{ ${lines.join(', ')} }`;
};

export const anyInvalidPolicy = (random: Random): string =>
  random.pick<(text: string) => string>([
    () => 'not a policy',
    () => '',
    (text) => text.replace('version: "', 'version: "1'),
    (text) => text.replace('max_gross_exposure_x', 'max_gross_exposure'),
    (text) => text.replace(/max_position_pct: [^,]*/, 'max_position_pct: 1.000000000000000001'),
    (text) => text.replace(/max_drawdown_pct: [^ ]*/, 'max_drawdown_pct: "0.1"'),
    (text) => text.replace(/trip_on_rules: \[.*?\]/, 'trip_on_rules: [EXP-004]'),
    (text) => text.replace('limits:', 'limits: &all'),
    (text) => `${text}\n---\n${text}`,
    (text) => text.replace(/trip_after_n_violations: [0-9]+/, 'trip_after_n_violations: 2.5'),
    (text) => text.replace(/symbols: .*/, 'symbols: { ON: {} }'),
    (text) => text.replace(/symbols: .*/, 'symbols: { AAPL: null }'),
    (text) => text.replace(/symbols: .*/, 'symbols: { AAPL: {}, AAPL: {} }'),
    (text) => text.replace('"0.2"', '"0.1"').replace(/ }\noverrides/, ', cancel_open_orders: true }\noverrides'),
  ])(anyPolicy(random));
