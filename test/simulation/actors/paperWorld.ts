/** A world of one shard without faults of bus or processes: what actors publish is folded at once, and traded on paper. For tests of the actors. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { ZERO } from '../../../src/contracts/decimal';
import type { AuditRecord, PublishedDecision } from '../../../src/contracts/messages';
import type { Topic } from '../../../src/contracts/topics';
import { DEAD_LETTERS, DECISIONS, EXECUTION_EVENTS } from '../../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../../src/processor/bus';
import { fold } from '../../../src/processor/fold';
import type { FoldContext } from '../../../src/processor/foldContext';
import { emptyShard } from '../../../src/processor/ledger';
import type { ShardState } from '../../../src/processor/ledger';
import { CollectedLog } from '../../checks/rawLog';
import { Random } from '../../support/random';
import { Faults } from '../kernel/faults';
import { Scheduler } from '../kernel/scheduler';
import type { WorldPlan } from '../world/plan';
import type { Published, WorldPort } from '../world/port';
import type { Actors } from './actors';
import { startActors } from './actors';

const START_MS = 1_771_925_400_000;
const NOW = '2026-02-24T10:00:00.000Z';
/** Reading a policy is slow, and many worlds have the same ones. */
const POLICIES: ShardState['policies'] = new Map();

export class PaperWorld implements WorldPort {
  readonly plan: WorldPlan;
  readonly scheduler = new Scheduler(START_MS);
  readonly faults: Faults;
  readonly log = new CollectedLog(1);
  readonly venues = [undefined];
  readonly poisoned = new Map<OutgoingRecord, string>();
  readonly published: OutgoingRecord[] = [];
  readonly lines: string[] = [];
  readonly audits: AuditRecord[] = [];
  /** Offsets of poison that was set aside, and of what else was. */
  readonly letters: { readonly isPoison: boolean; readonly what: string }[] = [];
  readonly actors: Actors;
  private readonly random: Random;
  private readonly context: FoldContext;
  private orders = 0;

  constructor(
    plan: WorldPlan,
    readonly codec: Codec,
    private readonly isTraced = false,
  ) {
    this.plan = { ...plan, shards: 1, brokers: ['sim'] };
    this.random = new Random(plan.seed);
    this.faults = new Faults(plan.faults, this.random.fork());
    this.context = {
      ...{ shard: { ...emptyShard(0), policies: POLICIES }, codec, engineVersion: '0.0.0-test', outputs: [] },
      stopwatch: { now: () => NOW, timed: (work) => ({ value: work(), measured: { recordedAt: NOW, evalMs: 0 } }) },
      observer: { recorded: (audit) => void this.audits.push(audit) },
    };
    this.actors = startActors(this);
  }

  /** A whole day: trouble, recovery, probes. */
  async play(): Promise<void> {
    await this.scheduler.run(Infinity, () => this.actors.done);
    this.faults.stop();
    this.actors.recover();
    this.actors.reopen();
    await this.scheduler.run(Infinity);
    this.actors.probes();
    await this.scheduler.run(Infinity);
  }

  fork(): Random {
    return this.random.fork();
  }

  publish(_from: string, records: readonly OutgoingRecord[], acknowledged?: (offsets: Published) => void): void {
    const offsets = records.map((record) => this.append(record));
    this.published.push(...records);
    this.scheduler.after(1, () => acknowledged?.(offsets));
  }

  isPoison(record: OutgoingRecord, what: string): void {
    this.poisoned.set(record, what);
  }

  trace(line: () => string): void {
    if (this.isTraced) this.lines.push(line());
  }

  private append(record: OutgoingRecord): number {
    const { topic, partition } = record;
    const offset = this.log.records(topic, partition).length;
    const timestamp = this.plan.stamps === 'append' ? Math.floor(this.scheduler.nowMs) : record.timestamp;
    const written: BusRecord = { ...record, timestamp, offset, headers: record.headers ?? {} };
    this.log.add(written);
    fold(this.context, written);
    const outputs = this.context.outputs.splice(0);
    for (const output of outputs) {
      if (output.topic === DEAD_LETTERS)
        this.letters.push({ isPoison: this.poisoned.has(record), what: `${topic}: ${output.headers?.reason ?? ''}` });
      if (output.topic === DECISIONS) this.trade(output.value);
    }
    return offset;
  }

  /** As the paper broker does: at the price of the decision, at once or not at all. */
  private trade(value: Uint8Array | null): void {
    const read = this.codec.decodeValue(DECISIONS, value);
    if (!read.ok || read.value.order === null || read.value.reference_price === null) return;
    const { order, reference_price: price } = read.value;
    const { side, limit_price: limit } = order;
    const isDone = order.order_type === 'market' || limit === null || (side === 'buy' ? limit >= price : limit <= price);
    this.report(read.value, isDone);
  }

  private report({ run_id, intent_id, order, reference_price }: PublishedDecision, isDone: boolean): void {
    if (order === null) return;
    const { side, order_type, qty, instrument } = order;
    const topic: Topic = EXECUTION_EVENTS;
    const value = this.codec.encodeValue(topic, {
      ...{ event: isDone ? 'ORDER_FILLED' : 'ORDER_REJECTED', run_id, intent_id, order_id: `PAPER-${++this.orders}` },
      ...{ client_order_id: '', symbol: instrument.symbol, side, order_type, qty, price: isDone ? reference_price : null },
      ...{
        cum_qty: isDone ? qty : ZERO,
        leaves_qty: ZERO,
        code: null,
        reason: null,
        policy_hash: new Uint8Array(32),
        decision_offset: 0,
      },
    });
    this.append({ topic, partition: 0, key: this.codec.encodeKey(topic, { run_id, intent_id }), value, timestamp: 0 });
  }
}
