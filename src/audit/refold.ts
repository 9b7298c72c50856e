/**
 * Folds a shard's log again from offset zero, in the order that was recorded, and checks every audit record against what is on the log, byte for
 * byte. Nothing is written. Source: design, "Determinism" (order) and "Audit" (replay).
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { AUDIT_RECORDS } from '../contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../processor/bus';
import { fold } from '../processor/fold';
import type { FoldContext } from '../processor/foldContext';
import type { ShardState } from '../processor/ledger';
import { emptyShard } from '../processor/ledger';
import type { FoldObserver, Measured, Stopwatch } from '../processor/observer';
import { recordsTo } from '../processor/readTo';
import { DivergenceError } from './divergence';
import { RecordedInputs } from './recordedInputs';

export interface RefoldOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly observer?: FoldObserver;
}

/** Answers with the shard's memory after the last audit record. Rejects with DivergenceError where the log does not follow. */
export const refold = async ({ bus, codec, partition, observer = {} }: RefoldOptions): Promise<ShardState> => {
  const recorded = new RecordedStopwatch();
  // Which version made a record is a fact of the log, not of who folds it again.
  const context = {
    shard: emptyShard(partition),
    codec,
    engineVersion: '',
    stopwatch: recorded,
    observer,
    outputs: [] as OutgoingRecord[],
  };
  const inputs = RecordedInputs.open(bus, partition);
  try {
    for await (const { value, headers, offset } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
      const audit = codec.decodeAudit(value);
      if (!audit.ok) throw new DivergenceError(AUDIT_RECORDS, partition, offset, describeFault(audit.error));
      if (context.outputs.length === 0) {
        recorded.recall(headers);
        context.engineVersion = audit.value.record.engine_version;
        for await (const input of inputs.upTo(audit.value.record, offset)) fold(context, input);
        keepAuditRecords(context);
      }
      const again = context.outputs.shift();
      if (again?.value === undefined || again.value === null || value === null || Buffer.compare(again.value, value) !== 0) {
        throw new DivergenceError(AUDIT_RECORDS, partition, offset, 'folding its input again gives another record');
      }
    }
  } finally {
    await inputs.close();
  }
  await observer.committed?.();
  return context.shard;
};

const keepAuditRecords = ({ outputs }: FoldContext): void => {
  const audits = outputs.filter(({ topic }) => topic === AUDIT_RECORDS);
  outputs.length = 0;
  outputs.push(...audits);
};

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
