/**
 * Folds all inputs of a shard from offset zero, in the order that was recorded, and compares what comes of it with the log, byte for byte: audit
 * records, decisions, dead letters, and the state at the end. It goes on up to the first difference, since after it everything may differ. Nothing is
 * written. Source: design, "Audit" (`replay`).
 *
 * On a log that is written meanwhile it ends where the input positions in `policy-state` stood when it began.
 */
import type { AuditHead } from '../../contracts/avro/auditFormat';
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import type { InputPositions } from '../../contracts/messages';
import { AUDIT_RECORDS, POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { DivergenceError } from '../divergence';
import { RecordCursor } from '../recordCursor';
import { RecordedInputs } from '../recordedInputs';
import { compareState } from './compareState';
import { DeadLetters } from './deadLetters';
import { DecisionTrail } from './decisionTrail';
import { Differs } from './difference';
import type { Difference } from './difference';
import { whatLedTo } from './evidence';
import { JournalTrail } from './journalTrail';
import type { Portrait } from './portrait';
import { RecordedState } from './recordedState';
import { ReplayedShard } from './replayedShard';

/** A moment: after the run's record of this number, or before anything of a later time (ms; clocks of the records). */
export type Moment = { readonly seq: number } | { readonly time: number };

export interface ReplayOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  /** Compare and count only the records of this run; everything is folded. */
  readonly run?: string | undefined;
  /** Stop there; what comes later is not looked at, nor the state. A number is one of `run`. */
  readonly until?: Moment | undefined;
  /** Stop after this record of `run`, with a portrait of the run. */
  readonly portraitAt?: number | undefined;
  /** Where others write meanwhile: how long a commit may take to show on all topics. */
  readonly settleMs?: number;
  readonly progress?: (auditRecords: number) => void;
}

export interface ShardReport {
  readonly partition: number;
  readonly inputs: number;
  /** Compared, and the same. */
  readonly auditRecords: number;
  readonly decisions: number;
  readonly deadLetters: number;
  /** Zero where it stopped before the end. */
  readonly entities: number;
  /** Intents of ended runs that the processor has not dropped from `policy-state` yet. */
  readonly toBeDropped: number;
  /** Inputs that can be read now and were set aside, since their schema was not known: taken as recorded. */
  readonly setAsideAsRecorded: number;
  /** Records of an older schema, compared by it; and where the first audit record of them stands. */
  readonly ofEarlierSchemas: number;
  readonly firstOfEarlierSchema: number | undefined;
  /** The last record of the run, or of any, that was compared; undefined: there was none. */
  readonly last: { readonly run: string; readonly seq: number; readonly clock: number } | undefined;
  readonly difference: Difference | undefined;
  readonly portrait: Portrait | undefined;
}

export const replayShard = async (options: ReplayOptions): Promise<ShardReport> => {
  const replay = new ShardReplay(options);
  let difference: Difference | undefined;
  try {
    await replay.run();
  } catch (error) {
    if (error instanceof Differs) difference = error.difference;
    else if (error instanceof DivergenceError) difference = missingInput(error);
    else throw error;
  } finally {
    await replay.close();
  }
  const { bus, codec } = options;
  return replay.report(difference && (await whatLedTo(bus, codec, difference)));
};

const missingInput = ({ topic, partition, offset, what }: DivergenceError): Difference => ({
  ...{ kind: 'changed', topic, partition, offset, what },
});

class ShardReplay {
  private readonly shard: ReplayedShard;
  private readonly journal: JournalTrail;
  private readonly decisions: DecisionTrail;
  private readonly audits: RecordCursor;
  private readonly inputs: RecordedInputs;
  private letters: DeadLetters | undefined;
  private state: RecordedState | undefined;
  private compared = { entities: 0, toBeDropped: 0 };
  private read = 0;
  private lastOffset = -1;
  private stopped = false;
  /** Where the audit records ended before the state was read: the state must have heard of all of these. */
  private known = 0;

  constructor(private readonly options: ReplayOptions) {
    const { bus, codec, partition, run, portraitAt } = options;
    this.shard = new ReplayedShard(partition, codec, run, portraitAt);
    this.journal = new JournalTrail(codec, this.shard.context.shard);
    this.decisions = new DecisionTrail(bus, codec, this.shard.context.shard, run);
    this.audits = new RecordCursor(bus, AUDIT_RECORDS, partition);
    this.inputs = RecordedInputs.open(bus, partition);
  }

