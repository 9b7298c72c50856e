import type { Decimal } from '../decimal';
import { decimal, ZERO } from '../decimal';
import type { OrderResolved, PortfolioState, PositionDrift, RunStarted } from '../messages';
import { exampleControl, exampleDrift, exampleExecution, exampleResolution, exampleUnknown } from './examples';
import { controlFault, executionFault, priceFault } from './inputFaults';

const below = decimal('-1');
const started = exampleControl.payload as RunStarted;
const withPortfolio = (change: Partial<PortfolioState>) => ({
  ...exampleControl,
  payload: { ...started, portfolio: { ...started.portfolio, ...change } },
});
const withExecution = (change: Partial<RunStarted['execution']>) => ({
  ...exampleControl,
  payload: { ...started, execution: { ...started.execution, ...change } },
});
const updated = (equity: Decimal, positions: ReadonlyMap<string, Decimal> | null) => ({
  ...exampleControl,
  payload: { type: 'PortfolioUpdated' as const, equity, start_of_day_equity: decimal('1'), peak_equity: decimal('1'), positions },
});

it('finds nothing wrong with what is right', () => {
  expect(priceFault({ symbol: 'AAPL', price: null })).toBeUndefined();
  expect(executionFault(exampleExecution)).toBeUndefined();
  expect(executionFault({ ...exampleExecution, order_id: '', qty: null })).toBeUndefined();
  expect(controlFault(exampleControl)).toBeUndefined();
  expect(controlFault(updated(decimal('1'), null))).toBeUndefined();
  expect(controlFault({ ...exampleControl, payload: { type: 'RunEnded' } })).toBeUndefined();
});

const drift = (differences: PositionDrift['differences'], broker = 'alpaca') => ({
  ...exampleControl,
  payload: { ...exampleDrift, broker, differences },
});
const resolution = (change: Partial<OrderResolved>) => ({ ...exampleControl, payload: { ...exampleResolution, ...change } });
const difference = (symbol: string) => ({ symbol, run_qty: ZERO, broker_qty: below });

it('finds nothing wrong with what a gateway and an operator say of orders and positions', () => {
  expect(executionFault(exampleUnknown)).toBeUndefined();
  expect(controlFault(drift([]))).toBeUndefined();
  expect(controlFault(drift([difference('A'), difference('B')]))).toBeUndefined();
  expect(controlFault(resolution({}))).toBeUndefined();
  expect(controlFault(resolution({ outcome: 'REJECTED', cum_qty: ZERO, price: null }))).toBeUndefined();
  expect(controlFault(resolution({ outcome: 'EXPIRED', cum_qty: ZERO, price: null }))).toBeUndefined();
  expect(controlFault({ ...exampleControl, payload: { type: 'SessionRolled' } })).toBeUndefined();
});

it.each<[string, string | undefined]>([
  ['broker', controlFault(drift([], ''))],
  ['a symbol in differences', controlFault(drift([difference('')]))],
  ['a symbol in differences', controlFault(drift([difference('x'.repeat(4_097))]))],
  ['a symbol in differences', controlFault(drift([difference('A'), difference('B'), difference('A')]))],
  ['intent_id', controlFault(resolution({ intent_id: '' }))],
  ['cum_qty', controlFault(resolution({ cum_qty: below }))],
  ['cum_qty', controlFault(resolution({ outcome: 'REJECTED' }))],
  ['cum_qty', controlFault(resolution({ outcome: 'FILLED', cum_qty: ZERO, price: null }))],
  ['price', controlFault(resolution({ cum_qty: ZERO }))],
  ['price', controlFault(resolution({ price: null }))],
  ['price', controlFault(resolution({ price: ZERO }))],
  ['actor', controlFault({ ...resolution({}), actor: ' ' })],
  ['reason', controlFault({ ...resolution({}), reason: '' })],
  ['symbol', priceFault({ symbol: '', price: null })],
  ['symbol', priceFault({ symbol: 'x'.repeat(4_097), price: null })],
  ['a name in positions', controlFault(withPortfolio({ positions: new Map([['x'.repeat(4_097), ZERO]]) }))],
  ['run_id', executionFault({ ...exampleExecution, run_id: '' })],
  ['intent_id', executionFault({ ...exampleExecution, intent_id: 'a\n' })],
  ['symbol', executionFault({ ...exampleExecution, symbol: '' })],
  ['qty', executionFault({ ...exampleExecution, qty: below })],
  ['cum_qty', executionFault({ ...exampleExecution, cum_qty: below })],
  ['leaves_qty', executionFault({ ...exampleExecution, leaves_qty: below })],
  ['decision_offset', executionFault({ ...exampleExecution, decision_offset: -1 })],
  ['equity', controlFault(withPortfolio({ equity: ZERO }))],
  ['start_of_day_equity', controlFault(withPortfolio({ start_of_day_equity: below }))],
  ['peak_equity', controlFault(withPortfolio({ peak_equity: ZERO }))],
  ['a name in positions', controlFault(withPortfolio({ positions: new Map([['', ZERO]]) }))],
  ['account_id', controlFault({ ...exampleControl, payload: { ...started, account_id: '' } })],
  ['orders_last_60s_global', controlFault(withExecution({ orders_last_60s_global: -1 }))],
  ['orders_last_60s_by_strategy', controlFault(withExecution({ orders_last_60s_by_strategy: new Map([['s', -1]]) }))],
  ['a name in orders_last_60s_by_strategy', controlFault(withExecution({ orders_last_60s_by_strategy: new Map([['', 1]]) }))],
  ['equity', controlFault(updated(ZERO, null))],
  ['a name in positions', controlFault(updated(decimal('1'), new Map([['\u0085', ZERO]])))],
])('names %s', (field, fault) => expect(fault).toMatch(new RegExp(`^${field} (is|has) .*: expected `)));
