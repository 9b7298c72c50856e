/** What the world sends: a seeded stream of intents, prices and control events of several runs. */
import type { Codec } from '../../src/contracts/avro/codec';
import { decimal } from '../../src/contracts/decimal';
import type { ControlPayload, OrderIntent, PolicyActivated, PortfolioState } from '../../src/contracts/messages';
import { CONTROL_EVENTS, EVERY_RUN, MARKET_PRICES, ORDER_INTENTS, partitionOf } from '../../src/contracts/topics';
import type { OutgoingRecord } from '../../src/processor/bus';
import type { Random } from '../support/random';

export type Kind =
  | 'intent'
  | 'repeat'
  | 'conflict'
  | 'price'
  | 'price withdrawn'
  | 'policy'
  | 'invalid policy'
  | 'portfolio'
  | 'kill trip'
  | 'kill reset'
  | 'unsigned reset'
  | 'run start'
  | 'run end';

export interface Event {
  readonly kind: Kind;
  readonly records: readonly OutgoingRecord[];
}

interface SentIntent {
  readonly intent: OrderIntent;
  readonly value: Buffer;
}
interface Run {
  readonly id: string;
  readonly sent: SentIntent[];
}

// Names that bite in JavaScript are names like others.
const SYMBOLS = ['AAPL', 'MSFT', 'TSLA', 'NVDA', 'SPY', 'constructor', '__proto__', 'BRK.B'];
const STRATEGIES = ['alpha', 'beta', 'toString'];
const REPEATS = 0.25;
const OTHER_BODY = 0.15;
/** After so many events at most, whatever was tripped is reset: a day on which everything is denied tests little. */
const RESET_AFTER = 120;

export class Workload {
  readonly counts = new Map<Kind, number>();
  private readonly runs: Run[] = [];
  private readonly prices = new Map<string, number>(SYMBOLS.map((symbol, at) => [symbol, 100 + 20 * at]));
  private nextRun = 0;
  private nextIntent = 0;
  private sinceReset = 0;
  private resetAfter = RESET_AFTER;

  constructor(
    private readonly random: Random,
    private readonly codec: Codec,
    private readonly shards: number,
    private readonly width: number,
  ) {}

  /** Prices, and the first runs. */
  opening(): readonly Event[] {
    return [...SYMBOLS.map((symbol) => this.price(symbol)), ...Array.from({ length: this.width }, () => this.startRun())];
  }

  /** What brings everything back to work. */
  recovery(): readonly Event[] {
    return [...SYMBOLS.map((symbol) => this.price(symbol)), this.resetAll(), ...this.runs.map((run) => this.portfolio(run, 0))];
  }

  next(): Event {
    this.sinceReset += 1;
    if (this.sinceReset >= this.resetAfter) return this.resetAll();
    const { random } = this;
    const draw = random.below(1_000);
    if (draw < 870) return this.intent(random.pick(this.runs));
    if (draw < 960) return this.price(random.pick(SYMBOLS));
    return this.control(random.pick(this.runs));
  }

  private control(run: Run): Event {
    const { random } = this;
    switch (random.below(10)) {
      case 0:
      case 1:
        return this.controlOf('policy', run.id, this.policy());
      case 2:
        return this.controlOf('invalid policy', run.id, { type: 'PolicyActivated', policy_text: 'limits: { exposure: none' });
      case 3:
      case 4:
        return this.portfolio(run, random.chance(0.3) ? 60_000 : random.below(10_000));
      case 5:
        return this.trip(run.id);
      case 6:
        return this.trip(EVERY_RUN);
      case 7:
        return this.controlOf('unsigned reset', run.id, { type: 'KillSwitchReset' }, ' ');
      case 8:
        return this.controlOf('kill reset', run.id, { type: 'KillSwitchReset' });
      default:
        return random.chance(0.3) ? this.turnover(run) : this.price(random.pick(SYMBOLS));
    }
  }

  /** Ends a run; a new one takes its place. Now and then intents still come for the old one. */
  private turnover(run: Run): Event {
    const at = this.runs.indexOf(run);
    const ended = this.controlOf('run end', run.id, { type: 'RunEnded' });
    const late = this.intent(run);
    const started = this.startRun();
    const fresh = this.runs.pop();
    if (fresh !== undefined) this.runs[at] = fresh;
    return { kind: 'run end', records: [...ended.records, ...late.records, ...started.records] };
  }

  private startRun(): Event {
    const run: Run = { id: `run-${++this.nextRun}`, sent: [] };
    this.runs.push(run);
    return this.controlOf('run start', run.id, {
      type: 'RunStarted',
      account_id: 'acct-1',
      policy_text: this.policy().policy_text,
      portfolio: PORTFOLIO,
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
      equity_mode: 'fixed',
    });
  }

  private intent(run: Run): Event {
    const { random } = this;
    const earlier = run.sent.length > 0 && random.chance(REPEATS) ? random.pick(run.sent) : undefined;
    if (earlier === undefined) {
      const sent = this.freshIntent();
      run.sent.push(sent);
      return this.counted('intent', [this.intentRecord(run, sent.value)]);
    }
    if (!random.chance(OTHER_BODY)) return this.counted('repeat', [this.intentRecord(run, earlier.value)]);
    const other = { ...earlier.intent, qty: decimal(String(random.between(1, 900))), strategy_id: 'other' };
    return this.counted('conflict', [this.intentRecord(run, this.codec.encodeValue(ORDER_INTENTS, other))]);
  }

