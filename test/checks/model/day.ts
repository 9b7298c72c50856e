/**
 * A random day of one shard through the real processor, as a recorded log: several runs, every kind of input, orders at the edge of their limits.
 * The same seed is the same day.
 */
import { decimal } from '../../../src/contracts/decimal';
import type { Decimal } from '../../../src/contracts/decimal';
import type { ControlPayload, ExecutionEvent, OrderIntent } from '../../../src/contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS, ORDER_INTENTS } from '../../../src/contracts/topics';
import type { Topic } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import { Random } from '../../support/random';
import { START, TestShard } from '../../support/shard';
import { executionOf, intentOf, portfolioOf } from '../../support/situations';
import type { RawLog } from '../rawLog';
import { logOf } from '../rawLog';
import { anyInvalidPolicy, anyPolicy } from './dayPolicies';

// Names that bite in JavaScript are names like others.
const SYMBOLS = ['AAPL', 'MSFT', 'constructor', '__proto__', 'BRK.B'];
const STRATEGIES = ['alpha', 'beta', 'toString'];
const RUNS = ['run-1', 'run-2', 'run-3', 'marked', 'run-late'];
const UNSTARTED = 'never-started';

/** The first amount that is none. */
const LARGEST = 10n ** 38n;
const QUANTITIES = ['1', '10', '7.5', '25', '60.000000001', '33.333333333333333333', '80', '100', '180', '400'];
const WILD_QUANTITIES = [...QUANTITIES, '4000', '1e12', '99999999999999999999'];

interface Order {
  readonly intent: OrderIntent;
  readonly run: string;
  readonly qty: bigint;
  filled: bigint;
}

class Day {
  private readonly random: Random;
  private readonly shard: TestShard;
  private readonly orders: Order[] = [];
  private readonly sent: OutgoingRecord[] = [];
  private clock = START;
  private nextIntent = 0;

