/**
 * The main job: a file of intents through the gate, in order. Every intent is published to the bus, judged by the processor and, if it was
 * admitted, sent by the gateway; the next one is judged when the order of the one before is terminal.
 *
 * Everything that the run has done is on the bus. On a data directory, a second start with the same arguments finds it there, writes what the
 * logs still lack, and goes on where the first one stopped.
 */
import { refold } from '../../audit/refold';
import { RunReport } from '../../audit/runReport';
import { DeferredObserver } from '../../audit/observers';
import type { RunSummary } from '../../contracts/documents/writeDocument';
import type {
  ControlPayload,
  EquityMode,
  ExecutionEvent,
  ExecutionState,
  MarketSnapshot,
  OrderIntent,
  PortfolioState,
} from '../../contracts/messages';
import { parseRfc3339 } from '../../contracts/timestamp';
import { AUDIT_RECORDS, CONTROL_EVENTS, MARKET_PRICES, ORDER_INTENTS, partitionOf } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { Broker } from '../../gateway/broker';
import { Gateway } from '../../gateway/gateway';
import type { GatewaySettings, ReportedExecution } from '../../gateway/gateway';
import type { GatewayLog } from '../../gateway/gatewayLog';
import type { BusRecord, OutgoingRecord, TransactionalWriter } from '../../processor/bus';
import type { FoldObserver } from '../../processor/observer';
import { Processor } from '../../processor/processor';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import type { PolicyFile } from '../files';
import type { Session } from '../session';
import { ENGINE_VERSION, realStopwatch, wallClock } from '../session';
import { faultPoints } from '../faultPoints';

export interface RunInput {
  readonly runId: string;
  /** Tells these inputs from others under the same run id: text without line breaks. */
  readonly fingerprint: string;
  readonly policy: PolicyFile;
  readonly portfolio: PortfolioState;
  readonly market: MarketSnapshot;
  readonly execution: ExecutionState;
  readonly equityMode: EquityMode;
  /** At least their count must be known beforehand; they are read once, in order. */
  readonly intents: readonly OrderIntent[];
}

/** How the run trades. */
export interface Trading {
  readonly broker: Broker;
  readonly gateway: GatewaySettings;
  readonly log: GatewayLog;
  /** How long an order may stay open before the next intent is judged with it as working, and how long the end waits for orders to be cancelled; ms. */
  readonly settleMs: number;
}

export interface RunListeners {
  readonly observers: readonly FoldObserver[];
  /** Each execution event of the run once it is durable, from the first. */
  readonly executed?: (execution: ReportedExecution) => void;
  readonly progress?: (decided: number, total: number) => void;
}

/** Intents that one transaction publishes. */
const CHUNK = 500;
/** Inputs that one step folds; of intents only one. */
const STEP = { maxRecords: 256, maxWaitMs: 0, perTopic: { [ORDER_INTENTS]: 1 } } as const;
const DECISIONS_PER_STEP = { maxRecords: 16, maxWaitMs: 0 } as const;
const DECISIONS_WAITED_FOR = { maxRecords: 16, maxWaitMs: 20 } as const;
/** How long the end of a run waits for the broker to cancel, beyond the time that an order has to be filled. */
const CANCEL_MS = 30_000;

export const runJob = async (
  session: Session,
  input: RunInput,
  trading: Trading,
  listeners: RunListeners,
): Promise<RunSummary> => {
  const job = new RunJob(session, input, trading, listeners);
  try {
    await job.open();
    return await job.finish();
  } finally {
    await job.close();
  }
};

/** The last run that these inputs began on this bus; undefined: none did. `unfinished`: one that has ended does not count. */
export const runOfInputs = async (
  { bus, codec }: Session,
  fingerprint: string,
  unfinished: boolean,
): Promise<string | undefined> => {
  let found: string | undefined;
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { key, value } of recordsTo(bus, { topic: CONTROL_EVENTS, partition, offset: 0 })) {
      const control = codec.decodeValue(CONTROL_EVENTS, value);
      if (!control.ok || key === null) continue;
      const runId = Buffer.from(key).toString('utf8');
      const { payload, reason } = control.value;
      if (payload.type === 'RunStarted' && reason === reasonOf(fingerprint)) found = runId;
      else if (payload.type === 'RunEnded' && runId === found && unfinished) found = undefined;
    }
  return found;
};

class RunJob {
  private readonly partition: number;
  private readonly key: Buffer;
  private readonly report: RunReport;
  private processor: Processor | undefined;
  private gateway: Gateway | undefined;
  private feeder: TransactionalWriter | undefined;
  /** Intents of the run that are on the bus. */
  private published = 0;
  /** performance.now() of the last submission while orders are open. */
  private openSince: number | undefined;
  private gatewayPending = false;

  constructor(
    private readonly session: Session,
    private readonly input: RunInput,
    private readonly trading: Trading,
    private readonly listeners: RunListeners,
  ) {
    this.key = Buffer.from(input.runId, 'utf8');
    this.partition = partitionOf(this.key, session.bus.shards);
    this.report = new RunReport(input.runId);
  }

