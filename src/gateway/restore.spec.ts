/** What a gateway that takes over knows: the same as the one before it, whatever others wrote meanwhile, and whatever their clocks said. */
import { executionOf, intentOf, portfolioOf } from '../../test/support/situations';
import { policyText, START, TestShard } from '../../test/support/shard';
import { decimal, ZERO } from '../contracts/decimal';
import type { ControlPayload, ExecutionEvent } from '../contracts/messages';
import { Candidates, dealtWith } from './dealtWith';
import { Orders } from './orders';
import type { Restored } from './restoreGateway';
import { restoreGateway } from './restoreGateway';
import { Runs } from './runs';

const LATER = START + 3_600_000;
const PORTFOLIO = portfolioOf({}, '100000000');
const open = async (): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(
    shard.started({ portfolio: PORTFOLIO, policy_text: policyText({ position: '1' }) }),
    ...['AAPL', 'MSFT'].map((symbol) => shard.price(symbol, '100')),
  );
  return shard;
};
const intent = (shard: TestShard, intent_id: string, symbol = 'AAPL'): Promise<void> =>
  shard.feed(shard.intent(intentOf({ intent_id, symbol, timestamp: new Date(START + 1_000).toISOString(), qty: decimal('8') })));
/** `position`: of control events; null: an older record, which does not say. */
const told = (shard: TestShard, fields: Partial<ExecutionEvent>, position: number | null) => ({
  ...shard.execution(executionOf({ qty: decimal('8'), cum_qty: decimal('8'), leaves_qty: ZERO, ...fields }), LATER),
  headers: position === null ? {} : { control_position: String(position) },
});
const restore = async (shard: TestShard): Promise<Restored & { readonly runs: Runs; readonly orders: Orders }> => {
  const runs = new Runs({ partition: 0, cancelOpenOrders: true, lockstep: false });
  const orders = new Orders();
  const { bus, codec } = shard;
  return { ...(await restoreGateway({ bus, codec, partition: 0, orders, runs, past: () => undefined })), runs, orders };
};
const portfolio = (aapl: string): ControlPayload => ({
  type: 'PortfolioUpdated',
  equity: PORTFOLIO.equity,
  start_of_day_equity: PORTFOLIO.equity,
  peak_equity: PORTFOLIO.equity,
  positions: new Map([['AAPL', decimal(aapl)]]),
});

describe('positions', () => {
  it.each([
    [1, '-8'],
    [3, '0'],
  ])(
    'follow the order in which things were read, whatever their times: with control events read to %i',
    async (position, held) => {
      const shard = await open();
      await shard.publish(shard.control(portfolio('5'), { at: LATER + 100 }), shard.control(portfolio('-8'), { at: START }));
      await shard.publish(told(shard, {}, position));
      expect((await restore(shard)).runs.held('r-1', 'AAPL')).toBe(decimal(held));
    },
  );

  it('of a run whose start bears a time in the future', async () => {
    const shard = await open();
    await shard.publish(shard.started({ portfolio: PORTFOLIO }, 'r-2', LATER + 7_200_000), told(shard, { run_id: 'r-2' }, 2));
    expect((await restore(shard)).runs.held('r-2', 'AAPL')).toBe(decimal('8'));
  });

  it('older records go by the times, and a control event from the future delays none behind it', async () => {
    const shard = await open();
    const future = shard.started({ portfolio: PORTFOLIO }, 'r-2', LATER + 7_200_000);
    await shard.publish(future, shard.control(portfolio('5'), { at: LATER - 1 }));
    await shard.publish(told(shard, {}, null));
    await shard.publish(told(shard, { run_id: 'r-2' }, null));
    const { runs } = await restore(shard);
    expect([runs.held('r-1', 'AAPL'), runs.held('r-2', 'AAPL')]).toEqual([decimal('13'), decimal('8')]);
  });

  it('of a run that has ended are moved by fills that came later, until the next run begins', async () => {
    const shard = await open();
    await shard.publish(shard.control({ type: 'RunEnded' }), told(shard, {}, 2));
    const { runs } = await restore(shard);
    expect(runs.answerable().map(({ positions }) => [...positions])).toEqual([[['AAPL', decimal('8')]]]);
    expect(runs.takeLateFills()).toEqual([]);
    runs.filled('r-1', 'AAPL', 'sell', decimal('3'));
    expect(runs.takeLateFills()).toEqual([{ runId: 'r-1', symbol: 'AAPL', side: 'sell', qty: decimal('3') }]);
    await shard.publish(shard.started({ portfolio: PORTFOLIO }, 'r-2'));
    const next = (await restore(shard)).runs;
    expect(next.answerable().map(({ runId }) => runId)).toEqual(['r-2']);
    expect(next.held('r-1', 'AAPL')).toBe(ZERO);
  });
});

