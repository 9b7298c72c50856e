/** Small audit logs that the real engine has written: random intents, executions, prices and controls of several runs, told by a seed. */
import { AuditLog } from '../../src/audit/auditLog';
import { DeferredObserver } from '../../src/audit/observers';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import type { Codec } from '../../src/contracts/avro/codec';
import { decimal, minus, ZERO } from '../../src/contracts/decimal';
import type { ExecutionEvent, PublishedDecision } from '../../src/contracts/messages';
import { AUDIT_RECORDS } from '../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { Random } from './random';
import { policyText, START, TestShard } from './shard';
import { executionOf, intentOf, portfolioOf } from './situations';

export interface AuditedLog {
  readonly codec: Codec;
  /** Of `audit-records`, in order. */
  readonly records: readonly BusRecord[];
  /** The audit JSONL of the runs that were started. */
  readonly lines: readonly string[];
}

/** The first whose lines have `line_sha256`. */
const ENGINE_VERSION = '0.5.0';

const RUNS = ['r-1', 'r-2', 'never-started'];
const SYMBOLS = ['AAPL', 'MSFT', '__proto__', 'NO-PRICE'];
const STRATEGIES = ['alpha', 'beta', 'ünïcode'];

export const auditedLog = async (seed: number, steps = 40): Promise<AuditedLog> => {
  const random = new Random(seed);
  const lines: string[] = [];
  const sink = { add: (line: string) => void lines.push(line), commit: () => undefined };
  const logs = ['r-1', 'r-2'].map((run) => new AuditLog(sink, run, '2026-02-24T09:30:00Z'));
  const shard = new TestShard(openMemoryBus({ shards: 1 }), new DeferredObserver(logs).target, ENGINE_VERSION);
  await shard.takeOver();
  const world = new World(shard, random);
  await shard.publish(...world.opening());
  await shard.settle();
  for (let step = 0; step < steps; step++) {
    await shard.publish(...world.next(await shard.decisions()));
    if (random.chance(0.7)) await shard.settle(random.between(1, 10));
  }
  await shard.settle();
  const records = await shard.all(AUDIT_RECORDS);
  await shard.bus.close();
  return { codec: shard.codec, records, lines };
};

class World {
  private at = START;
  private intents = 0;

  constructor(
    private readonly shard: TestShard,
    private readonly random: Random,
  ) {}

  opening(): readonly OutgoingRecord[] {
    const { shard, random } = this;
    const prices = ['AAPL', 'MSFT', '__proto__'].map((symbol) => shard.price(symbol, String(random.between(50, 400))));
    const tripOn = random.pick(['"LOSS-002"', '"EXP-002"', '"SYS-001"', '']);
    const mode = random.pick(['enforce', 'enforce', 'monitor']);
    const text = policyText({ tripOn, mode, tripAfter: random.between(2, 12), position: random.pick(['0.1', '0.05']) });
    const portfolio = portfolioOf(random.chance(0.5) ? { AAPL: '10', MSFT: '-3.5' } : {});
    const execution = {
      orders_last_60s_global: random.below(4),
      orders_last_60s_by_strategy: new Map([['alpha', random.below(3)]]),
      violations_last_window: [['2026-02-24T09:29:30Z', 'EXP-001'] as const],
      kill_switch_active: false,
    };
    return [
      ...prices,
      shard.started({ policy_text: text, portfolio, execution, equity_mode: random.pick(['fixed', 'marked']) }),
      shard.started({ policy_text: policyText({ mode: 'monitor' }) }, 'r-2'),
    ];
  }

  next(decisions: readonly PublishedDecision[]): readonly OutgoingRecord[] {
    const { random, shard } = this;
    this.at += random.chance(0.1) ? -500 : random.below(20_000);
    const draw = random.next();
    if (draw < 0.6) return this.intent();
    if (draw < 0.8) return this.execution(decisions);
    if (draw < 0.88) {
      const price = random.chance(0.1) ? null : String(random.between(50, 400));
      return [shard.price(random.pick(['AAPL', 'MSFT', '__proto__']), price, this.at)];
    }
    return [this.control()];
  }

