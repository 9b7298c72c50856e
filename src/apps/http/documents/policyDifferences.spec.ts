import { readPolicy } from '../../../contracts/policyDocument';
import type { CapitalPolicy } from '../../../contracts/policy';
import { policyDifferences } from './policyDifferences';

const policyOf = (text: string): CapitalPolicy => {
  const read = readPolicy(text, 'test');
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value.policy;
};
const LIMITS = `
limits:
  exposure: { max_position_pct: 0.1, max_gross_exposure_x: 2.0 }
  loss: { daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05 }
  execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 }
  kill_switch: { trip_on_rules: [LOSS-002], trip_after_n_violations: 3, violation_window_seconds: 300 }
`;

it('the same policy in other words differs in nothing', () =>
  expect(
    policyDifferences(
      policyOf(LIMITS),
      policyOf(
        `version: "0.1"\ndefaults: { mode: enforce }\noverrides: { symbols: { AAPL: {} } }\n${LIMITS.replace('2.0', '2')}`,
      ),
    ),
  ).toEqual([]));

it('what is changed, what is new and what is gone, by path, whatever symbols are called', () => {
  const to = `version: "0.2"\n${LIMITS.replace('0.1,', '0.050000000000000001,').replace('2.0 }', '2.0, max_net_exposure_x: 1 }').replace('[LOSS-002]', '[]')}
overrides: { symbols: { __proto__: { loss: { daily_loss_limit_pct: 0.01, max_drawdown_pct: 0.03 } }, "BRK B": { loss: { daily_loss_limit_pct: 0.01, max_drawdown_pct: 0.03 } } } }`;
  const differences = policyDifferences(policyOf(LIMITS), policyOf(to));
  expect(differences).toEqual([
    { path: 'limits.exposure.max_net_exposure_x', from: null, to: 1 },
    { path: 'limits.exposure.max_position_pct', from: 0.1, to: '0.050000000000000001' },
    { path: 'limits.kill_switch.cancel_open_orders', from: null, to: true },
    { path: 'limits.kill_switch.trip_on_rules', from: ['LOSS-002'], to: [] },
    { path: 'overrides.symbols.__proto__.loss.daily_loss_limit_pct', from: null, to: 0.01 },
    { path: 'overrides.symbols.__proto__.loss.max_drawdown_pct', from: null, to: 0.03 },
    { path: 'overrides.symbols["BRK B"].loss.daily_loss_limit_pct', from: null, to: 0.01 },
    { path: 'overrides.symbols["BRK B"].loss.max_drawdown_pct', from: null, to: 0.03 },
    { path: 'version', from: '0.1', to: '0.2' },
  ]);
  expect(policyDifferences(policyOf(to), policyOf(LIMITS))).toEqual(
    differences.map(({ path, from, to: then }) => ({ path, from: then, to: from })),
  );
});
