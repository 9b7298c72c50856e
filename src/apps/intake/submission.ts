/**
 * One intent on its way: queued, then being committed, then waiting for its decision; and answered once, with whatever comes first: the decision, the end
 * of the sender's patience, the sender leaving, or the bus failing.
 */
import type { Decision } from '../../contracts/messages';
import type { OutgoingRecord } from '../../processor/bus';
import { Problem } from '../http/problem';
import type { JournalRecord } from '../live/live';
import type { LogFields } from '../service/logger';
import type { CommitEntry } from './groupCommit';

export interface Decided {
  readonly type: 'decided';
  /** Of kind DECISION, with the decision that it holds. */
  readonly record: JournalRecord;
  readonly decision: Decision;
  /** It was decided before this time. */
  readonly replayed: boolean;
}

/** What became of an intent. Anything else is a Problem. */
export type IntakeOutcome =
  | Decided
  /** The id was decided with another body, by the record with this seq. */
  | { readonly type: 'conflict'; readonly decidedSeq: number }
  /** It is on the log and will be decided. */
  | { readonly type: 'pending' }
  /** The processor could not take it. */
  | { readonly type: 'set-aside'; readonly reason: string };

export interface SubmissionParts {
  readonly runId: string;
  /** Of the run. */
  readonly partition: number;
  /** What lines of the log about it say of it. */
  readonly about: LogFields;
  /** The intent last, before it what belongs to it. */
  readonly records: readonly OutgoingRecord[];
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  /** It is on the log, and somebody waits: looks for the answer. */
  readonly committed: (submission: Submission) => void;
  /** Called once. */
  readonly answered: (submission: Submission, outcome: IntakeOutcome | Problem) => void;
  /** Nothing of it is in flight any more, and nobody waits for it. */
  readonly left: (submission: Submission) => void;
}

/** How much longer than its sender a submission waits for its commit: until then nobody can say that the intent is on the log. */
const COMMIT_GRACE_MS = 5_000;

export class Submission implements CommitEntry {
  readonly arrivedAt = performance.now();
  /** Of the intent on the log, as soon as that is known. */
  offset = -1;
  /** The sender's time was up before the commit ended. */
  late: boolean;
  /** Nobody is there any more to hear of it. It is published all the same. */
  gone = false;
  private stage: 'queued' | 'committing' | 'ended' = 'queued';
  private settled = false;
  private timer: NodeJS.Timeout;

  constructor(readonly parts: SubmissionParts) {
    const { waitMs, signal } = parts;
    this.late = waitMs <= 0;
    this.timer = setTimeout(() => this.expire(), this.late ? COMMIT_GRACE_MS : waitMs);
    if (signal?.aborted === true) this.leave();
    else signal?.addEventListener('abort', this.leave, { once: true });
  }

  get records(): readonly OutgoingRecord[] {
    return this.parts.records;
  }

  get withdrawn(): boolean {
    return this.settled && !this.gone;
  }

  get isSettled(): boolean {
    return this.settled;
  }

  begun(): void {
    this.stage = 'committing';
  }

  committed(offset: number): void {
    this.stage = 'ended';
    this.offset = offset;
    if (this.settled) this.parts.left(this);
    else this.parts.committed(this);
  }

  failed(_error: unknown, written: false | 'unknown'): void {
    this.stage = 'ended';
    if (this.settled) this.parts.left(this);
    else this.refuse(written === false ? notWritten() : outcomeUnknown());
  }

  settle(outcome: IntakeOutcome): void {
    if (this.end()) this.parts.answered(this, outcome);
  }

  /** No more waiting, for the commit neither. */
  giveUp(): void {
    if (this.offset >= 0) this.settle({ type: 'pending' });
    else this.refuse(this.stage === 'queued' && !this.gone ? notWritten() : outcomeUnknown());
  }

  /** The sender's time is up. */
  private expire(): void {
    if (this.offset >= 0 || this.late) return this.giveUp();
    this.late = true;
    this.timer = setTimeout(() => this.giveUp(), COMMIT_GRACE_MS);
  }

  private readonly leave = (): void => {
    this.gone = true;
    this.giveUp();
  };

  private refuse(problem: Problem): void {
    if (this.end()) this.parts.answered(this, problem);
  }

  /** False: it was answered before. */
  private end(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.parts.signal?.removeEventListener('abort', this.leave);
    if (this.stage === 'ended' || this.withdrawn) this.parts.left(this);
    return true;
  }
}

const outcomeUnknown = (): Problem =>
  new Problem('outcome_unknown', {
    detail: 'the log did not say in time whether it took the intent; send it again under the same intent_id: it is decided once',
    headers: { 'retry-after': '1' },
  });

const notWritten = (): Problem =>
  new Problem('not_ready', {
    detail: 'the log takes nothing at the moment, and the intent was not written; send it again later',
    headers: { 'retry-after': '5' },
  });
