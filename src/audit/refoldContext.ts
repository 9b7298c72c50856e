/** What a fold of the log again works on: the production fold's context, with the wall clock and the version of the record at hand. */
import type { Codec } from '../contracts/avro/codec';
import type { Topic } from '../contracts/topics';
import type { BusRecord, OutgoingRecord } from '../processor/bus';
import type { FoldContext } from '../processor/foldContext';
import { emptyShard } from '../processor/ledger';
import type { FoldObserver, Measured, Stopwatch } from '../processor/observer';

export class RefoldContext implements FoldContext {
  readonly shard;
  readonly outputs: OutgoingRecord[] = [];
  readonly stopwatch = new RecordedStopwatch();
  engineVersion = '';

  constructor(
    partition: number,
    readonly codec: Codec,
    readonly observer: FoldObserver,
  ) {
    this.shard = emptyShard(partition);
  }

  /** From now on, figures and version are those of this audit record: they are facts of the log, not of who folds it again. */
  recall(headers: BusRecord['headers'], engineVersion: string): void {
    this.stopwatch.recall(headers);
    this.engineVersion = engineVersion;
  }

  /** What came of the fold for this topic; everything else is dropped. */
  takeOutputs(wanted: Topic): readonly OutgoingRecord[] {
    const taken = this.outputs.filter(({ topic }) => topic === wanted);
    this.outputs.length = 0;
    return taken;
  }
}

/** Answers with the wall-clock figures of the record at hand. */
class RecordedStopwatch implements Stopwatch {
  private measured: Measured = { recordedAt: '', evalMs: null };

  recall(headers: BusRecord['headers']): void {
    const evalMs = headers.eval_ms;
    this.measured = { recordedAt: headers.recorded_at ?? '', evalMs: evalMs === undefined ? null : Number.parseFloat(evalMs) };
  }

  now(): string {
    return this.measured.recordedAt;
  }

  timed<T>(work: () => T): { readonly value: T; readonly measured: Measured } {
    return { value: work(), measured: this.measured };
  }
}
