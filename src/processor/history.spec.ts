/**
 * Random histories through the real processor: whoever takes the shard over, however often, and whoever folds the log again from offset zero, comes
 * to the same bytes.
 */
import fc from 'fast-check';
import { TestShard } from '../../test/support/shard';
import { anyDecimal, anySide, executionOf, intentOf, portfolioOf } from '../../test/support/situations';
import { policyText, START } from '../../test/support/shard';
import { refold } from '../audit/refold';
import { openMemoryBus } from '../bus/memory/memoryBus';
import { decimal, minus, ZERO } from '../contracts/decimal';
import type { Decimal } from '../contracts/decimal';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, POLICY_STATE } from '../contracts/topics';
import type { Topic } from '../contracts/topics';
import type { OutgoingRecord } from './bus';
import type { ShardState } from './ledger';
import { takeStateRecords } from './stateRecords';

const SYMBOLS = ['AAPL', 'MSFT', '__proto__', 'LATE'];
const RUNS = ['r-1', 'r-2', 'marked', 'never-started'];

type Step =
  | {
      readonly type: 'intent';
      readonly run: number;
      readonly id: number;
      readonly symbol: number;
      readonly side: 'buy' | 'sell';
      readonly qty: Decimal;
      readonly seconds: number;
    }
  | {
      readonly type: 'execution';
      readonly order: number;
      readonly filled: number;
      readonly end: 'open' | 'cancel' | 'fill' | 'unknown';
      readonly repeat: boolean;
      readonly price: string | null;
    }
  | { readonly type: 'price'; readonly symbol: number; readonly price: number | null }
  | { readonly type: 'control'; readonly which: number; readonly run: number }
  | { readonly type: 'poison'; readonly bytes: Uint8Array };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('intent' as const),
      run: fc.nat(3),
      id: fc.nat(40),
      symbol: fc.nat(2),
      side: anySide,
      qty: anyDecimal(1, 60, 2),
      seconds: fc.nat(400),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('execution' as const),
      order: fc.nat(20),
      filled: fc.nat(10),
      end: fc.constantFrom('open' as const, 'cancel' as const, 'fill' as const, 'unknown' as const),
      repeat: fc.boolean(),
      price: fc.constantFrom('200', '187.123456789012345678', '0', null),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('price' as const),
      symbol: fc.nat(3),
      price: fc.option(fc.integer({ min: -1, max: 300 }), { freq: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('control' as const), which: fc.nat(9), run: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('poison' as const), bytes: fc.uint8Array({ maxLength: 40 }) }) },
);

/** The next record of a history; what it is about may depend on what was decided so far. */
const recordOf = async (shard: TestShard, step: Step, clock: number): Promise<OutgoingRecord> => {
  switch (step.type) {
    case 'intent': {
      const timestamp = new Date(START + step.seconds * 1_000).toISOString();
      const intent = intentOf({
        intent_id: `i-${step.id}`,
        timestamp,
        symbol: SYMBOLS[step.symbol] ?? '',
        side: step.side,
        qty: step.qty,
      });
      return shard.intent(intent, RUNS[step.run] ?? '');
    }
    case 'execution': {
      const admitted = (await shard.decisions()).filter(({ order }) => order !== null);
      const { run_id, intent_id, order } = admitted[step.order % Math.max(1, admitted.length)] ?? {
        run_id: 'r-1',
        intent_id: 'ghost',
        order: intentOf(),
      };
      const qty = order?.qty ?? decimal('1');
      const cum_qty = step.end === 'fill' ? qty : (((qty * BigInt(step.filled)) / 20n) as Decimal);
      const leaves_qty = step.end === 'open' ? minus(qty, cum_qty) : ZERO;
      const event = (
        { open: 'ORDER_FILLED', fill: 'ORDER_FILLED', cancel: 'ORDER_CANCELLED', unknown: 'ORDER_UNKNOWN' } as const
      )[step.end];
      const price = step.price === null ? null : decimal(step.price);
      const { symbol } = order?.instrument ?? { symbol: 'AAPL' };
      return shard.execution(
        executionOf({ event, run_id, intent_id, symbol, side: order?.side ?? 'buy', price, cum_qty, leaves_qty }),
        clock,
      );
    }
    case 'price':
      return shard.price(SYMBOLS[step.symbol] ?? '', step.price === null ? null : String(step.price));
    case 'control': {
      const run = [...RUNS, '*'][step.run] ?? '*';
      const payloads = [
        { type: 'KillSwitchTripped' },
        { type: 'KillSwitchReset' },
        { type: 'PolicyActivated', policy_text: policyText({ position: '0.05', tripAfter: 10 }) },
        { type: 'PolicyActivated', policy_text: 'not a policy' },
        {
          type: 'PortfolioUpdated',
          equity: decimal('90000'),
          start_of_day_equity: decimal('91000'),
          peak_equity: decimal('92000'),
          positions: null,
        },
        { type: 'RunEnded' },
        {
          type: 'PortfolioUpdated',
          equity: decimal('110000'),
          start_of_day_equity: decimal('110000'),
          peak_equity: decimal('110000'),
          positions: new Map([['AAPL', decimal('3')]]),
        },
        { type: 'SessionRolled' },
        { type: 'SessionRolled' },
        { type: 'OrderResolved', intent_id: 'i-1', outcome: 'CANCELLED', cum_qty: ZERO, price: null },
      ] as const;
      return shard.control(payloads[step.which] ?? payloads[0], { run, at: clock });
    }
    case 'poison':
      return shard.record('order-intents', 'r-1', step.bytes);
  }
};

