/** A run that has ended: its open orders may still be filled, and what is filled is in its final positions, once, over takeovers as well. */
import { executionOf, intentOf } from '../../test/support/situations';
import { policyText, START, TestShard } from '../../test/support/shard';
import { decimal, ZERO } from '../contracts/decimal';
import type { ExecutionEvent } from '../contracts/messages';

const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
const endedWith = async (...intents: readonly string[]): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started({ policy_text: policyText({ position: '1' }) }), shard.price('AAPL', '200'));
  for (const [index, intent_id] of intents.entries())
    await shard.feed(shard.intent(intentOf({ intent_id, timestamp: at(index) })));
  return shard;
};
const end = (shard: TestShard): Promise<void> => shard.feed(shard.control({ type: 'RunEnded' }));
const state = (shard: TestShard) => shard.live.shard.runs.get('r-1')!.state;
const fill = (shard: TestShard, cum: string, fields: Partial<ExecutionEvent> = {}) =>
  shard.execution(
    executionOf({ qty: decimal(cum), cum_qty: decimal(cum), leaves_qty: decimal(String(10 - Number(cum))), ...fields }),
  );
const words = async (shard: TestShard, last: number) =>
  (await shard.audits()).slice(-last).map(({ kind, note }) => [kind, note] as const);

describe.each(['goes on', 'is taken over'])('an order that was open when its run ended, on a shard that %s', (how) => {
  const between = async (shard: TestShard): Promise<void> => {
    if (how === 'is taken over') await shard.takeOver();
  };

  it('moves the final positions by what it is filled, once, and is dropped when it ends', async () => {
    const shard = await endedWith('i-1', 'i-2');
    await shard.feed(fill(shard, '10', { intent_id: 'i-2' }));
    await end(shard);
    expect(state(shard).intents.ids()).toEqual(['i-1']);
    await between(shard);
    expect(state(shard).intents.ids()).toEqual(['i-1']);
    await shard.feed(fill(shard, '4'), fill(shard, '4'));
    await between(shard);
    expect(state(shard).exposure.of('AAPL')).toEqual({ qty: decimal('14'), workingBuy: decimal('6'), workingSell: ZERO });
    await shard.feed(fill(shard, '10'));
    await between(shard);
    expect(state(shard).exposure.of('AAPL')).toEqual({ qty: decimal('20'), workingBuy: ZERO, workingSell: ZERO });
    expect(state(shard).intents.size).toBe(0);
    await shard.feed(fill(shard, '10'));
    expect(state(shard).exposure.of('AAPL').qty).toBe(decimal('20'));
    expect(await words(shard, 4)).toEqual([
      ['EXECUTION', 'after the run ended'],
      ['EXECUTION', 'no change, after the run ended'],
      ['EXECUTION', 'after the run ended'],
      ['REJECTED_INPUT', 'run `r-1` has ended: its positions are closed'],
    ]);
  });

  it('gives back what was reserved when it is cancelled', async () => {
    const shard = await endedWith('i-1');
    await end(shard);
    await between(shard);
    await shard.feed(fill(shard, '0', { event: 'ORDER_CANCELLED', qty: null, price: null, leaves_qty: ZERO }));
    await between(shard);
    expect(state(shard).exposure.positions.size).toBe(0);
    expect(state(shard).intents.size).toBe(0);
  });
});

it('an order that the ended run does not know changes nothing', async () => {
  const shard = await endedWith('i-1');
  await end(shard);
  await shard.feed(fill(shard, '10', { intent_id: 'manual' }));
  expect(state(shard).exposure.of('AAPL').qty).toBe(ZERO);
  expect(await words(shard, 1)).toEqual([['REJECTED_INPUT', 'run `r-1` has ended: its positions are closed']]);
});