  /** Takes the shard over, and catches up with what an earlier start has done. */
  async open(): Promise<void> {
    const { bus, codec } = this.session;
    const { partition } = this;
    const observer = new DeferredObserver([this.report, ...this.listeners.observers]);
    this.feeder = await bus.writer(`policygate-feeder-${partition}`);
    this.processor = await Processor.takeOver({
      bus,
      codec,
      partition,
      owner: `${process.pid}-${wallClock()}`,
      engineVersion: ENGINE_VERSION,
      stopwatch: realStopwatch,
      observer,
      faultPoint: faultPoints,
    });
    await this.checkDirectory();
    if (this.ledger !== undefined) await refold({ bus, codec, partition, observer: observer.target });
    observer.open();
    this.gateway = await Gateway.takeOver(
      {
        bus,
        codec,
        partition,
        broker: this.trading.broker,
        settings: this.trading.gateway,
        log: this.trading.log,
        now: wallClock,
        wallMs: () => Date.now(),
        monotonic: () => performance.now(),
        lockstep: true,
        faultPoint: faultPoints,
      },
      (past) => this.tell([past]),
    );
  }

  async finish(): Promise<RunSummary> {
    const { intents, runId } = this.input;
    await this.drain();
    // A start that was published and not folded has been folded only now.
    await this.checkDirectory();
    if (this.ledger === undefined) await this.start();
    this.published = await this.countPublished();
    while (this.published < intents.length) {
      await this.publishChunk();
      await this.drain();
    }
    if (this.ledger?.state.status === 'ACTIVE') {
      await this.cancelOpenOrders();
      await this.publish([this.control({ type: 'RunEnded' }, 'all intents are decided', this.ledger.state.clock)]);
      await this.drain();
    }
    const { ledger } = this;
    if (ledger === undefined)
      throw new Failure(`run ${runId}: the bus lost its start; the data directory was changed by another program`);
    return this.report.summary(ledger.state, ledger.chainHash);
  }

  async close(): Promise<void> {
    await this.gateway?.close();
    await this.processor?.close();
    await this.feeder?.close();
  }

  private get ledger() {
    return this.processor?.shard.runs.get(this.input.runId);
  }

  /**
   * Prices belong to the shard, so that runs which trade by turns in one directory would judge by each other's market: an unfinished one must be
   * finished first. And a run that is found must have begun with these inputs.
   */
  private async checkDirectory(): Promise<void> {
    const { runId, fingerprint } = this.input;
    for (const { state } of this.processor?.shard.runs.values() ?? []) {
      if (state.status === 'ACTIVE' && state.runId !== runId) {
        throw new Failure(
          `run ${state.runId} of this data directory is not finished: give its command again first, or use another --data-dir`,
        );
      }
    }
    for await (const { key, value } of this.recordsOf(CONTROL_EVENTS)) {
      if (key === null || !this.key.equals(key)) continue;
      const control = this.session.codec.decodeValue(CONTROL_EVENTS, value);
      if (!control.ok || control.value.payload.type !== 'RunStarted' || control.value.reason === reasonOf(fingerprint)) continue;
      throw new Failure(`run ${runId} of this data directory was started with other inputs; choose another --run-id`);
    }
  }

  /** RunStarted and the prices, in one transaction: a second start finds both or neither. The run begins at its first intent: its clock must not be ahead of the stream. */
  private async start(): Promise<void> {
    const { policy, portfolio, market, execution, intents, runId } = this.input;
    const marketTime = parseRfc3339(market.timestamp) ?? 0;
    const [first] = intents;
    const startTime = first === undefined ? marketTime : timeOf(first);
    const payload: ControlPayload = {
      type: 'RunStarted',
      // Without an intent nobody names the account.
      account_id: first?.account_id ?? 'none',
      policy_text: policy.text,
      portfolio,
      execution,
      equity_mode: this.input.equityMode,
    };
    // A symbol that an earlier run of this directory had a price for has none in this market.
    const known = this.processor?.shard.prices ?? new Map<string, never>();
    const withdrawn = [...known.keys()].filter((symbol) => !market.prices.has(symbol));
    const price = (symbol: string): OutgoingRecord => ({
      topic: MARKET_PRICES,
      partition: this.partition,
      key: Buffer.from(symbol, 'utf8'),
      value: this.session.codec.encodeValue(MARKET_PRICES, { symbol, price: market.prices.get(symbol) ?? null }),
      timestamp: marketTime,
    });
    await this.publish([
      this.control(payload, reasonOf(this.input.fingerprint), startTime),
      ...[...withdrawn.sort(), ...market.prices.keys()].map(price),
    ]);
    await this.drain();
    if (this.ledger?.state.status !== 'ACTIVE') throw new Failure(`run ${runId} could not be started; see ${AUDIT_RECORDS}`);
  }

