/**
 * Folds a shard's log again from offset zero, in the order that was recorded, and checks every audit record against what is on the log, byte for
 * byte. Nothing is written. Source: design, "Determinism" (order) and "Audit" (replay).
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { AUDIT_RECORDS } from '../contracts/topics';
import type { Bus } from '../processor/bus';
import { fold } from '../processor/fold';
import type { ShardState } from '../processor/ledger';
import type { FoldObserver } from '../processor/observer';
import { DivergenceError } from './divergence';
import { isSame } from './isSame';
import { RecordCursor } from './recordCursor';
import { RecordedInputs } from './recordedInputs';
import { RefoldContext } from './refoldContext';

export interface RefoldOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly observer?: FoldObserver;
  /** For whoever goes on with what comes; without it the end of the log is the end. */
  readonly follow?: Follow;
}

export interface Follow {
  /** The end is reached, and the observer was told that all of it is durable: resolves when there may be more; false: that was all. */
  more(): Promise<boolean>;
  /** Called every few records, so that others get their turn; a rejection ends the fold with it. */
  breathe(): Promise<void>;
}

/** Records between two breaths. */
const BREATH = 100;

/** Answers with the shard's memory after the last audit record. Rejects with DivergenceError where the log does not follow. */
export const refold = async ({ bus, codec, partition, observer = {}, follow }: RefoldOptions): Promise<ShardState> => {
  const context = new RefoldContext(partition, codec, observer);
  const audits = new RecordCursor(bus, AUDIT_RECORDS, partition);
  const inputs = RecordedInputs.open(bus, partition);
  // Of one input there may come several audit records.
  let made: readonly (Uint8Array | null)[] = [];
  let seen = 0;
  try {
    const more = async (): Promise<boolean> => {
      if (follow === undefined) return false;
      await observer.committed?.();
      return follow.more();
    };
    let folded = 0;
    while ((await audits.fill()) || (await more())) {
      for (let audit = audits.peek(); audit !== undefined; audit = audits.peek()) {
        audits.advance();
        const { value, headers, offset } = audit;
        if (seen === made.length) {
          const head = codec.decodeAuditHead(value);
          if (!head.ok) throw new DivergenceError(AUDIT_RECORDS, partition, offset, describeFault(head.error));
          context.recall(headers, head.value.engine_version);
          const fed = inputs.feed(head.value, offset, (input) => fold(context, input));
          if (fed !== undefined) await fed;
          if (follow !== undefined && ++folded % BREATH === 0) await follow.breathe();
          made = context.takeOutputs(AUDIT_RECORDS).map((output) => output.value);
          seen = 0;
        }
        if (!isSame(made[seen++] ?? null, value)) {
          throw new DivergenceError(AUDIT_RECORDS, partition, offset, 'folding its input again gives another record');
        }
      }
    }
  } finally {
    await audits.close();
    await inputs.close();
  }
  await observer.committed?.();
  return context.shard;
};