describe('how far decisions are dealt with', () => {
  it('an event that names another order’s decision skips nothing, and is told', async () => {
    const shard = await open();
    for (const id of ['i-0', 'i-1', 'i-2']) await intent(shard, id);
    await shard.publish(
      told(shard, { intent_id: 'manual', decision_offset: 2 }, 1),
      told(shard, { intent_id: 'i-0', decision_offset: 0 }, 1),
      told(shard, { intent_id: 'i-1', decision_offset: 2 }, 1),
    );
    expect(await restore(shard)).toMatchObject({
      nextDecision: 1,
      foreignEvents: [
        { runId: 'r-1', intentId: 'manual', decisionOffset: 2 },
        { runId: 'r-1', intentId: 'i-1', decisionOffset: 2 },
      ],
    });
  });

  it('is nowhere if all events are foreign', async () => {
    const shard = await open();
    await intent(shard, 'i-0');
    await shard.publish(told(shard, { intent_id: 'manual', decision_offset: 0 }, 1));
    expect(await restore(shard)).toMatchObject({ nextDecision: 0, foreignEvents: [{ intentId: 'manual' }] });
  });

  it('is looked for further down the log if all that was remembered is foreign', async () => {
    const shard = await open();
    for (const id of ['i-0', 'i-1', 'i-2', 'i-3']) await intent(shard, id);
    const named = (intent_id: string, decision_offset: number) => executionOf({ intent_id, decision_offset });
    const few = (below: number): Candidates => {
      const candidates = new Candidates(below, 1);
      for (const event of [named('i-0', 0), named('i-1', 1), named('a', 2), named('b', 3)]) candidates.add(event);
      return candidates;
    };
    const { bus, codec } = shard;
    const below: number[] = [];
    const found = await dealtWith({ bus, codec, partition: 0 }, few(4), (next) => {
      below.push(next);
      return Promise.resolve(few(next));
    });
    expect(found).toMatchObject({ nextDecision: 2, foreignEvents: [{ intentId: 'b' }, { intentId: 'a' }] });
    expect(below).toEqual([3, 2]);
  });

  it('the highest candidates are kept, and it is known what was forgotten', () => {
    const candidates = new Candidates(100, 2);
    for (const decision_offset of [5, 150, 1, 9, 3, 7]) candidates.add(executionOf({ decision_offset }));
    expect(candidates.descending().map(([first]) => first?.decisionOffset)).toEqual([9, 7, 5]);
    expect(candidates.forgottenTo).toBe(3);
  });
});

it('an operator’s word that cannot be so is left out', async () => {
  const shard = await open();
  await intent(shard, 'i-0');
  const step = { intent_id: 'i-0', decision_offset: 0, price: null, cum_qty: ZERO, leaves_qty: decimal('8') };
  await shard.publish(
    told(shard, { ...step, event: 'ORDER_SUBMITTING', code: 'v' }, 1),
    told(shard, { ...step, event: 'ORDER_UNKNOWN', qty: null, code: 'TIMEOUT' }, 1),
  );
  const resolved = (cum: string) =>
    shard.control(
      { type: 'OrderResolved', intent_id: 'i-0', outcome: 'FILLED', cum_qty: decimal(cum), price: decimal('1') },
      { at: LATER + 1 },
    );
  await shard.publish(resolved('8000'));
  expect((await restore(shard)).resolutions).toEqual([]);
  await shard.publish(resolved('8'));
  expect((await restore(shard)).resolutions).toMatchObject([{ resolution: { cum_qty: decimal('8') } }]);
});
