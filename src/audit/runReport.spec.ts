import { portfolioOf } from '../../test/support/situations';
import { START, TestShard } from '../../test/support/shard';
import { executionOf, intentOf } from '../../test/support/situations';
import { decimal } from '../contracts/decimal';
import { RunReport } from './runReport';

it('counts what a run came to, and shows positions but for dust', async () => {
  const report = new RunReport('r-1');
  const shard = new TestShard(undefined, report);
  await shard.takeOver();
  const portfolio = portfolioOf({ ZZZ: '5', DUST: '0.0000000000999', SPECK: '-0.0000000001' });
  await shard.feed(shard.started({ portfolio }), ...['ZZZ', 'DUST', 'SPECK', 'AAPL'].map((symbol) => shard.price(symbol, '200')));
  const at = (id: string, fields = {}) =>
    shard.intent(intentOf({ intent_id: id, timestamp: new Date(START).toISOString(), ...fields }));
  await shard.feed(at('a'), at('a'), at('a', { qty: decimal('11') }), at('b', { qty: decimal('900') }));
  const submitted = executionOf({ event: 'ORDER_SUBMITTED', intent_id: 'a', cum_qty: decimal('0'), leaves_qty: decimal('10') });
  await shard.feed(
    shard.execution(submitted),
    shard.execution(executionOf({ intent_id: 'a' })),
    shard.execution(executionOf({ intent_id: 'a' })),
  );

  const { state, chainHash } = shard.live.shard.runs.get('r-1')!;
  const summary = report.summary(state, chainHash);
  expect({
    ...summary,
    rule_histogram: [...summary.rule_histogram],
    final_positions: [...summary.final_positions],
  }).toMatchObject({
    total_intents: 2,
    decisions: { ALLOW: 1, MODIFY: 0, DENY: 1 },
    rule_histogram: [
      ['EXP-001', 1],
      ['EXP-003', 1],
    ],
    orders_submitted: 1,
    orders_filled: 1,
    final_positions: [
      ['AAPL', decimal('10')],
      ['SPECK', decimal('-0.0000000001')],
      ['ZZZ', decimal('5')],
    ],
    duplicates: 1,
    conflicts: 1,
  });
});
