/** One shard on a memory bus, driven by hand: publish, step, look. */
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import type { MemoryBus } from '../../src/bus/memory/memoryBus';
import { Codec } from '../../src/contracts/avro/codec';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { decimal } from '../../src/contracts/decimal';
import type {
  AuditRecord,
  ControlPayload,
  ExecutionEvent,
  OrderIntent,
  PublishedDecision,
  RunStarted,
} from '../../src/contracts/messages';
import { parseRfc3339 } from '../../src/contracts/timestamp';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
} from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { BusRecord, OutgoingRecord, TransactionalWriter } from '../../src/processor/bus';
import type { FoldObserver, Stopwatch } from '../../src/processor/observer';
import { Processor } from '../../src/processor/processor';
import { portfolioOf } from './situations';

export const policyText = (
  fields: { readonly position?: string; readonly tripOn?: string; readonly tripAfter?: number; readonly mode?: string } = {},
): string => `
version: "0.1"
defaults: { mode: ${fields.mode ?? 'enforce'} }
limits:
  exposure: { max_position_pct: ${fields.position ?? '0.1'}, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0 }
  loss: { daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05 }
  execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 }
  kill_switch: { trip_on_rules: [${fields.tripOn ?? '"LOSS-002"'}], trip_after_n_violations: ${fields.tripAfter ?? 3}, violation_window_seconds: 300 }
`;

const fixedStopwatch: Stopwatch = {
  now: () => '2026-02-24T10:00:00.000Z',
  timed: (work) => ({ value: work(), measured: { recordedAt: '2026-02-24T10:00:00.000Z', evalMs: 0.01 } }),
};

export const START = 1_771_925_400_000; // 2026-02-24T09:30:00Z

export class TestShard {
  readonly codec = new Codec(freshSchemas());
  private processor: Processor | undefined;
  private feeder: TransactionalWriter | undefined;
  private takeovers = 0;

  constructor(
    readonly bus: MemoryBus = openMemoryBus({ shards: 1 }),
    private readonly observer: FoldObserver = {},
    private readonly engineVersion = '0.0.0-test',
  ) {}

  async takeOver(): Promise<Processor> {
    this.takeovers += 1;
    this.processor = await Processor.takeOver({
      bus: this.bus,
      codec: this.codec,
      partition: 0,
      owner: `owner-${this.takeovers}`,
      engineVersion: this.engineVersion,
      stopwatch: fixedStopwatch,
      observer: this.observer,
    });
    return this.processor;
  }

  get live(): Processor {
    if (this.processor === undefined) throw new Error('take over first');
    return this.processor;
  }

  async publish(...records: readonly OutgoingRecord[]): Promise<void> {
    this.feeder ??= await this.bus.writer('feeder');
    await this.feeder.commit(records);
  }

  /** Folds all that has arrived. */
  async settle(maxRecords = 100): Promise<void> {
    while ((await this.live.step({ maxRecords, maxWaitMs: 0 })) > 0);
  }

  /** Publishes, one after the other, and folds. */
  async feed(...records: readonly OutgoingRecord[]): Promise<void> {
    for (const record of records) {
      await this.publish(record);
      await this.settle();
    }
  }

  control(
    payload: ControlPayload,
    fields: { readonly run?: string; readonly at?: number; readonly actor?: string; readonly reason?: string } = {},
  ): OutgoingRecord {
    const { run = 'r-1', at = START, actor = 'desk', reason = 'test' } = fields;
    return this.record(CONTROL_EVENTS, run, this.codec.encodeValue(CONTROL_EVENTS, { actor, reason, payload }), at);
  }

  started(fields: Partial<RunStarted> = {}, run = 'r-1', at = START): OutgoingRecord {
    const payload: RunStarted = {
      type: 'RunStarted',
      account_id: 'acct_1',
      policy_text: policyText(),
      portfolio: portfolioOf(),
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
      equity_mode: 'fixed',
      ...fields,
    };
    return this.control(payload, { run, at });
  }

  price(symbol: string, price: string | null, at = START): OutgoingRecord {
    const value = this.codec.encodeValue(MARKET_PRICES, { symbol, price: price === null ? null : decimal(price) });
    return this.record(MARKET_PRICES, symbol, value, at);
  }

  intent(intent: OrderIntent, run = 'r-1'): OutgoingRecord {
    return this.record(ORDER_INTENTS, run, this.codec.encodeValue(ORDER_INTENTS, intent), parseRfc3339(intent.timestamp) ?? 0);
  }

  execution(event: ExecutionEvent, at = START): OutgoingRecord {
    const { run_id, intent_id } = event;
    return {
      topic: EXECUTION_EVENTS,
      partition: 0,
      key: this.codec.encodeKey(EXECUTION_EVENTS, { run_id, intent_id }),
      value: this.codec.encodeValue(EXECUTION_EVENTS, event),
      timestamp: at,
    };
  }

  record(topic: Topic, key: string | Uint8Array | null, value: Uint8Array | null, timestamp = START): OutgoingRecord {
    return { topic, partition: 0, key: typeof key === 'string' ? Buffer.from(key) : key, value, timestamp };
  }

  async all(topic: Topic): Promise<readonly BusRecord[]> {
    const reader = await this.bus.reader([{ topic, partition: 0, offset: 0 }]);
    const records: BusRecord[] = [];
    for (;;) {
      const polled = await reader.poll({ maxRecords: 1_000, maxWaitMs: 0 });
      if (polled.length === 0) break;
      records.push(...polled);
    }
    await reader.close();
    return records;
  }

  async audits(): Promise<readonly AuditRecord[]> {
    return (await this.all(AUDIT_RECORDS)).map(({ value }) => {
      const audit = this.codec.decodeAudit(value);
      if (!audit.ok) throw new Error(audit.error.message);
      return audit.value.record;
    });
  }

  async decisions(): Promise<readonly PublishedDecision[]> {
    return (await this.all(DECISIONS)).map(({ value }) => {
      const decision = this.codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new Error(decision.error.message);
      return decision.value;
    });
  }

  async deadLetters(): Promise<readonly BusRecord[]> {
    return this.all(DEAD_LETTERS);
  }
}
