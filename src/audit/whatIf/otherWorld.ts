/**
 * The course of events under another policy: the recorded inputs of the chosen runs, with the changes that follow from it.
 *
 * - A RunStarted that took effect carries the other policy; a PolicyActivated is left out, so that the other policy stays in force.
 * - Executions of an order that is not sent any more, or is sent with another quantity, are left out. An order with the quantity as recorded keeps
 *   what was recorded of it, and so do orders that the run does not know.
 * - An order that was not sent before, or not with this quantity, gets what the paper broker makes of it at the price it was judged at, at once.
 * - Everything else is as recorded: prices, portfolios, the operator's word, the time.
 *
 * Source: design, "Audit" (`replay --policy`).
 */
import type { Codec } from '../../contracts/avro/codec';
import { ZERO } from '../../contracts/decimal';
import type { AuditRecord, ControlEvent, ExecutionEvent, OrderIntent, PublishedDecision } from '../../contracts/messages';
import { CONTROL_EVENTS, EVERY_RUN, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../../contracts/topics';
import { advanceClock } from '../../domain/evolve';
import { paperOutcome } from '../../domain/paperOutcome';
import type { PaperOutcome } from '../../domain/paperOutcome';
import type { BusRecord } from '../../processor/bus';
import { admittedQty } from './decidedTwice';
import type { DecidedTwice } from './decidedTwice';
import { World } from './world';
import type { Folded } from './world';

export interface OtherWorldOptions {
  readonly codec: Codec;
  readonly partition: number;
  /** Of the other policy; a valid one. */
  readonly policyText: string;
  /** Undefined: every run. */
  readonly runs: ReadonlySet<string> | undefined;
}

/** What came of one input that the recorded world has just folded. */
export interface OtherOutcome {
  readonly records: readonly AuditRecord[];
  readonly decided?: DecidedTwice;
  /** What was done to the input, where it is not taken as it was. */
  readonly leftOut?: 'policy activation' | 'execution';
}

const NOTHING: OtherOutcome = { records: [] };

export class OtherWorld {
  private readonly world: World;
  /** By run: admitted orders whose recorded executions do not happen here. */
  private readonly replaced = new Map<string, Set<string>>();
  /** Executions have offsets of their own: some are left out, some come from here. */
  private executions = 0;

  constructor(private readonly options: OtherWorldOptions) {
    this.world = new World(options.partition, options.codec);
  }

  get shard(): World['shard'] {
    return this.world.shard;
  }

  /** `recorded`: the audit records that the input left in the recorded world; empty, too, where it was set aside. */
  take(input: BusRecord, { records: recorded, setAside }: Folded): OtherOutcome {
    const [first] = recorded;
    if (setAside || !this.concerns(input, first)) return this.pass(input);
    switch (input.topic) {
      case ORDER_INTENTS:
        return this.takeIntent(input, first);
      case EXECUTION_EVENTS:
        return this.takeExecution(input, first);
      case CONTROL_EVENTS:
        return this.takeControl(input, recorded);
      default:
        return this.world.fold(input);
    }
  }

  private concerns(input: BusRecord, first: AuditRecord | undefined): boolean {
    const { runs } = this.options;
    if (runs === undefined || input.topic === MARKET_PRICES || isForEveryRun(input)) return true;
    return first !== undefined && runs.has(first.run_id);
  }

  private takeIntent(input: BusRecord, first: AuditRecord | undefined): OtherOutcome {
    const { records } = this.world.fold(input);
    const { intent = null, decision: recorded = null } = first ?? {};
    const other = records[0]?.decision ?? null;
    if (intent === null || recorded === null || other === null) return { records };
    const asRecorded = admittedQty(recorded) === admittedQty(other);
    if (!asRecorded && recorded.order !== null) this.replace(recorded);
    const assumed = asRecorded ? null : this.assumedOf(input, other);
    return { records, decided: { intent, recorded, other, assumed } };
  }

  private replace({ run_id, intent_id }: PublishedDecision): void {
    const ofRun = this.replaced.get(run_id) ?? new Set<string>();
    this.replaced.set(run_id, ofRun.add(intent_id));
  }

  /** Lets the paper broker answer at once. It changes nothing but the order: what it leaves on record is nobody's decision. */
  private assumedOf(input: BusRecord, decision: PublishedDecision): PaperOutcome | null {
    const { order, reference_price: price } = decision;
    if (order === null || price === null) return null;
    const outcome = paperOutcome(order, price);
    const value = this.options.codec.encodeValue(EXECUTION_EVENTS, executionOf(decision, order, outcome));
    // At the run's clock: nothing passes between the decision and what is assumed of it.
    this.foldExecution({ ...input, topic: EXECUTION_EVENTS, key: null, value, timestamp: decision.clock });
    return outcome;
  }

  private takeExecution(input: BusRecord, first: AuditRecord | undefined): OtherOutcome {
    const { run_id: runId = '', execution = null } = first ?? {};
    if (execution === null || this.replaced.get(runId)?.has(execution.intent_id) !== true)
      return { records: this.foldExecution(input) };
    this.advance(runId, input);
    return { records: [], leftOut: 'execution' };
  }

  private takeControl(input: BusRecord, recorded: readonly AuditRecord[]): OtherOutcome {
    const [first] = recorded;
    // What was refused is refused again, whatever the policy.
    const applied = first?.kind === 'CONTROL' ? first.control : null;
    if (applied?.payload.type === 'RunStarted') return this.world.fold({ ...input, value: this.withOtherPolicy(applied) });
    if (applied?.payload.type !== 'PolicyActivated') return this.world.fold(input);
    for (const { run_id } of recorded) this.advance(run_id, input);
    this.pass(input);
    return { records: [], leftOut: 'policy activation' };
  }

  private withOtherPolicy(control: ControlEvent): Buffer {
    const { codec, policyText } = this.options;
    const payload = { ...control.payload, policy_text: policyText } as ControlEvent['payload'];
    return codec.encodeValue(CONTROL_EVENTS, { ...control, payload });
  }

  private foldExecution(input: BusRecord): readonly AuditRecord[] {
    const offset = this.executions;
    this.executions += 1;
    return this.world.fold({ ...input, offset }).records;
  }

  /** Time goes on by what is left out, too. */
  private advance(runId: string, { timestamp }: BusRecord): void {
    const ledger = this.shard.runs.get(runId);
    if (ledger !== undefined) advanceClock(ledger.state, timestamp);
  }

  /** It happens in the recorded course of events alone. */
  private pass(input: BusRecord): OtherOutcome {
    if (input.topic !== EXECUTION_EVENTS) this.world.setAside(input);
    return NOTHING;
  }
}

const isForEveryRun = ({ topic, key }: BusRecord): boolean =>
  topic === CONTROL_EVENTS && key !== null && Buffer.from(key).toString('utf8') === EVERY_RUN;

const NO_POLICY = new Uint8Array(32);

const executionOf = (
  { run_id, intent_id, policy_hash }: PublishedDecision,
  { instrument, side, order_type, qty }: OrderIntent,
  outcome: PaperOutcome,
): ExecutionEvent => {
  const filled = outcome.type === 'filled';
  return {
    event: filled ? 'ORDER_FILLED' : 'ORDER_REJECTED',
    run_id,
    intent_id,
    order_id: '',
    client_order_id: '',
    symbol: instrument.symbol,
    side,
    order_type,
    qty: filled ? qty : null,
    price: filled ? outcome.price : null,
    cum_qty: filled ? qty : ZERO,
    leaves_qty: ZERO,
    code: filled ? null : outcome.code,
    reason: filled ? null : outcome.reason,
    policy_hash: policy_hash ?? NO_POLICY,
    decision_offset: 0,
  };
};
