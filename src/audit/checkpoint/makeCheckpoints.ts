/**
 * Follows the audit records of all shards and publishes a checkpoint of a shard when enough records, or enough time, have passed since the last one. Each
 * shard counts for itself.
 */
import type { AuditCheckpoint } from '../../contracts/messages';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { CheckpointWriter } from './checkpointWriter';
import type { CheckpointWriterOptions } from './checkpointWriter';

export interface MakeOptions extends Omit<CheckpointWriterOptions, 'partition'> {
  /** A checkpoint after so many records of a shard. */
  readonly everyRecords: number;
  /** And of what there is, so long after the first record that none covers. */
  readonly everyMs: number;
  /** End when what is on the log now is read. */
  readonly untilEnd: boolean;
  /** Told before the first: what was published by whoever came before, shard by shard. */
  readonly onResumed?: (last: AuditCheckpoint, shard: number) => void | Promise<void>;
  readonly onPublished: (checkpoint: AuditCheckpoint, shard: number) => void | Promise<void>;
  readonly onRead?: (records: number) => void;
}

/** Records of one look; small, since other work of the process waits meanwhile. */
const RECORDS = 1_000;
const WAIT_MS = 200;
/** How long it goes on reading when it is told to stop. */
const STOP_READING_MS = 3_000;

/**
 * Until `stop`, or the end; then what no checkpoint covers yet gets one, too. Rejects with a BusError or a CheckpointError: what is published stays
 * published, and a new call goes on from there.
 */
export const makeCheckpoints = async (options: MakeOptions, stop: AbortSignal): Promise<void> => {
  const shards: Shard[] = [];
  try {
    for (let partition = 0; partition < options.bus.shards; partition++) shards.push(await Shard.takeOver(options, partition));
    await follow(shards, options, stop);
    for (const shard of shards) if (shard.writer.pending > 0) await shard.publish();
  } finally {
    await Promise.allSettled(shards.map(({ writer }) => writer.close()));
  }
};

const follow = async (shards: readonly Shard[], options: MakeOptions, stop: AbortSignal): Promise<void> => {
  const { bus } = options;
  const reader = await bus.reader(
    shards.map(({ partition, writer }) => ({ topic: AUDIT_RECORDS, partition, offset: writer.auditOffset })),
  );
  // Where the log ends is asked when the end matters: now, or when it is told to stop.
  let ends: readonly number[] | undefined = options.untilEnd ? await endsOf(options) : undefined;
  let stopBy = Infinity;
  const isRead = (): boolean => {
    const to = ends;
    return to !== undefined && shards.every(({ partition }) => reader.position(AUDIT_RECORDS, partition) >= (to[partition] ?? 0));
  };
  try {
    while (!isRead() && options.now() < stopBy) {
      const records = await reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS });
      for (const record of records) await shards[record.partition]?.add(record);
      options.onRead?.(records.length);
      for (const shard of shards) if (shard.isDue()) await shard.publish();
      if (stop.aborted && stopBy === Infinity) {
        ends ??= await endsOf(options);
        stopBy = options.now() + STOP_READING_MS;
      }
    }
  } finally {
    await reader.close();
  }
};

const endsOf = ({ bus }: MakeOptions): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: bus.shards }, (_, partition) => bus.endOffset(AUDIT_RECORDS, partition)));

class Shard {
  /** When the first record came that no checkpoint covers. */
  private waitingSince = Infinity;

  private constructor(
    readonly partition: number,
    readonly writer: CheckpointWriter,
    private readonly options: MakeOptions,
  ) {}

  static async takeOver(options: MakeOptions, partition: number): Promise<Shard> {
    const writer = await CheckpointWriter.takeOver({ ...options, partition });
    if (writer.before !== undefined) await options.onResumed?.(writer.before, partition);
    return new Shard(partition, writer, options);
  }

  async add(record: Parameters<CheckpointWriter['add']>[0]): Promise<void> {
    this.writer.add(record);
    if (this.waitingSince === Infinity) this.waitingSince = this.options.now();
    if (this.writer.pending >= this.options.everyRecords) await this.publish();
  }

  isDue(): boolean {
    return this.options.now() - this.waitingSince >= this.options.everyMs;
  }

  async publish(): Promise<void> {
    const checkpoint = await this.writer.publish();
    this.waitingSince = Infinity;
    await this.options.onPublished(checkpoint, this.partition);
  }
}
