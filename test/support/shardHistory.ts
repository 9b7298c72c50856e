/**
 * A random day of one shard: several runs that share prices, orders that are filled bit by bit, repeats and conflicts, policies that change, the kill
 * switch, runs that end, poison. The same seed gives the same inputs; how they are batched, and how often the shard is taken over, is another matter.
 */
import { decimal } from '../../src/contracts/decimal';
import type { ControlPayload, ExecutionEvent } from '../../src/contracts/messages';
import { ORDER_INTENTS } from '../../src/contracts/topics';
import type { OutgoingRecord } from '../../src/processor/bus';
import { Random } from './random';
import type { TestShard } from './shard';
import { policyText, START } from './shard';
import { executionOf, intentOf, portfolioOf } from './situations';

const SYMBOLS = ['AAPL', 'MSFT', 'SPY', '__proto__'];
const RUNS = ['r-1', 'r-2', 'r-3', 'never-started'];

/** All inputs of the day, in order. */
export const dayOf = (shard: TestShard, seed: number, length: number): readonly OutgoingRecord[] => {
  const day = new Day(shard, new Random(seed));
  const records = day.opening();
  while (records.length < length) records.push(day.next());
  return records;
};

/** Publishes and folds the day: `most` at once, taken over anew with this chance before each step. */
export const live = async (
  shard: TestShard,
  day: readonly OutgoingRecord[],
  { random, most, takeover }: { readonly random: Random; readonly most: number; readonly takeover: number },
): Promise<void> => {
  await shard.takeOver();
  for (let at = 0; at < day.length;) {
    const next = at + random.between(1, most);
    await shard.publish(...day.slice(at, next));
    at = next;
    if (random.chance(takeover)) await shard.takeOver();
    if (random.chance(0.7)) await shard.live.step({ maxRecords: random.between(1, most), maxWaitMs: 0 });
  }
  await shard.settle(most);
};

class Day {
  private at = START;
  private intents = 0;
  private readonly filled = new Map<string, number>();

  constructor(
    private readonly shard: TestShard,
    private readonly random: Random,
  ) {}

  opening(): OutgoingRecord[] {
    const { shard } = this;
    const portfolio = portfolioOf({ AAPL: '10', MSFT: '-5.5' });
    return [
      ...SYMBOLS.map((symbol) => shard.price(symbol, '200')),
      shard.started({ portfolio }, 'r-1'),
      shard.started({ portfolio, equity_mode: 'marked', policy_text: policyText({ tripAfter: 40 }) }, 'r-2'),
    ];
  }

  next(): OutgoingRecord {
    const { random } = this;
    this.at += random.below(4_000);
    const dice = random.next();
    if (dice < 0.5) return this.intent();
    if (dice < 0.72) return this.execution();
    if (dice < 0.9) return this.shard.price(random.pick(SYMBOLS), this.price(), this.at);
    if (dice < 0.97) return this.control();
    return this.shard.record(ORDER_INTENTS, random.chance(0.5) ? 'r-1' : null, random.bytes(random.below(30)), this.at);
  }

  private price(): string | null {
    return this.random.chance(0.05) ? null : `${this.random.between(150, 250)}.${this.random.between(1, 99)}`;
  }

  private intent(): OutgoingRecord {
    const { random } = this;
    const isRepeat = this.intents > 0 && random.chance(0.1);
    const id = isRepeat ? random.below(this.intents) : this.intents++;
    const intent = intentOf({
      intent_id: `i-${id}`,
      timestamp: new Date(this.at).toISOString(),
      symbol: SYMBOLS[id % SYMBOLS.length] ?? '',
      side: random.chance(0.5) ? 'buy' : 'sell',
      qty: decimal(String(random.between(1, 30))),
      strategy_id: ['alpha', 'beta'][id % 2] ?? '',
    });
    return this.shard.intent(intent, RUNS[random.chance(0.1) ? 3 : id % 3]);
  }

  private execution(): OutgoingRecord {
    const { random } = this;
    const id = random.below(Math.max(1, this.intents));
    const filled = (this.filled.get(`i-${id}`) ?? 0) + random.between(0, 5);
    this.filled.set(`i-${id}`, filled);
    const event: Partial<ExecutionEvent> = random.chance(0.3)
      ? { event: 'ORDER_CANCELLED', qty: null, price: null, leaves_qty: decimal('0') }
      : { price: decimal(String(random.between(150, 250))), leaves_qty: decimal(random.chance(0.5) ? '0' : '3') };
    const about = { run_id: RUNS[id % 3] ?? '', intent_id: `i-${id}`, symbol: SYMBOLS[id % SYMBOLS.length] ?? '' };
    return this.shard.execution(executionOf({ ...about, ...event, cum_qty: decimal(String(filled)) }), this.at);
  }

  private control(): OutgoingRecord {
    const { random, shard, at } = this;
    const run = random.pick(RUNS.slice(0, 3));
    const dice = random.below(8);
    if (dice === 0) return shard.started({}, 'r-3', at);
    if (dice === 1) return shard.control({ type: 'RunEnded' }, { run: random.chance(0.3) ? run : 'never-ending', at });
    const payloads: readonly ControlPayload[] = [
      { type: 'KillSwitchTripped' },
      { type: 'KillSwitchReset' },
      { type: 'SessionRolled' },
      { type: 'PolicyActivated', policy_text: policyText({ position: random.pick(['0.05', '0.2', 'nonsense']) }) },
      { type: 'KillSwitchReset' },
      { type: 'RunEnded' },
    ];
    const payload = payloads[dice - 2] ?? { type: 'RunEnded' };
    return shard.control(payload, { run: payload.type === 'RunEnded' ? 'r-3' : random.chance(0.3) ? '*' : run, at });
  }
}
