import { Registry } from 'prom-client';
import { policyText, START, TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { decimal } from '../../contracts/decimal';
import { RiskMetrics } from './riskMetrics';

const shard = new TestShard();
const registry = new Registry();
const risk = new RiskMetrics(registry);
const value = async (series: string): Promise<number> => {
  const line = (await registry.metrics()).split('\n').find((each) => each.startsWith(`policygate_${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ')));
};
const used = (limit: string): Promise<number> => value(`limit_used_ratio{shard="0",limit="${limit}"}`);
const intent = (intent_id: string, run: string, qty: string) =>
  shard.intent(intentOf({ intent_id, qty: decimal(qty), timestamp: new Date(START).toISOString() }), run);

beforeAll(async () => {
  risk.follow(0, (await shard.takeOver()).shard);
  await shard.feed(shard.started(), shard.started({}, 'r-2'), shard.started({}, 'r-3'), shard.price('AAPL', '100'));
});

it('shows of each limit the most that any active run uses', async () => {
  expect([await value('active_runs{shard="0"}'), await used('position_pct'), await used('drawdown')]).toEqual([3, Number.NaN, 0]);
  // 40 and 80 shares at 100 of an equity of 100,000, of which a position may be a tenth.
  await shard.feed(intent('a', 'r-1', '40'), intent('b', 'r-2', '80'));
  expect([await used('position_pct'), await used('gross_exposure_x'), await used('net_exposure_x')]).toEqual([0.8, 0.04, 0.08]);
  await shard.feed(shard.control({ type: 'PolicyActivated', policy_text: policyText({ position: '0.05' }) }));
  expect(await used('position_pct')).toBe(0.8);
});

it('shows who is stopped, run by run and all together, and forgets a shard that is another’s', async () => {
  expect([await value('kill_switch_active_runs{shard="0"}'), await value('kill_switch_all{shard="0"}')]).toEqual([0, 0]);
  await shard.feed(shard.control({ type: 'KillSwitchTripped' }, { run: 'r-3' }));
  expect([await value('kill_switch_active_runs{shard="0"}'), await value('kill_switch_all{shard="0"}')]).toEqual([1, 0]);
  await shard.feed(shard.control({ type: 'KillSwitchTripped' }, { run: '*' }));
  expect([await value('kill_switch_active_runs{shard="0"}'), await value('kill_switch_all{shard="0"}')]).toEqual([3, 1]);
  expect(await registry.metrics()).not.toMatch(/r-1|AAPL|alpha/);
  risk.forget(0);
  expect(await value('active_runs{shard="0"}')).toBeNaN();
});
