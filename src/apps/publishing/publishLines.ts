/**
 * Lines to the log, some hundreds to a transaction, with no more of them in memory than one transaction holds. A line's records are never divided
 * between two transactions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Topic } from '../../contracts/topics';
import { BusError, type Bus, type OutgoingRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { isBlank } from '../files';
import type { FileLine } from '../files';
import { errorAt } from './lineForms';
import type { LineForm, LineRecords } from './lineForms';
import { PersistentWriter } from './persistentWriter';

/** Records, and bytes to one partition, that one transaction holds at most, unless one line has more. A broker takes batches below 1 MiB. */
const CHUNK_RECORDS = 500;
const CHUNK_BYTES = 512 * 1024;
/** How long a line may be waited for before the ones that came are published. */
const PATIENCE_MS = 50;

export interface PublishOptions {
  /** The file's name, for errors. */
  readonly source: string;
  /** Lines come as somebody writes them, and not all at once. */
  readonly live: boolean;
  /** How long a bus that fails is tried again; default: a minute. */
  readonly patienceMs?: number;
  /** Takes the error of a line that is passed over; undefined: a bad line is the end. */
  readonly onInvalid: ((error: string) => void) | undefined;
  /** How many a second at most; undefined: as fast as they can be written. */
  readonly rate: number | undefined;
  readonly published: (count: number) => void;
  readonly retrying: (error: BusError) => void;
}

export interface Published {
  readonly topic: Topic;
  /** Intents, prices or events. */
  readonly published: number;
  /** Lines. */
  readonly skipped: number;
  /** Records by partition. */
  readonly partitions: ReadonlyMap<number, number>;
}

export const publishLines = async (
  bus: Bus,
  form: LineForm,
  lines: AsyncIterable<FileLine>,
  options: PublishOptions,
): Promise<Published> => {
  const chunk = new Chunk(new PersistentWriter(bus, `publish-${form.topic}`, options.retrying, options.patienceMs), options);
  const incoming = lines[Symbol.asyncIterator]();
  let skipped = 0;
  try {
    for (;;) {
      const next = incoming.next();
      // Whoever writes now and then must not wait until there are hundreds.
      if (options.live && !chunk.empty && (await isLate(next))) await chunk.publish();
      const line = await next;
      if (line.done === true) break;
      if (isBlank(line.value.bytes)) continue;
      const read = form.read(line.value.bytes);
      if (read.ok) {
        await chunk.add(read.value);
        continue;
      }
      const error = errorAt(read.error, options.source, line.value.number);
      if (options.onInvalid === undefined) throw await stopped(chunk, error, form);
      options.onInvalid(error);
      skipped += 1;
    }
    await chunk.publish();
    return { topic: form.topic, published: chunk.published, skipped, partitions: chunk.partitions };
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    throw new Failure(
      `${error.message} (${chunk.published} ${form.what} are on the log for certain; give the same command again: what stands there twice is decided once)`,
    );
  } finally {
    await chunk.close();
    await incoming.return?.();
  }
};

/** What came before a bad line is published, as it would have been a moment earlier, and the error says how much that is. */
const stopped = async (chunk: Chunk, error: string, { what }: LineForm): Promise<Failure> => {
  await chunk.publish();
  const before = chunk.published === 0 ? 'nothing was published' : `${chunk.published} ${what} before it were published`;
  return new Failure(`${error} (${before}; --skip-invalid goes on without such lines)`);
};

/** Every line read and checked, and nothing else: rejects with a Failure at the first bad one. Answers how many intents, prices or events there are. */
export const checkLines = async (form: LineForm, lines: AsyncIterable<FileLine>, source: string): Promise<number> => {
  let count = 0;
  for await (const { number, bytes } of lines) {
    if (isBlank(bytes)) continue;
    const read = form.read(bytes);
    if (!read.ok) {
      throw new Failure(
        `${errorAt(read.error, source, number)} (nothing was published; --skip-invalid goes on without such lines)`,
      );
    }
    count += read.value.count;
  }
  return count;
};

/** What the next transaction publishes. */
class Chunk {
  published = 0;
  readonly partitions = new Map<number, number>();
  private readonly startedAt = performance.now();
  private readonly most: number;
  private records: OutgoingRecord[] = [];
  private count = 0;
  private bytes = 0;

  constructor(
    private readonly writer: PersistentWriter,
    private readonly options: PublishOptions,
  ) {
    const { rate } = options;
    // At a slow rate ten times a second: a hundred at once and then nothing would be another rate.
    this.most = rate === undefined ? CHUNK_RECORDS : Math.max(1, Math.min(CHUNK_RECORDS, Math.floor(rate / 10)));
  }

  get empty(): boolean {
    return this.count === 0;
  }

  async add({ count, records }: LineRecords): Promise<void> {
    const bytes = bytesToOnePartition(records);
    if (!this.empty && this.bytes + bytes > CHUNK_BYTES) await this.publish();
    // One by one: a line may have more records than a call takes arguments.
    for (const record of records) this.records.push(record);
    this.count += count;
    this.bytes += bytes;
    if (this.count >= this.most || this.records.length >= CHUNK_RECORDS) await this.publish();
  }

  async publish(): Promise<void> {
    if (this.empty) return;
    const { rate, published } = this.options;
    if (rate !== undefined) await sleep(Math.max(0, this.startedAt + (this.published / rate) * 1_000 - performance.now()));
    await this.writer.commit(this.records);
    for (const { partition } of this.records) this.partitions.set(partition, (this.partitions.get(partition) ?? 0) + 1);
    this.published += this.count;
    this.records = [];
    this.count = 0;
    this.bytes = 0;
    published(this.published);
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

/** Every partition that a line goes to gets the same records. */
const bytesToOnePartition = (records: readonly OutgoingRecord[]): number => {
  const first = records[0]?.partition;
  let bytes = 0;
  for (const { partition, key, value } of records)
    if (partition === first) bytes += (key?.length ?? 0) + (value?.length ?? 0) + 32;
  return bytes;
};

const isLate = async (next: Promise<unknown>): Promise<boolean> => {
  const timer = new AbortController();
  const late = sleep(PATIENCE_MS, true, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([next.then(() => false), late]);
  } finally {
    timer.abort();
  }
};