  private async publishChunk(): Promise<void> {
    const chunk = this.input.intents.slice(this.published, this.published + CHUNK);
    await this.publish(
      chunk.map((intent) => ({
        topic: ORDER_INTENTS,
        partition: this.partition,
        key: this.key,
        value: this.session.codec.encodeValue(ORDER_INTENTS, intent),
        timestamp: timeOf(intent),
      })),
    );
    this.published += chunk.length;
  }

  /**
   * Steps gateway and processor by turns until there is nothing left to fold. The gateway comes first: after a restart, too, an admitted
   * order has ended, or had its time to, before the next intent is judged.
   */
  private async drain(): Promise<void> {
    const { processor, gateway } = this;
    if (processor === undefined || gateway === undefined) throw new TypeError('drain before open');
    for (;;) {
      const executed = await this.trade(gateway);
      const folded = await processor.step(STEP);
      this.listeners.progress?.(this.report.decided, this.input.intents.length);
      if (folded === 0 && executed === 0) return;
    }
  }

  /** Steps the gateway until it has sent what there is, and what it sent has ended or had its time to. Answers with how many events came of it. */
  private async trade(gateway: Gateway): Promise<number> {
    let executed = 0;
    for (;;) {
      const waits = this.openSince !== undefined && performance.now() - this.openSince < this.trading.settleMs;
      const { read, executions, pending } = await gateway.step(
        waits || this.gatewayPending ? DECISIONS_WAITED_FOR : DECISIONS_PER_STEP,
      );
      executed += executions.length;
      this.tell(executions);
      this.gatewayPending = pending;
      const open = gateway.openOrders().length > 0;
      if (!open) this.openSince = undefined;
      else if (this.openSince === undefined || executions.some(({ event }) => event.event === 'ORDER_SUBMITTING'))
        this.openSince = performance.now();
      const settling = open && performance.now() - (this.openSince ?? 0) < this.trading.settleMs;
      if (read < DECISIONS_PER_STEP.maxRecords && !pending && !settling) return executed;
    }
  }

  /** The session ends: what is open is cancelled, and what was filled meanwhile is folded, before it closes its books. */
  private async cancelOpenOrders(): Promise<void> {
    const { gateway } = this;
    if (gateway === undefined || gateway.openOrders().length === 0) return;
    gateway.cancelOpenOrders({ code: 'RUN_ENDS', reason: 'all intents are decided, and the run ends' });
    const startedAt = performance.now();
    for (let left = gateway.openOrders(); left.length > 0; left = gateway.openOrders()) {
      // What the broker may never have seen cannot be cancelled: only a look-up, or an operator, can end it.
      const patience = left.every(({ orderId }) => orderId === '') ? 0 : CANCEL_MS;
      if (performance.now() - startedAt >= this.trading.settleMs + patience) break;
      const { executions } = await gateway.step(DECISIONS_WAITED_FOR);
      this.tell(executions);
    }
    const [left, ...others] = gateway.openOrders();
    if (left !== undefined)
      throw new Failure(
        `run ${this.input.runId}: not ended at ${this.trading.broker.venue}: ${left.intentId} (${left.phase})${others.length === 0 ? '' : ` and ${others.length} more orders`}; ` +
          'the run goes on: with a --data-dir, look at `policygate orders list --unknown`, end what nobody knows by `policygate orders resolve`, and give the same command again',
      );
    await this.drain();
  }

  private tell(executions: readonly ReportedExecution[]): void {
    for (const execution of executions) if (execution.event.run_id === this.input.runId) this.listeners.executed?.(execution);
  }

  private async publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length > 0) await this.feeder?.commit(records);
  }

  private control(payload: ControlPayload, reason: string, timestamp: number): OutgoingRecord {
    return {
      topic: CONTROL_EVENTS,
      partition: this.partition,
      key: this.key,
      value: this.session.codec.encodeValue(CONTROL_EVENTS, { actor: 'policygate run', reason, payload }),
      timestamp,
    };
  }

  private async countPublished(): Promise<number> {
    let count = 0;
    for await (const { key } of this.recordsOf(ORDER_INTENTS)) if (key !== null && this.key.equals(key)) count += 1;
    return count;
  }

  private recordsOf(topic: Topic): AsyncGenerator<BusRecord> {
    return recordsTo(this.session.bus, { topic, partition: this.partition, offset: 0 });
  }
}

/** The execution log has what happened to orders; that one is about to be sent, or to be cancelled, is the gateway's own record on the bus. */
export const isInExecutionLog = ({ event }: ExecutionEvent): boolean =>
  event !== 'ORDER_SUBMITTING' && event !== 'ORDER_CANCELLING';

const reasonOf = (fingerprint: string): string => `inputs sha256:${fingerprint}`;

const timeOf = ({ timestamp, intent_id }: OrderIntent): number => {
  const time = parseRfc3339(timestamp);
  if (time === undefined) throw new Failure(`intent ${intent_id}: timestamp: expected RFC 3339 in UTC`);
  return time;
};
