import { didYouMean, nearest } from './nearest';

const known = ['max_drawdown_pct', 'daily_loss_limit_pct', 'qty', 'side'];

it.each([
  ['max_drawdown_pc', 'max_drawdown_pct'],
  ['max_drawdwon_pct', 'max_drawdown_pct'],
  ['MAX_DRAWDOWN_PCT', 'max_drawdown_pct'],
  ['daily_loss_pct', 'daily_loss_limit_pct'],
  ['qyt', 'qty'],
  ['quantity_of_shares', undefined],
  ['tag', undefined],
  ['x'.repeat(70), undefined],
])('takes %s for %s', (name, meant) => expect(nearest(name, known)).toBe(meant));

it('asks, or says nothing', () => {
  expect(didYouMean('qyt', known)).toBe('; did you mean `qty`?');
  expect(didYouMean('zzzzzz', known)).toBe('');
});