const begin = async (shard: TestShard): Promise<void> => {
  await shard.takeOver();
  const policy_text = policyText({ tripAfter: 12 });
  const violations_last_window = [['2026-02-24T09:29:00Z', 'EXP-001']] as const;
  const execution = {
    orders_last_60s_global: 3,
    orders_last_60s_by_strategy: new Map([['alpha', 2]]),
    violations_last_window,
    kill_switch_active: false,
  };
  await shard.feed(shard.price('AAPL', '200'), shard.price('MSFT', '400'), shard.price('__proto__', '10'));
  // Strategies that were faster than the risk desk: denied, and forgotten by the windows of the run that begins then.
  await shard.feed(...RUNS.map((name) => shard.intent(intentOf({ intent_id: 'early' }), name)));
  await shard.feed(
    shard.started({ policy_text, execution }),
    shard.started({ policy_text, portfolio: portfolioOf({ MSFT: '5', AAPL: '-7.5' }) }, 'r-2'),
    // Its cash is known only when the last of what it holds has a price.
    shard.started(
      { policy_text, portfolio: portfolioOf({ MSFT: '30', LATE: '0.123456789' }, '20000'), equity_mode: 'marked' },
      'marked',
    ),
  );
};

const bytesOf = async (shard: TestShard, topic: Topic): Promise<readonly string[]> =>
  (await shard.all(topic)).map(
    ({ value, key }) =>
      `${key === null ? '' : Buffer.from(key).toString('hex')} ${value === null ? '' : Buffer.from(value).toString('hex')}`,
  );

/** The newest entity of each key, in hex; without the fences, which tell who owned the shard and when. */
const stateOf = (
  records: readonly { readonly key: Uint8Array | null; readonly value: Uint8Array | null }[],
  shard: TestShard,
): ReadonlyMap<string, string> => {
  const state = new Map<string, string>();
  for (const { key, value } of records) {
    const decoded = shard.codec.decodeKey(POLICY_STATE, key);
    if (!decoded.ok || decoded.value.kind === 'fence') continue;
    const name = JSON.stringify(decoded.value);
    if (value === null) state.delete(name);
    else state.set(name, Buffer.from(value).toString('hex'));
  }
  return new Map([...state].sort());
};

const wholeState = (state: ShardState, shard: TestShard): ReadonlyMap<string, string> =>
  stateOf(takeStateRecords(state, shard.codec, 0), shard);

it('comes to the same bytes with any number of takeovers, and again from offset zero', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 20, maxLength: 120 }),
      fc.array(fc.nat(100), { maxLength: 12 }),
      async (steps, takeovers) => {
        const steady = new TestShard();
        await begin(steady);
        const records: OutgoingRecord[] = [];
        for (const [index, step] of steps.entries()) {
          const record = await recordOf(steady, step, START + index * 700);
          records.push(record);
          await steady.feed(record);
        }
        // Prices that came after the last audit record are no part of the refold: this is on record, whatever the runs have become.
        const last = steady.control({ type: 'KillSwitchTripped' }, { run: 'never-started' });
        records.push(last);
        await steady.feed(last);

        const troubled = new TestShard(openMemoryBus({ shards: 1 }));
        await begin(troubled);
        for (const [index, record] of records.entries()) {
          // Before the record is folded, or after it is published and before anybody folds it.
          if (takeovers.includes(index)) await troubled.takeOver();
          await troubled.publish(record);
          if (takeovers.includes(100 - index)) await troubled.takeOver();
          await troubled.settle();
        }

        for (const topic of [DECISIONS, AUDIT_RECORDS, DEAD_LETTERS] as const)
          expect(await bytesOf(troubled, topic)).toEqual(await bytesOf(steady, topic));
        const state = stateOf(await steady.all(POLICY_STATE), steady);
        expect(stateOf(await troubled.all(POLICY_STATE), troubled)).toEqual(state);

        const again = await refold({ bus: steady.bus, codec: steady.codec, partition: 0 });
        // Inputs after the last audit record are prices and unreadable records: the position entity may be ahead of the refold.
        const positions = JSON.stringify({ run_id: '', kind: 'positions', id: '' });
        const prices = (name: string): boolean => name.includes('"kind":"price"');
        for (const [name, entity] of wholeState(again, steady))
          if (name !== positions && !prices(name)) expect([name, state.get(name)]).toEqual([name, entity]);

        const seqs = new Map<string, number>();
        const answered = new Set<string>();
        for (const { run_id, seq } of await steady.audits()) {
          expect(seq).toBe(seqs.get(run_id) ?? 0);
          seqs.set(run_id, seq + 1);
        }
        const ended = new Set(
          (await steady.audits())
            .filter(({ kind, control }) => kind === 'CONTROL' && control?.payload.type === 'RunEnded')
            .map(({ run_id }) => run_id),
        );
        for (const { run_id, intent_id } of await steady.decisions()) {
          const id = `${run_id} ${intent_id}`;
          if (!ended.has(run_id)) expect(answered.has(id)).toBe(false);
          answered.add(id);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