  async run(): Promise<void> {
    const { bus, codec, partition } = this.options;
    this.known = await bus.endOffset(AUDIT_RECORDS, partition);
    await this.decisions.noteEnd();
    await this.settle();
    this.state = await RecordedState.read(bus, codec, partition);
    await this.settle();
    this.letters = await DeadLetters.read(bus, codec, partition);
    this.shard.letters = this.letters;
    while (!this.stopped && (await this.audits.fill())) await this.batch();
    if (!this.stopped) await this.finish();
  }

  async close(): Promise<void> {
    await this.audits.close();
    await this.decisions.close();
    await this.inputs.close();
  }

  report(difference: Difference | undefined): ShardReport {
    const { journal, decisions, shard } = this;
    return {
      partition: this.options.partition,
      inputs: shard.inputs,
      auditRecords: journal.same,
      decisions: decisions.same,
      deadLetters: shard.deadLetters,
      ...this.compared,
      setAsideAsRecorded: shard.setAsideAsRecorded,
      ofEarlierSchemas: journal.ofEarlierSchemas + decisions.ofEarlierSchemas,
      firstOfEarlierSchema: journal.firstOfEarlierSchema,
      last: journal.last,
      difference,
      portrait: shard.portrait,
    };
  }

  private async settle(): Promise<void> {
    const { settleMs = 0 } = this.options;
    if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs));
  }

  private async batch(): Promise<void> {
    for (let audit = this.audits.peek(); audit !== undefined && !this.stopped; audit = this.audits.peek()) {
      const more = this.next(audit);
      if (more !== undefined) await more;
      this.audits.advance();
    }
    this.shard.forgetTouched();
    this.options.progress?.(this.read);
  }

  /** Nearly never is there anything to wait for. */
  private next(audit: BusRecord): Promise<void> | undefined {
    const { value, headers, offset, partition } = audit;
    const head = this.options.codec.decodeAuditHead(value);
    if (!head.ok) {
      const what = describeFault(head.error);
      throw new Differs({ kind: 'unreadable', topic: AUDIT_RECORDS, partition, offset, what, recorded: audit });
    }
    if (this.isBehind(head.value, audit) || this.isLate(head.value)) {
      this.stopped = this.isLate(head.value);
      // What follows was committed after the replay began.
      return this.stopped ? undefined : this.finish();
    }
    this.read += 1;
    this.lastOffset = offset;
    this.shard.context.recall(headers, head.value.engine_version);
    const more = this.inputs.feed(head.value, offset, this.shard.fold);
    return more === undefined ? this.compare(audit, head.value) : more.then(() => this.compare(audit, head.value));
  }

  private compare(audit: BusRecord, head: AuditHead): Promise<void> | undefined {
    const { run, until, portraitAt } = this.options;
    this.shard.sortOutputs();
    const isChosen = run === undefined || head.run_id === run;
    if (isChosen) this.journal.compare(audit, head, this.shard.audits);
    const more = this.decisions.compare(this.shard.decisions);
    const last = portraitAt ?? (until !== undefined && 'seq' in until ? until.seq : undefined);
    if (isChosen && run !== undefined && head.seq === last) this.stopped = true;
    return more;
  }

  /** Whether the record was committed after the state that the replay goes up to. */
  private isBehind({ positions }: AuditHead, { offset, partition }: BusRecord): boolean {
    if (this.state?.positions !== undefined && covers(this.state.positions, positions)) return false;
    if (offset >= this.known) return true;
    const what = `its input positions do not reach up to audit record ${offset}, which was committed with them`;
    throw new Differs({ kind: 'changed', topic: POLICY_STATE, partition, offset: this.state?.end ?? 0, what });
  }

  private isLate({ clock, run_id }: AuditHead): boolean {
    const { until, run } = this.options;
    return until !== undefined && 'time' in until && clock > until.time && (run === undefined || run === run_id);
  }

  /** The inputs of which no audit record came, and everything that the log has and folding does not give. */
  private async finish(): Promise<void> {
    this.stopped = true;
    const { bus, codec, run } = this.options;
    const { shard, state, letters } = this;
    if (state === undefined || letters === undefined) throw new TypeError('finish before run');
    if (state.positions !== undefined) await this.inputs.feedRest(state.positions, this.lastOffset, shard.fold);
    shard.sortOutputs();
    this.journal.checkNoMore(shard.audits, this.lastOffset + 1);
    await this.decisions.compare(shard.decisions);
    await this.decisions.checkNoMore();
    letters.checkAll(shard.context.shard.positions, run);
    if (state.positions !== undefined) this.compared = await compareState(bus, codec, shard.context.shard, state, run);
  }
}

const covers = (all: InputPositions, some: InputPositions): boolean =>
  some.order_intents <= all.order_intents &&
  some.market_prices <= all.market_prices &&
  some.control_events <= all.control_events &&
  some.execution_events <= all.execution_events;
