import { TestShard } from '../../../test/support/shard';
import { executionOf } from '../../../test/support/situations';
import { decimal, ZERO } from '../../contracts/decimal';
import type { ExecutionEvent } from '../../contracts/messages';
import { EXECUTION_EVENTS } from '../../contracts/topics';
import { orderHistory } from './orderHistory';
import { openOrdersOnLog, ordersOnLog } from './ordersOnLog';
import { averageOf } from './orderTexts';

const submitting = (intent_id: string, run_id = 'r-1'): ExecutionEvent =>
  executionOf({
    ...{ event: 'ORDER_SUBMITTING', run_id, intent_id, order_id: '', code: 'alpaca:paper', price: null },
    ...{ cum_qty: ZERO, leaves_qty: decimal('10') },
  });
const filled = (intent_id: string, cum: string, qty: string, price: string): ExecutionEvent =>
  executionOf({
    ...{ intent_id, order_id: `b-${intent_id}`, cum_qty: decimal(cum), qty: decimal(qty), price: decimal(price) },
    leaves_qty: decimal(String(10 - Number(cum))),
  });
const cancelled = (intent_id: string, cum = '0'): ExecutionEvent =>
  executionOf({ event: 'ORDER_CANCELLED', intent_id, qty: null, price: null, cum_qty: decimal(cum), leaves_qty: ZERO });

const logOf = async (...events: readonly ExecutionEvent[]): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.publish(...events.map((event, index) => shard.execution(event, 1_000 + index)));
  return shard;
};
const shown = async (shard: TestShard, runId?: string): Promise<readonly string[]> => {
  const lines: string[] = [];
  for await (const { order } of ordersOnLog(shard, runId))
    lines.push(
      `${order.runId}/${order.intentId} ${order.phase === 'ended' ? order.status : order.phase} ${order.cumQty / 10n ** 18n}`,
    );
  return lines;
};

it('those that have ended come first, in that order, then those that have not', async () => {
  const shard = await logOf(
    ...['i-1', 'i-2', 'i-3', 'i-4'].map((intent) => submitting(intent)),
    filled('i-3', '10', '10', '5'),
    filled('i-2', '4', '4', '5'),
    cancelled('i-1'),
  );
  expect(await shown(shard)).toEqual(['r-1/i-3 FILLED 10', 'r-1/i-1 CANCELLED 0', 'r-1/i-2 open 4', 'r-1/i-4 submitting 0']);
  expect((await openOrdersOnLog(shard)).map(({ order }) => order.intentId)).toEqual(['i-2', 'i-4']);
});

it('a fill that comes late counts, and opens nothing', async () => {
  const shard = await logOf(submitting('i-1'), cancelled('i-1'), { ...filled('i-1', '3', '3', '7'), leaves_qty: ZERO });
  expect(await shown(shard)).toEqual(['r-1/i-1 CANCELLED 3']);
});

it('a run’s are its own', async () => {
  const shard = await logOf(submitting('i-1'), submitting('i-1', 'r-2'));
  expect(await shown(shard, 'r-2')).toEqual(['r-2/i-1 submitting 0']);
});

it('more have ended than are kept for late fills, and each is told once', async () => {
  const intents = Array.from({ length: 10_010 }, (_, index) => `i-${index}`);
  const shard = await logOf(...intents.flatMap((intent) => [submitting(intent), cancelled(intent)]), submitting('last'));
  const lines = await shown(shard);
  expect(lines).toEqual([...intents.map((intent) => `r-1/${intent} CANCELLED 0`), 'r-1/last submitting 0']);
});

it('what cannot be read tells nothing of our orders', async () => {
  const shard = await logOf(submitting('i-1'));
  await shard.publish(shard.record(EXECUTION_EVENTS, null, Buffer.from('nothing')));
  expect(await shown(shard)).toEqual(['r-1/i-1 submitting 0']);
});

it('an order’s history is what is on record of it alone', async () => {
  const shard = await logOf(submitting('i-1'), submitting('i-2'), filled('i-1', '4', '4', '5'), filled('i-1', '10', '6', '7.5'));
  const said = { type: 'OrderResolved', outcome: 'REJECTED', cum_qty: ZERO, price: null } as const;
  await shard.publish(
    shard.control({ ...said, intent_id: 'i-2' }),
    shard.control({ ...said, intent_id: 'i-1' }, { run: 'r-2' }),
    shard.control({ ...said, intent_id: 'i-1' }, { actor: 'alice', at: 9_000 }),
  );
  const { partition, decision, order, events, resolutions } = await orderHistory(shard, 'r-1', 'i-1');
  expect({ partition, decision }).toEqual({ partition: 0, decision: undefined });
  expect(events.map(({ event, offset, at }) => [event.event, offset, at])).toEqual([
    ['ORDER_SUBMITTING', 0, 1_000],
    ['ORDER_FILLED', 2, 1_002],
    ['ORDER_FILLED', 3, 1_003],
  ]);
  expect(order).toMatchObject({ venue: 'alpaca:paper', orderId: 'b-i-1', status: 'FILLED' });
  expect(order === undefined ? undefined : averageOf(order)).toBe(decimal('6.5'));
  expect(resolutions).toMatchObject([{ actor: 'alice', offset: 2, at: 9_000, resolution: { intent_id: 'i-1' } }]);
});