  /** Every third day: figures at the edge of what can be written down, and much that is denied. */
  private readonly wild: boolean;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.wild = seed % 3 === 0;
    this.shard = new TestShard(undefined, {
      recorded: ({ run_id, intent, decision }) => {
        const order = decision?.order ?? null;
        if (intent !== null && order !== null) this.orders.push({ intent, run: run_id, qty: order.qty, filled: 0n });
      },
    });
  }

  async log(inputs: number): Promise<RawLog> {
    const { random, shard } = this;
    await shard.takeOver();
    await shard.publish(
      ...SYMBOLS.map((symbol) => this.price(symbol)),
      this.intent(),
      ...RUNS.slice(0, 4).map((run) => this.start(run)),
    );
    await shard.settle();
    for (let made = 0; made < inputs;) {
      const some = Array.from({ length: random.pick([1, 1, 2, 5]) }, () => this.next());
      await shard.publish(...some);
      await shard.settle(random.pick([1, 3, 100]));
      if (random.chance(0.01)) await shard.takeOver();
      made += some.length;
    }
    return logOf(shard.bus);
  }

  private next(): OutgoingRecord {
    const { random } = this;
    this.clock += random.pick(
      [0, 0, 1, 250, 250, 700, 1_500, 3_000, 29_000, 59_999, 60_000].slice(0, this.wild ? 11 : random.pick([8, 8, 11])),
    );
    const draw = random.below(100);
    if (draw < 46) return this.intent();
    if (draw < 52) return this.repeat();
    if (draw < 74) return this.execution();
    if (draw < 86) return this.price(random.pick(SYMBOLS));
    if (draw < 88) return this.poison();
    return this.control();
  }

  private now(): number {
    return this.random.chance(0.1) ? this.clock - 45_000 : this.clock;
  }

  private intent(): OutgoingRecord {
    const { random } = this;
    const limited = random.chance(0.2);
    const intent = intentOf({
      intent_id: `i-${++this.nextIntent}`,
      strategy_id: random.pick(STRATEGIES),
      symbol: random.pick(SYMBOLS),
      side: random.pick(['buy', 'sell']),
      order_type: limited ? 'limit' : 'market',
      qty: decimal(random.pick(this.wild ? WILD_QUANTITIES : QUANTITIES)),
      limit_price: limited && random.chance(0.8) ? decimal('120') : null,
    });
    const record = this.asRecord(intent, random.chance(0.03) ? UNSTARTED : random.pick(RUNS));
    this.sent.push(record);
    return record;
  }

  private asRecord(intent: OrderIntent, run: string): OutgoingRecord {
    const value = this.shard.codec.encodeValue(ORDER_INTENTS, intent);
    return this.shard.record(ORDER_INTENTS, run, value, this.now());
  }

  private repeat(): OutgoingRecord {
    const { random } = this;
    const earlier = this.sent.length > 0 ? random.pick(this.sent) : this.intent();
    if (random.chance(0.7)) return { ...earlier, timestamp: this.now() };
    const other = this.shard.codec.decodeValue(ORDER_INTENTS, earlier.value);
    if (!other.ok) return earlier;
    return this.asRecord({ ...other.value, qty: decimal('3') }, Buffer.from(earlier.key ?? []).toString());
  }

  private execution(): OutgoingRecord {
    const { random } = this;
    const order = this.orders.length > 0 && random.chance(0.93) ? random.pick(this.orders.slice(-25)) : undefined;
    if (order === undefined || random.chance(0.04))
      return this.report({ intent_id: `ghost-${random.below(6)}`, run_id: random.pick(RUNS) });
    const step = order.qty / BigInt(random.pick([1, 2, 3, 7])) + 1n;
    const most = random.chance(0.03) && order.qty + step < LARGEST ? order.qty + step : order.qty;
    const filled = order.filled + step > most ? most : order.filled + step;
    const back = random.chance(0.1);
    const cum = back ? order.filled / 2n : random.chance(0.3) ? order.filled : filled;
    if (cum > order.filled) order.filled = cum;
    const ends = random.chance(0.3);
    const left = ends || cum >= order.qty ? 0n : order.qty - cum;
    const event = random.pick<ExecutionEvent['event']>([
      ...(['ORDER_SUBMITTING', 'ORDER_SUBMITTED', 'ORDER_FILLED', 'ORDER_FILLED', 'ORDER_FILLED', 'ORDER_FILLED'] as const),
      ...(['ORDER_CANCELLED', 'ORDER_EXPIRED', 'ORDER_REJECTED', 'ORDER_UNKNOWN', 'ORDER_CANCELLING'] as const),
    ]);
    const { intent_id, instrument, side } = order.intent;
    const price = random.pick(['101', '0', null, '99.123456789012345678']);
    return this.report({
      ...{ event, intent_id, symbol: instrument.symbol, side, run_id: order.run },
      ...{ cum_qty: cum as Decimal, leaves_qty: left as Decimal, price: price === null ? null : decimal(price) },
    });
  }

  private report(fields: Partial<ExecutionEvent>): OutgoingRecord {
    return this.shard.execution(executionOf(fields), this.now());
  }

  /** Often one at which a whole number of shares is worth exactly a limit. */
  private price(symbol: string): OutgoingRecord {
    const { random } = this;
    const some = random.chance(0.5) ? random.pick(['100', '125']) : `${random.between(90, 130)}.${random.below(100)}`;
    const price = random.chance(this.wild ? 0.06 : 0.015) ? random.pick([null, '0', '-1']) : some;
    return this.shard.price(symbol, price, this.now());
  }

  private poison(): OutgoingRecord {
    const { random, shard } = this;
    const topic = random.pick<Topic>([ORDER_INTENTS, CONTROL_EVENTS, EXECUTION_EVENTS]);
    const value = random.pick([random.bytes(40), null, Buffer.concat([this.intent().value ?? Buffer.alloc(5), Buffer.alloc(2)])]);
    return shard.record(topic, random.pick(['run-1', Buffer.from([0xff]), null]), value, this.now());
  }

  private start(run: string): OutgoingRecord {
    const { random } = this;
    const violations = [
      ['2026-02-24T09:29:00Z', 'EXP-001'],
      ['2026-02-24T09:31:10.5Z', 'EXEC-002'],
    ] as const;
    const payload = {
      policy_text: random.chance(0.05) ? anyInvalidPolicy(random) : anyPolicy(random),
      portfolio: portfolioOf(
        random.pick<Readonly<Record<string, string>>>([
          {},
          { MSFT: '5', AAPL: '-7.5' },
          { MSFT: '450' },
          { constructor: '30', [this.wild ? 'LATE' : 'AAPL']: '0.5' },
        ]),
        random.pick(['100000', '20000.01']),
      ),
      execution: {
        orders_last_60s_global: random.pick([0, 0, 3]),
        orders_last_60s_by_strategy: new Map([['alpha', random.below(3)]]),
        violations_last_window: random.chance(0.3) ? violations : random.chance(0.05) ? [['yesterday', 'EXP-001'] as const] : [],
        kill_switch_active: random.chance(0.05),
      },
      equity_mode: run === 'marked' || random.chance(0.2) ? ('marked' as const) : ('fixed' as const),
    };
    return this.shard.started(payload, run, this.now());
  }

  private control(): OutgoingRecord {
    const { random } = this;
    const run = random.chance(0.25) ? '*' : random.pick([...RUNS, UNSTARTED]);
    if (random.chance(0.2)) return this.start(random.pick(RUNS));
    // What is tripped is reset soon: a day on which everything is denied tests little.
    if (random.chance(0.45))
      return this.shard.control({ type: 'KillSwitchReset' }, { run: random.pick(['*', ...RUNS]), at: this.now() });
    const actor = random.pick(['desk', ' ']);
    return this.shard.control(this.payload(), { run, at: this.now(), actor });
  }

  private payload(): ControlPayload {
    const { random } = this;
    const equity = random.pick(this.wild ? ['100000', '97000', '50000', '1000000000000000000'] : ['100000', '99000', '97000']);
    return random.pick<() => ControlPayload>([
      () => ({ type: 'KillSwitchTripped' }),
      () => ({ type: 'KillSwitchReset' }),
      () => ({ type: 'PolicyActivated', policy_text: anyPolicy(random) }),
      () => ({ type: 'PolicyActivated', policy_text: anyPolicy(random).replace(/\n/g, '\r\n') }),
      () => ({ type: 'PolicyActivated', policy_text: anyInvalidPolicy(random) }),
      () => ({ type: random.chance(0.12) ? 'RunEnded' : 'SessionRolled' }),
      () => ({ type: 'SessionRolled' }),
      () => ({ type: 'PositionDrift', broker: 'alpaca', differences: [] }),
      () => ({ type: 'OrderResolved', intent_id: 'i-1', outcome: 'CANCELLED', cum_qty: decimal('0'), price: null }),
      () => ({
        type: 'PortfolioUpdated',
        ...{ equity: decimal(equity), start_of_day_equity: decimal('100000'), peak_equity: decimal('100000') },
        positions: this.positions(),
      }),
    ])();
  }

  private positions(): ReadonlyMap<string, Decimal> | null {
    const { random } = this;
    const some = new Map([
      ['AAPL', decimal('3')],
      ['MSFT', decimal('-2')],
    ]);
    // Then a sale that is cut can leave more net exposure than the whole one would.
    const heavy = new Map([['MSFT', decimal('450')]]);
    if (!this.wild) return random.pick([null, new Map<string, Decimal>(), some, heavy]);
    return random.pick([null, new Map([...some, ['LATE', decimal('1')]]), new Map([['MSFT', decimal('99999999999999999999')]])]);
  }
}

export const dayOf = (seed: number, inputs: number): Promise<RawLog> => new Day(seed).log(inputs);
