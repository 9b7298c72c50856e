import type { ControlAnswer, Row, Run } from '../api/documents';
import { GivenOrders } from './givenOrders';
import type { Order } from './givenOrders';

const ORDER: Order = { what: 'Trip', type: 'KillSwitchTripped', run: 'r-1', afterSeq: 10, reason: 'drill' };
const LATE: ControlAnswer = { type: 'KillSwitchTripped', answers: null, folded: false };
const run = (run_id: string, fields: Partial<Run> = {}): Run =>
  ({ run_id, status: 'ACTIVE', kill_switch_active: false, policy_hash: 'old', ...fields }) as Run;
const row = (seq: number, fields: Partial<Row>): Row => ({ seq, kind: 'CONTROL', clock_ms: 0, reason: 'drill', ...fields });
const given = (order: Partial<Order> = {}, answer: Partial<ControlAnswer> = {}): GivenOrders => {
  const orders = new GivenOrders();
  orders.sent({ ...ORDER, ...order }).answered({ ...LATE, ...answer });
  return orders;
};
const standing = (orders: GivenOrders): string | undefined => orders.all.current[0]?.standing;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('says of an order that no run has folded that it is not in force, until its record comes', () => {
  const orders = given();
  expect(orders.all.current[0]?.text).toContain('on the log, not in force yet');
  orders.noticed('r-1', [row(9, { type: 'KillSwitchTripped' }), row(12, { type: 'PolicyActivated' })]);
  orders.noticed('r-2', [row(12, { type: 'KillSwitchTripped' })]);
  expect(standing(orders)).toBe('pending');
  orders.noticed('r-1', [row(12, { type: 'KillSwitchTripped' })]);
  expect(orders.all.current[0]).toMatchObject({ standing: 'done', text: 'in force since seq 12' });
  jest.advanceTimersByTime(30_000);
  expect(orders.all.current).toEqual([]);
});

it('waits for every active run, where it is for every run', () => {
  const orders = given({ run: undefined });
  orders.runsAre([run('r-1', { kill_switch_active: true }), run('r-2'), run('r-3', { status: 'ENDED' })]);
  expect(standing(orders)).toBe('pending');
  orders.runsAre([run('r-1', { kill_switch_active: true }), run('r-2', { kill_switch_active: true })]);
  expect(standing(orders)).toBe('done');
});

it('knows a policy by its hash', () => {
  const orders = given({ type: 'PolicyActivated' }, { policy_hash: 'new' });
  orders.runsAre([run('r-1')]);
  expect(standing(orders)).toBe('pending');
  orders.runsAre([run('r-1', { policy_hash: 'new' })]);
  expect(standing(orders)).toBe('done');
});

it('names what the runs answered, and what they refused', () => {
  const answers = [{ run_id: 'r-1', seq: 12, taken: true, note: null }];
  expect(given({}, { folded: true, answers }).all.current[0]).toMatchObject({
    standing: 'done',
    text: 'in force: run r-1, seq 12',
  });
  expect(given({ run: undefined }, { answers }).all.current[0]?.text).toMatch(/not in force yet.*in force already for run r-1/);
  const refused = given();
  refused.noticed('r-1', [row(11, { kind: 'REJECTED_INPUT', topic: 'control-events', note: 'the run has ended' })]);
  expect(refused.all.current[0]).toMatchObject({
    standing: 'failed',
    text: expect.stringContaining('the run has ended') as string,
  });
});