  private intent(): readonly OutgoingRecord[] {
    const { random, shard } = this;
    // A repeat, now and then, and an id with another body.
    const number = random.chance(0.15) ? random.below(this.intents + 1) : (this.intents += 1);
    const intent = intentOf({
      intent_id: `i-${number}`,
      symbol: random.chance(0.05) ? 'NO-PRICE' : random.pick(SYMBOLS.slice(0, 3)),
      strategy_id: random.pick(STRATEGIES),
      side: random.pick(['buy', 'buy', 'sell']),
      order_type: random.chance(0.2) ? 'limit' : 'market',
      limit_price: random.chance(0.15) ? decimal('101.5') : null,
      qty: decimal(random.pick(['1', '10', '33.333333333333336', '0.123456789012345678', String(random.between(1, 300))])),
      timestamp: new Date(this.at).toISOString(),
    });
    return [shard.intent(intent, random.chance(0.05) ? 'never-started' : random.pick(RUNS.slice(0, 2)))];
  }

  private execution(decisions: readonly PublishedDecision[]): readonly OutgoingRecord[] {
    const { random, shard } = this;
    const admitted = decisions.filter(({ order }) => order !== null);
    if (admitted.length === 0 || random.chance(0.05))
      return [shard.execution(executionOf({ intent_id: 'unheard-of', run_id: 'r-1' }), this.at)];
    const decision = random.pick(admitted);
    const qty = decision.order?.qty ?? ZERO;
    const isWhole = random.chance(0.7);
    const cum_qty = isWhole ? qty : ZERO;
    const event = isWhole
      ? 'ORDER_FILLED'
      : random.pick<'ORDER_SUBMITTED' | 'ORDER_CANCELLED'>(['ORDER_SUBMITTED', 'ORDER_CANCELLED']);
    const leaves_qty = event === 'ORDER_SUBMITTED' ? minus(qty, cum_qty) : ZERO;
    const reason = event === 'ORDER_CANCELLED' ? 'an "odd" réason' : null;
    const symbol = decision.order?.instrument.symbol ?? '';
    const { run_id, intent_id, policy_hash } = decision;
    const fields: Partial<ExecutionEvent> = {
      event,
      run_id,
      intent_id,
      symbol,
      qty,
      cum_qty,
      leaves_qty,
      reason,
      price: decimal('199.5'),
    };
    return [shard.execution(executionOf({ ...fields, policy_hash: policy_hash ?? new Uint8Array(32) }), this.at)];
  }

  private control(): OutgoingRecord {
    const { random, shard, at } = this;
    const run = random.pick(['r-1', 'r-2', 'r-1', '*', 'never-started']);
    const amount = decimal(String(random.between(90_000, 110_000)));
    const updated = { type: 'PortfolioUpdated', equity: amount, start_of_day_equity: amount, peak_equity: amount } as const;
    switch (random.below(9)) {
      case 0:
        return shard.control({ type: 'KillSwitchTripped' }, { run, at });
      case 1:
      case 2:
        return shard.control({ type: 'KillSwitchReset' }, { run, at, actor: random.pick(['alice', ' ']) });
      case 3:
        return shard.control(
          { type: 'PolicyActivated', policy_text: policyText({ tripAfter: random.between(1, 9) }) },
          { run, at },
        );
      case 4:
        return shard.control({ type: 'PolicyActivated', policy_text: 'version: "9"' }, { run, at });
      case 5:
        return shard.control(
          { ...updated, positions: random.chance(0.5) ? null : new Map([['MSFT', decimal('2')]]) },
          { run, at },
        );
      case 6:
        return shard.control({ ...updated, equity: ZERO, positions: null }, { run, at });
      case 7:
        return shard.control({ type: 'SessionRolled' }, { run, at });
      default:
        return random.chance(0.3) ? shard.control({ type: 'RunEnded' }, { run, at }) : shard.started({}, 'r-1', at);
    }
  }
}
