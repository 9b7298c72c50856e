/**
 * Folds a shard's log again from offset zero, in the order that was recorded, and checks every audit record against what is on the log, byte for
 * byte. Nothing is written. Source: design, "Determinism" (order) and "Audit" (replay).
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import type { AuditRecord, InputPositions } from '../contracts/messages';
import { AUDIT_RECORDS, INPUT_TOPICS } from '../contracts/topics';
import type { InputTopic } from '../contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../processor/bus';
import { fold } from '../processor/fold';
import type { FoldContext } from '../processor/foldContext';
import { isInputTopic, POSITION_FIELD } from '../processor/inputs';
import type { ShardState } from '../processor/ledger';
import { emptyShard } from '../processor/ledger';
import type { FoldObserver, Measured, Stopwatch } from '../processor/observer';
import { recordsTo } from '../processor/readTo';

/** The log does not follow from its inputs: it was altered, or another version of the engine wrote it. */
class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
  constructor(partition: number, offset: number, what: string) {
    super(`${AUDIT_RECORDS}/${partition}@${offset}: ${what}`);
  }
}

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
  const inputs = InputCursor.open(bus, partition);
  try {
    for await (const { value, headers, offset } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
      const audit = codec.decodeAudit(value);
      if (!audit.ok) throw new DivergenceError(partition, offset, describeFault(audit.error));
      if (context.outputs.length === 0) {
        recorded.recall(headers);
        context.engineVersion = audit.value.record.engine_version;
        await foldUpTo(context, inputs, audit.value.record, offset);
        keepAuditRecords(context);
      }
      const again = context.outputs.shift();
      if (again?.value === undefined || again.value === null || value === null || Buffer.compare(again.value, value) !== 0) {
        throw new DivergenceError(partition, offset, 'folding its input again gives another record');
      }
    }
  } finally {
    await inputs.close();
  }
  await observer.committed?.();
  return context.shard;
};

/** What was folded since the last audit record, the input of this one last. */
const foldUpTo = async (context: FoldContext, inputs: InputCursor, audit: AuditRecord, offset: number): Promise<void> => {
  const { topic } = audit.input;
  if (!isInputTopic(topic as InputTopic))
    throw new DivergenceError(context.shard.partition, offset, `\`${topic}\` is no input topic`);
  for (const other of INPUT_TOPICS) if (other !== topic) await inputs.foldBefore(context, other, audit.positions, offset);
  await inputs.foldBefore(context, topic as InputTopic, audit.positions, offset);
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

/** The inputs of a shard, each topic in its own order. */
class InputCursor {
  private constructor(
    private readonly records: ReadonlyMap<InputTopic, AsyncGenerator<BusRecord>>,
    private readonly partition: number,
  ) {}

  static open(bus: Bus, partition: number): InputCursor {
    return new InputCursor(
      new Map(INPUT_TOPICS.map((topic) => [topic, recordsTo(bus, { topic, partition, offset: 0 })])),
      partition,
    );
  }

  /** Folds the topic's records before its position in `positions`, which the audit record at `auditOffset` names. */
  async foldBefore(context: FoldContext, topic: InputTopic, positions: InputPositions, auditOffset: number): Promise<void> {
    const end = positions[POSITION_FIELD[topic]];
    while (context.shard.positions[POSITION_FIELD[topic]] < end) {
      const input = await this.records.get(topic)?.next();
      if (input === undefined || input.done === true || input.value.offset >= end) {
        throw new DivergenceError(
          this.partition,
          auditOffset,
          `${topic} before offset ${end} was folded for it, and is missing now`,
        );
      }
      fold(context, input.value);
    }
  }

  async close(): Promise<void> {
    for (const records of this.records.values()) await records.return(undefined);
  }
}
