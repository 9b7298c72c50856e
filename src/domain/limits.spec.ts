import { basePolicy } from '../../test/support/situations';
import { decimal } from '../contracts/decimal';
import type { LimitsOverride } from '../contracts/policy';
import { limitSources, resolveLimits } from './limits';

const exposureOf = (position: string) => ({
  max_position_pct: decimal(position),
  max_gross_exposure_x: decimal('1'),
  max_net_exposure_x: null,
});
const lossOf = (drawdown: string) => ({ daily_loss_limit_pct: decimal('0.5'), max_drawdown_pct: decimal(drawdown) });
const executionOf = (global: number) => ({ max_orders_per_minute_global: global, max_orders_per_minute_by_strategy: 1 });

const policyWith = (symbol: LimitsOverride, strategy: LimitsOverride) => ({
  ...basePolicy,
  overrides: { symbols: new Map([['AAPL', symbol]]), strategies: new Map([['alpha', strategy]]) },
});
const both = policyWith(
  { exposure: exposureOf('0.5'), loss: lossOf('0.5'), execution: executionOf(500) },
  { exposure: exposureOf('0.6'), loss: lossOf('0.6'), execution: executionOf(600) },
);
const shown = (policy: typeof both, symbol: string, strategy: string) => {
  const { exposure, loss, execution } = resolveLimits(policy, symbol, strategy);
  return [exposure.max_position_pct, loss.max_drawdown_pct, execution.max_orders_per_minute_global];
};

it('takes the symbol’s blocks before the strategy’s before the policy’s own, each section by itself', () => {
  expect(shown(both, 'AAPL', 'alpha')).toEqual([decimal('0.5'), decimal('0.5'), 500]);
  expect(shown(both, 'MSFT', 'alpha')).toEqual([decimal('0.6'), decimal('0.6'), 600]);
  expect(shown(both, 'AAPL', 'beta')).toEqual([decimal('0.5'), decimal('0.5'), 500]);
  expect(shown(both, 'MSFT', 'beta')).toEqual([decimal('0.1'), decimal('0.05'), 20]);
});

it('passes over blocks that are null or absent', () => {
  const mixed = policyWith({ loss: null, exposure: exposureOf('0.5') }, { loss: lossOf('0.6') });
  expect(shown(mixed, 'AAPL', 'alpha')).toEqual([decimal('0.5'), decimal('0.6'), 20]);
  expect(limitSources(mixed, 'AAPL', 'alpha')).toEqual({
    exposure: 'overrides.symbols.AAPL.exposure',
    loss: 'overrides.strategies.alpha.loss',
    execution: 'limits.execution',
  });
});

it('replaces a block whole: an override without a net limit checks none', () =>
  expect(resolveLimits(both, 'AAPL', 'beta').exposure.max_net_exposure_x).toBeNull());
