/** Runs whose equity follows from trading, through the real processor. */
import { executionOf, intentOf, portfolioOf } from '../../test/support/situations';
import { policyText, START, TestShard } from '../../test/support/shard';
import { decimal, formatDecimal } from '../contracts/decimal';
import type { ControlPayload, PublishedDecision } from '../contracts/messages';
import type { OutgoingRecord } from './bus';

const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
let asked = 0;
const ask = (shard: TestShard, fields: Parameters<typeof intentOf>[0] = {}): OutgoingRecord =>
  shard.intent(intentOf({ intent_id: `i-${++asked}`, timestamp: at(asked), qty: decimal('1'), ...fields }));
const answered = async (shard: TestShard): Promise<PublishedDecision> => (await shard.decisions()).at(-1)!;
const verdict = async (shard: TestShard): Promise<string> => {
  const { decision, violations } = await answered(shard);
  return [decision, ...violations.map(({ rule_id }) => rule_id)].join(' ');
};
const account = (shard: TestShard): readonly string[] => {
  const { equity, start_of_day_equity, peak_equity } = shard.live.shard.runs.get('r-1')!.state.account;
  return [equity, start_of_day_equity, peak_equity].map(formatDecimal);
};
const ROLLED: ControlPayload = { type: 'SessionRolled' };

const markedRun = async (positions: Readonly<Record<string, string>> = { AAPL: '500' }): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(
    shard.price('AAPL', '200'),
    shard.started({
      equity_mode: 'marked',
      portfolio: portfolioOf(positions),
      policy_text: policyText({ position: '1', tripAfter: 100 }),
    }),
  );
  return shard;
};

it('LOSS-001 fires from prices alone, and no longer when the day is rolled', async () => {
  const shard = await markedRun();
  await shard.feed(shard.price('AAPL', '196.01'), ask(shard, { side: 'sell' }));
  expect(await verdict(shard)).toBe('ALLOW');
  // 500 shares lost 4 each: 2 percent of 100,000.
  await shard.feed(shard.price('AAPL', '196'), ask(shard, { side: 'sell' }));
  expect(await verdict(shard)).toBe('DENY LOSS-001');
  await shard.feed(shard.control(ROLLED), ask(shard, { side: 'sell' }));
  expect(account(shard)).toEqual(['98000', '98000', '100000']);
  expect(await verdict(shard)).toBe('ALLOW');
});

it('LOSS-002 fires from the peak that trading came to, and trips the kill switch', async () => {
  const shard = await markedRun();
  await shard.feed(shard.price('AAPL', '220'), shard.control(ROLLED), shard.price('AAPL', '209'), shard.control(ROLLED));
  expect(account(shard)).toEqual(['104500', '104500', '110000']);
  // 5 percent of the peak of 110,000, while the day's loss is nothing.
  await shard.feed(ask(shard, { side: 'sell' }));
  expect(await verdict(shard)).toBe('DENY LOSS-002');
  expect(await answered(shard)).toMatchObject({ kill_switch_triggered: true, kill_switch_tripped: true });
});

it('LOSS-002 counts a fall from an equity above the peak that was given with it', async () => {
  const shard = await markedRun();
  const [equity, start_of_day_equity, peak_equity] = [decimal('100000'), decimal('100000'), decimal('50000')];
  const figures: ControlPayload = { type: 'PortfolioUpdated', equity, start_of_day_equity, peak_equity, positions: null };
  await shard.feed(shard.control(figures), shard.price('AAPL', '189'), shard.control(ROLLED));
  expect(account(shard)).toEqual(['94500', '94500', '100000']);
  await shard.feed(ask(shard, { side: 'sell' }));
  expect(await verdict(shard)).toBe('DENY LOSS-002');
});

it('LOSS-001 fires from fills at bad prices', async () => {
  const shard = await markedRun({});
  await shard.feed(ask(shard, { intent_id: 'bad', qty: decimal('100') }));
  const fill = { intent_id: 'bad', qty: decimal('100'), cum_qty: decimal('100') };
  await shard.feed(shard.execution(executionOf({ ...fill, price: decimal('220') })), ask(shard));
  expect(account(shard)[0]).toBe('98000');
  expect(await verdict(shard)).toBe('DENY LOSS-001');
});

it('a fixed run loses nothing by trading, and rolls its day too', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  const portfolio = { ...portfolioOf({ AAPL: '500' }), equity: decimal('99000') };
  await shard.feed(shard.price('AAPL', '200'), shard.started({ portfolio }), shard.price('AAPL', '100'), shard.control(ROLLED));
  expect(account(shard)).toEqual(['99000', '99000', '100000']);
});

it('answers SYS-002, not a division, when equity is gone', async () => {
  const shard = await markedRun({ AAPL: '-500' });
  for (const price of ['400', '401']) {
    await shard.feed(shard.price('AAPL', price), ask(shard));
    expect(await verdict(shard)).toBe('DENY SYS-002');
    const { violations, evidence } = await answered(shard);
    expect([violations[0]?.message, evidence]).toEqual([expect.stringContaining('Equity is not above zero'), []]);
  }
  expect(account(shard)[0]).toBe('-500');
  await shard.feed(shard.control(ROLLED));
  expect((await shard.audits()).at(-1)).toMatchObject({
    kind: 'REJECTED_INPUT',
    note: expect.stringContaining('not above zero'),
  });
  expect(account(shard)[1]).toBe('100000');
});

it('denies while what it holds has no price, and goes on from all that happened', async () => {
  const shard = await markedRun();
  await shard.feed(shard.price('AAPL', null), ask(shard, { side: 'sell' }));
  expect([await verdict(shard), account(shard)[0]]).toEqual(['DENY SYS-001', '100000']);
  await shard.feed(shard.price('AAPL', '190'), ask(shard, { side: 'sell' }));
  expect([await verdict(shard), account(shard)[0]]).toEqual(['DENY LOSS-001 LOSS-002', '95000']);
});

it('is the same after a takeover at any point', async () => {
  const shard = await markedRun({ AAPL: '500', LATE: '1' });
  const figures: (readonly string[])[] = [];
  for (const record of [
    shard.price('AAPL', '199'),
    shard.price('LATE', '10'),
    shard.price('AAPL', '210'),
    shard.price('LATE', null),
    shard.execution(executionOf({ intent_id: 'x', price: decimal('190') })),
    shard.price('LATE', '12'),
    shard.control(ROLLED),
    shard.price('AAPL', '180'),
  ]) {
    await shard.feed(record);
    const before = [account(shard), shard.live.shard.runs.get('r-1')!.state.cash];
    await shard.takeOver();
    expect([account(shard), shard.live.shard.runs.get('r-1')!.state.cash]).toEqual(before);
    figures.push(account(shard));
  }
  expect(figures).toEqual([
    ['100000', '100000', '100000'],
    ['100000', '100000', '100000'],
    ['105500', '100000', '105500'],
    ['105500', '100000', '105500'],
    ['105500', '100000', '105500'],
    ['105702', '100000', '105702'],
    ['105702', '105702', '105702'],
    ['90402', '105702', '105702'],
  ]);
});

it('rolls every active run at once', async () => {
  const shard = await markedRun();
  await shard.feed(
    shard.started({ equity_mode: 'marked', portfolio: portfolioOf({ AAPL: '1' }) }, 'r-2'),
    shard.price('AAPL', '201'),
  );
  await shard.feed(shard.control(ROLLED, { run: '*' }));
  const days = [...shard.live.shard.runs.values()].map(({ state }) => formatDecimal(state.account.start_of_day_equity));
  expect(days).toEqual(['100500', '100001']);
});