  private freshIntent(): SentIntent {
    const { random } = this;
    const symbol = random.pick(SYMBOLS);
    const price = this.prices.get(symbol) ?? 100;
    const limited = random.chance(0.3);
    const intent: OrderIntent = {
      intent_id: `i-${++this.nextIntent}`,
      timestamp: '2026-02-24T09:30:01Z',
      strategy_id: random.pick(STRATEGIES),
      account_id: 'acct-1',
      instrument: { symbol, asset_class: 'equity' },
      side: random.chance(0.5) ? 'buy' : 'sell',
      order_type: limited ? 'limit' : 'market',
      // Some do not fit by themselves, so that they are cut.
      qty: decimal(random.chance(0.15) ? `${random.between(400, 2_000)}.333333333333336` : String(random.between(1, 120))),
      limit_price: limited ? decimal(String(price + random.between(-5, 5))) : null,
    };
    return { intent, value: this.codec.encodeValue(ORDER_INTENTS, intent) };
  }

  private intentRecord(run: Run, value: Buffer): OutgoingRecord {
    const key = Buffer.from(run.id, 'utf8');
    return { topic: ORDER_INTENTS, partition: partitionOf(key, this.shards), key, value, timestamp: Date.now() };
  }

  private price(symbol: string): Event {
    const { random } = this;
    const withdrawn = random.chance(0.02);
    const moved = Math.max(50, (this.prices.get(symbol) ?? 100) + random.between(-3, 3));
    this.prices.set(symbol, moved);
    const price = withdrawn ? null : decimal(`${moved}.${random.between(10, 99)}`);
    const value = this.codec.encodeValue(MARKET_PRICES, { symbol, price });
    const key = Buffer.from(symbol, 'utf8');
    const records: OutgoingRecord[] = Array.from({ length: this.shards }, (_, partition) => ({
      topic: MARKET_PRICES,
      partition,
      key,
      value,
      timestamp: Date.now(),
    }));
    return this.counted(withdrawn ? 'price withdrawn' : 'price', records);
  }

  private portfolio(run: Run, loss: number): Event {
    return this.controlOf('portfolio', run.id, {
      type: 'PortfolioUpdated',
      equity: decimal(String(EQUITY - loss)),
      start_of_day_equity: decimal(String(EQUITY)),
      peak_equity: decimal(String(EQUITY)),
      positions: loss === 0 ? new Map(SYMBOLS.map((symbol) => [symbol, decimal('0')])) : null,
    });
  }

  private trip(runId: string): Event {
    // Not for long.
    this.resetAfter = Math.min(this.resetAfter, this.sinceReset + 25);
    return this.controlOf('kill trip', runId, { type: 'KillSwitchTripped' });
  }

  private resetAll(): Event {
    this.sinceReset = 0;
    this.resetAfter = RESET_AFTER;
    const reset = this.controlOf('kill reset', EVERY_RUN, { type: 'KillSwitchReset' });
    // Who lost too much to trade is given its money back, or it would trip again at once.
    const restored = this.runs.map((run) => this.portfolio(run, 0));
    const priced = SYMBOLS.map((symbol) => this.price(symbol));
    return { kind: 'kill reset', records: [...priced, ...restored, reset].flatMap(({ records }) => records) };
  }

  private policy(): PolicyActivated {
    const { random } = this;
    return {
      type: 'PolicyActivated',
      policy_text: policyText({
        position: random.pick(['0.05', '0.10', '0.08']),
        perMinute: random.pick([10_000, 10_000, 30]),
        tripOn: random.pick(['[]', '[LOSS-002]']),
        tripAfter: random.pick([10_000, 10_000, 40]),
      }),
    };
  }

  private controlOf(kind: Kind, runId: string, payload: ControlPayload, actor = 'campaign'): Event {
    const key = Buffer.from(runId, 'utf8');
    const value = this.codec.encodeValue(CONTROL_EVENTS, { actor, reason: 'a campaign', payload });
    const partitions =
      runId === EVERY_RUN ? Array.from({ length: this.shards }, (_, shard) => shard) : [partitionOf(key, this.shards)];
    const timestamp = Date.now();
    return this.counted(
      kind,
      partitions.map((partition) => ({ topic: CONTROL_EVENTS, partition, key, value, timestamp })),
    );
  }

  private counted(kind: Kind, records: readonly OutgoingRecord[]): Event {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    return { kind, records };
  }
}

const EQUITY = 500_000;

const PORTFOLIO: PortfolioState = {
  equity: decimal(String(EQUITY)),
  start_of_day_equity: decimal(String(EQUITY)),
  peak_equity: decimal(String(EQUITY)),
  positions: new Map(),
  realized_pnl_today: decimal('0'),
  unrealized_pnl: decimal('0'),
};

const policyText = (of: {
  readonly position: string;
  readonly perMinute: number;
  readonly tripOn: string;
  readonly tripAfter: number;
}): string => `version: "0.1"
timezone: "UTC"
limits:
  exposure: { max_position_pct: ${of.position}, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0 }
  loss: { daily_loss_limit_pct: 0.05, max_drawdown_pct: 0.10 }
  execution: { max_orders_per_minute_global: ${of.perMinute}, max_orders_per_minute_by_strategy: ${of.perMinute} }
  kill_switch: { trip_on_rules: ${of.tripOn}, trip_after_n_violations: ${of.tripAfter}, violation_window_seconds: 300 }
`;
