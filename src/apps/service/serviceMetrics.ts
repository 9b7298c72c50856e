/**
 * The figures of the services, for Prometheus. Labels come from short, fixed lists and from the shards' numbers: a run, an intent, a symbol is never one.
 * What was folded counts when its commit is acknowledged, and what a commit of unknown outcome did is not counted: the truth is on the topics.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { DEAD_LETTERS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { GatewayStatus } from '../../gateway/gateway';
import { BUS_ERROR_CODES } from '../../processor/bus';
import type { OutgoingRecord } from '../../processor/bus';
import { SHARD_PHASES } from './shardWork';
import type { ServiceName, ShardPhase } from './shardWork';
import { RiskMetrics } from './riskMetrics';

const PREFIX = 'policygate_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const RESTORE_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15, 60, 300];
const RECORDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];
const BYTES = [1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

export class ServiceMetrics {
  readonly registry = new Registry();
  readonly decisions = this.counter('decisions_total', 'Decisions that were committed', ['verdict']);
  readonly violations = this.counter('violations_total', 'Broken rules in committed decisions', ['rule']);
  readonly auditRecords = this.counter('audit_records_total', 'Audit records that were committed', ['kind']);
  readonly executions = this.counter('executions_total', 'Execution events that the gateway committed', ['event']);
  readonly intentToDecision = this.histogram(
    'intent_to_decision_seconds',
    'From the time that the log stamped an intent with to the commit of its decision',
    [],
    SECONDS,
  );
  /** Each a batch's: how long its first intent waited to be read, how long its fold took, and its commit. */
  readonly decisionStages = this.stages(['waiting', 'deciding', 'committing']);
  /** How runs stand against their limits and kill switches. */
  readonly risk = new RiskMetrics(this.registry);
  private readonly deadLetters = this.counter('dead_letters_total', 'Records set aside', ['service']);
  private readonly inputs = this.counter('inputs_total', 'Input records dealt with', ['service', 'topic']);
  private readonly batches = this.histogram('batch_records', 'Inputs of a step that had any', ['service'], RECORDS);
  private readonly transactions = this.histogram('transaction_seconds', 'How long commits took', ['service'], SECONDS);
  private readonly transactionRecords = this.histogram(
    'transaction_records',
    'Records of a commit, of all topics',
    ['service'],
    RECORDS,
  );
  private readonly transactionBytes = this.histogram(
    'transaction_bytes',
    'Bytes of keys and values of a commit',
    ['service'],
    BYTES,
  );
  private readonly takeovers = this.counter('takeovers_total', 'Takeovers of a shard that were begun', ['service']);
  private readonly restores = this.histogram(
    'restore_seconds',
    'From the begin of a takeover to a restored shard',
    ['service'],
    RESTORE_SECONDS,
  );
  private readonly fenced = this.counter('fenced_total', 'Times that another owner took over a shard', ['service']);
  private readonly errors = this.counter('bus_errors_total', 'Errors that a shard was dropped for; OTHER: not of the bus', [
    'service',
    'code',
  ]);
  private readonly states = this.gauge('shard_state', 'One for the state that the shard is in', ['service', 'shard', 'state']);
  private readonly progress = this.gauge(
    'last_progress_timestamp_seconds',
    'When the shard was last taken over or ended a step, seconds since 1970',
    ['service', 'shard'],
  );

  private readonly progressTimes = new Map<string, number>();

  private readonly brokerCalls = this.counter('broker_calls_total', 'Requests to a broker, by what came of them', [
    'broker',
    'operation',
    'outcome',
  ]);
  private readonly brokerSeconds = this.histogram(
    'broker_call_seconds',
    'How long requests to a broker took, each by itself',
    ['broker', 'operation'],
    SECONDS,
  );
  private readonly ordersQueued = this.gauge('orders_queued', 'Admitted orders that are not sent yet', ['shard']);
  private readonly ordersOpen = this.gauge('orders_open', 'Orders that were sent and are not known to have ended', ['shard']);
  private readonly ordersUnknown = this.gauge('orders_unknown', 'Orders of which the broker may know or not: look at them', [
    'shard',
  ]);
  private readonly ordersForeign = this.gauge('orders_foreign', 'Open orders of the account that are not of this shard', [
    'shard',
  ]);
  private readonly positionDrift = this.gauge('position_drift_symbols', 'Symbols of which the broker holds something else', [
    'shard',
  ]);

  private readonly checkpointSize = this.gauge('checkpoint_tree_size', 'Audit records that the last checkpoint covers', [
    'shard',
  ]);
  private readonly checkpointTime = this.gauge(
    'checkpoint_timestamp_seconds',
    'When the last checkpoint was signed, seconds since 1970',
    ['shard'],
  );
  private readonly checkpointFailures = this.counter('checkpoint_failures_total', 'Times that no checkpoint could be made', []);

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: PREFIX });
  }

  committed(service: ServiceName, records: readonly OutgoingRecord[], seconds: number): void {
    this.transactions.observe({ service }, seconds);
    let letters = 0;
    let bytes = 0;
    for (const { topic, key, value } of records) {
      if (topic === DEAD_LETTERS) letters += 1;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
    }
    this.transactionRecords.observe({ service }, records.length);
    this.transactionBytes.observe({ service }, bytes);
    this.deadLetters.inc({ service }, letters);
  }

  stepped(service: ServiceName, read: number, byTopic: ReadonlyMap<Topic, number>): void {
    if (read > 0) this.batches.observe({ service }, read);
    for (const [topic, count] of byTopic) this.inputs.inc({ service, topic }, count);
  }

  takeover(service: ServiceName): void {
    this.takeovers.inc({ service });
    // There from the start: of a counter that appears with its first event, Prometheus sees no increase.
    this.fenced.inc({ service }, 0);
    this.deadLetters.inc({ service }, 0);
    for (const code of [...BUS_ERROR_CODES, 'OTHER']) this.errors.inc({ service, code }, 0);
  }

  restored(service: ServiceName, seconds: number): void {
    this.restores.observe({ service }, seconds);
  }

  failed(service: ServiceName, code: string): void {
    if (code === 'BUS_FENCED') this.fenced.inc({ service });
    this.errors.inc({ service, code });
  }

  progressed(service: ServiceName, shard: number): void {
    const now = Date.now();
    this.progress.set({ service, shard }, now / 1_000);
    this.progressTimes.set(`${service} ${shard}`, now);
  }

  /** When this process last ended a step of the shard, ms since 1970; undefined: it has not, or the shard is another's now. */
  lastProgress(service: ServiceName, shard: number): number | undefined {
    return this.progressTimes.get(`${service} ${shard}`);
  }

  entered(service: ServiceName, shard: number, phase: ShardPhase): void {
    for (const state of SHARD_PHASES) this.states.set({ service, shard, state }, state === phase ? 1 : 0);
  }

  /** How the gateway of a shard stands. */
  gateway(shard: number, { queued, open, unknown, foreignOrders, differingSymbols }: GatewayStatus): void {
    this.ordersQueued.set({ shard }, queued);
    this.ordersOpen.set({ shard }, open);
    this.ordersUnknown.set({ shard }, unknown);
    this.ordersForeign.set({ shard }, foreignOrders);
    this.positionDrift.set({ shard }, differingSymbols);
  }

  /** A request to a broker ended. */
  brokerCall(broker: string, operation: string, outcome: string, seconds: number): void {
    this.brokerCalls.inc({ broker, operation, outcome });
    this.brokerSeconds.observe({ broker, operation }, seconds);
  }

  /** `madeAt`: ms since 1970. */
  checkpoint(shard: number, treeSize: number, madeAt: number): void {
    this.checkpointSize.set({ shard }, treeSize);
    this.checkpointTime.set({ shard }, madeAt / 1_000);
  }

  checkpointFailed(): void {
    this.checkpointFailures.inc();
  }

  /** The shard belongs to another process now, which shows its figures. */
  forget(service: ServiceName, shard: number): void {
    for (const state of SHARD_PHASES) this.states.remove({ service, shard, state });
    this.progress.remove({ service, shard });
    this.progressTimes.delete(`${service} ${shard}`);
    if (service === 'processor') this.risk.forget(shard);
    if (service !== 'gateway') return;
    for (const gauge of [this.ordersQueued, this.ordersOpen, this.ordersUnknown, this.ordersForeign, this.positionDrift])
      gauge.remove({ shard });
  }

  /** One line of what the services did. */
  async summary(): Promise<string> {
    const verdicts = (await this.decisions.get()).values.map(({ labels, value }) => `${value} ${labels.verdict ?? ''}`);
    const count = async (of: Counter): Promise<number> => (await of.get()).values.reduce((total, { value }) => total + value, 0);
    const decided = await count(this.decisions);
    const parts = [
      `${await count(this.inputs)} inputs`,
      `${decided} decisions${decided === 0 ? '' : ` (${verdicts.join(', ')})`}`,
      `${await count(this.executions)} execution events`,
      `${await count(this.deadLetters)} dead letters`,
      `${await count(this.takeovers)} takeovers`,
    ];
    return parts.join(', ');
  }

  private stages<T extends string>(names: readonly T[]): Readonly<Record<T, Histogram.Internal<'stage'>>> {
    const seconds = this.histogram(
      'decision_stage_seconds',
      'Where the time from an intent to its decision goes, once a batch: its first intent waiting to be read, its fold, its commit',
      ['stage'],
      SECONDS,
    );
    return Object.fromEntries(names.map((stage) => [stage, seconds.labels({ stage })])) as unknown as Record<
      T,
      Histogram.Internal<'stage'>
    >;
  }

  private counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private gauge<T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> {
    return new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private histogram<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    buckets: readonly number[],
  ): Histogram<T> {
    return new Histogram({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [this.registry],
    });
  }
}
