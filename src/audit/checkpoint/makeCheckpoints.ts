/**
 * Follows the audit records of all shards and publishes a checkpoint of a shard when enough records, or enough time, have passed since the last one. Each
 * shard counts for itself.
 */
import type { AuditCheckpoint } from '../../contracts/messages';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { CheckpointCopy } from './checkpointCopy';
import { CheckpointError } from './checkpointError';
import { CheckpointWriter } from './checkpointWriter';
import type { CheckpointWriterOptions } from './checkpointWriter';
import type { KnownHead } from './verifyCheckpoints';

export interface MakeOptions extends Omit<CheckpointWriterOptions, 'partition' | 'copied'> {
  /** Gets every checkpoint, those that it lacks of before among them. Nothing is signed that contradicts it. */
  readonly copy?: CheckpointCopy | undefined;
  /** A checkpoint after so many records of a shard. */
  readonly everyRecords: number;
  /** And of what there is, so long after the first record that none covers. */
  readonly everyMs: number;
  /** End when what is on the log now is read. */
  readonly untilEnd: boolean;
  /** Told before the first: what was published by whoever came before, shard by shard. */
  readonly onResumed?: (last: AuditCheckpoint, shard: number) => void | Promise<void>;
  /** Told when all is compared, before anything is signed: from now on `stop` is heeded. */
  readonly onStarted?: () => void;
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
    refuseOtherShards(options);
    for (let partition = 0; partition < options.bus.shards; partition++) shards.push(await Shard.takeOver(options, partition));
    for (const { writer } of shards) for (const checkpoint of writer.uncopied) options.copy?.add(checkpoint);
    options.onStarted?.();
    await follow(shards, options, stop);
    for (const shard of shards) if (shard.writer.pending > 0) await shard.publish();
  } finally {
    await Promise.allSettled(shards.map(({ writer }) => writer.close()));
  }
};

const refuseOtherShards = ({ bus, copy }: MakeOptions): void => {
  for (const [shard, [known]] of copy?.heads ?? [])
    if (shard >= bus.shards && known !== undefined)
      throw new CheckpointError('log', `${known.where}: of shard ${shard}; this log has ${bus.shards}; nothing is signed`);
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

const copiedOf = ({ copy }: MakeOptions, partition: number): readonly KnownHead[] | undefined =>
  copy === undefined ? undefined : (copy.heads.get(partition) ?? []);

class Shard {
  /** When the first record came that no checkpoint covers. */
  private waitingSince = Infinity;

  private constructor(
    readonly partition: number,
    readonly writer: CheckpointWriter,
    private readonly options: MakeOptions,
  ) {}

  static async takeOver(options: MakeOptions, partition: number): Promise<Shard> {
    const writer = await CheckpointWriter.takeOver({ ...options, partition, copied: copiedOf(options, partition) });
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
    this.options.copy?.add(checkpoint);
    await this.options.onPublished(checkpoint, this.partition);
  }
}
