/**
 * The bus of a world: what is committed is the production bus in memory, and each process reaches it through ports of its own. A reader of several topics
 * sees each in order, and may see one of them later than another.
 */
import type { Topic } from '../../../src/contracts/topics';
import { INPUT_TOPICS } from '../../../src/contracts/topics';
import { openMemoryBus } from '../../../src/bus/memory/memoryBus';
import type {
  Bus,
  BusReader,
  BusRecord,
  OutgoingRecord,
  PollOptions,
  TopicPosition,
  TransactionalWriter,
} from '../../../src/processor/bus';
import { BusError } from '../../../src/processor/bus';
import type { Commit } from '../../checks/commits';
import type { Poison } from '../../checks/evidence';
import type { RawLog } from '../../checks/rawLog';
import { CollectedLog } from '../../checks/rawLog';
import type { Ports } from './ports';
import { callPort, logUniform } from './ports';
import type { SimulatedProcess } from './process';

export interface BusOptions extends Ports {
  readonly shards: number;
  /** The bus sets the timestamps of inputs. */
  readonly stamps: boolean;
  /** What was published though nobody should: the records as they were handed over. */
  readonly poison: ReadonlyMap<OutgoingRecord, string>;
  /** A process has these records now. */
  readonly handed: (process: SimulatedProcess, records: readonly BusRecord[]) => void;
}

/** A writer was opened: a takeover, or a publisher that goes on after an error. */
export interface Opened {
  readonly process: string;
  readonly transactionalId: string;
  /** Virtual ms. */
  readonly at: number;
}

const BEHIND = { least: 10, most: 15_000 };
const INPUTS = new Set<Topic>(INPUT_TOPICS);

export class SimulatedBus {
  /** All that was ever committed, compacted topics too. */
  readonly log: CollectedLog;
  readonly commits: Commit[] = [];
  /** Where poison came to stand. */
  readonly poisoned: Poison[] = [];
  readonly opened: Opened[] = [];
  private readonly memory: Bus;
  private readonly writers = new Map<string, number>();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: BusOptions) {
    this.memory = openMemoryBus({ shards: options.shards });
    this.log = new CollectedLog(options.shards);
  }

  /** The bus as one process has it. */
  of(process: SimulatedProcess): Bus {
    const call = <T>(what: string, effect: () => Promise<T>): Promise<T> => callPort(this.options, process, what, effect);
    return {
      shards: this.options.shards,
      writer: (transactionalId) => call(`opening writer ${transactionalId}`, () => this.writer(process, transactionalId)),
      reader: (from) => call(`opening a reader of ${from[0]?.topic ?? 'nothing'}`, () => this.reader(process, from)),
      endOffset: (topic, partition) => call(`end of ${topic}/${partition}`, () => this.memory.endOffset(topic, partition)),
      offsetAt: (topic, partition, time) => this.memory.offsetAt(topic, partition, time),
      close: () => Promise.resolve(),
    };
  }

  private async writer(process: SimulatedProcess, transactionalId: string): Promise<TransactionalWriter> {
    const writer = await this.memory.writer(transactionalId);
    const number = (this.writers.get(transactionalId) ?? 0) + 1;
    this.writers.set(transactionalId, number);
    this.opened.push({ process: process.name, transactionalId, at: this.options.scheduler.nowMs });
    const commit = async (records: readonly OutgoingRecord[]): Promise<readonly number[]> => {
      const { scheduler, stamps, poison } = this.options;
      const timestamp = Math.floor(scheduler.nowMs);
      const stamped = stamps ? records.map((record) => (INPUTS.has(record.topic) ? { ...record, timestamp } : record)) : records;
      const offsets = await writer.commit(stamped);
      const visible = stamped.map((record, at): BusRecord => ({
        ...record,
        headers: record.headers ?? {},
        offset: offsets[at] ?? -1,
      }));
      for (const record of visible) {
        this.log.add(record);
        this.log.setEnd(record.topic, record.partition, record.offset + 1);
      }
      for (const [at, record] of records.entries()) {
        const what = poison.get(record);
        if (what !== undefined)
          this.poisoned.push({ what, topic: record.topic, partition: record.partition, offset: offsets[at] ?? -1 });
      }
      const evidence: Commit = { at: scheduler.nowMs, process: process.name, transactionalId, writer: number, records: visible };
      this.commits.push(evidence);
      for (const wake of [...this.waiting]) wake();
      return offsets;
    };
    return {
      commit: (records) => callPort(this.options, process, `a commit of ${transactionalId}`, () => commit(records)),
      close: () => writer.close(),
    };
  }

  private async reader(process: SimulatedProcess, from: readonly TopicPosition[]): Promise<BusReader> {
    const sources = await Promise.all(
      from.map(async (position) => ({ ...position, reader: await this.memory.reader([position]), behindUntil: 0 })),
    );
    return new SimulatedReader(this.options, process, sources, this.waiting, this.log);
  }
}

interface Source extends TopicPosition {
  readonly reader: BusReader;
  /** Virtual ms: until then this reader sees nothing more of it. */
  behindUntil: number;
}

class SimulatedReader implements BusReader {
  /** How far the caller knows to have read. */
  private readonly known = new Map<string, number>();
  private closed = false;
  private end: () => void = () => undefined;

  constructor(
    private readonly options: BusOptions,
    private readonly process: SimulatedProcess,
    private readonly sources: readonly Source[],
    private readonly waiting: Set<() => void>,
    private readonly log: RawLog,
  ) {
    for (const { topic, partition, offset } of sources) this.known.set(`${topic}/${partition}`, offset);
  }

  async poll(poll: PollOptions): Promise<readonly BusRecord[]> {
    this.checkOpen();
    const [first] = this.sources;
    const answer = await callPort(
      this.options,
      this.process,
      `a poll of ${first?.topic ?? 'nothing'}/${first?.partition ?? 0}`,
      () => this.takeOrWait(poll),
    );
    this.checkOpen();
    for (const [slot, position] of answer.positions) this.known.set(slot, position);
    this.options.handed(this.process, answer.records);
    return answer.records;
  }

  position(topic: Topic, partition: number): number {
    const position = this.known.get(`${topic}/${partition}`);
    if (position === undefined) throw new RangeError(`the reader does not read ${topic}/${partition}`);
    return position;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.end();
    for (const { reader } of this.sources) await reader.close();
  }

  private async takeOrWait(poll: PollOptions): Promise<Answer> {
    const { scheduler } = this.options;
    const deadline = scheduler.nowMs + poll.maxWaitMs;
    for (;;) {
      this.checkOpen();
      const answer = await this.take(poll);
      if (answer.records.length > 0 || scheduler.nowMs >= deadline) return answer;
      await this.arrival(deadline);
    }
  }

  /** Something was committed, a topic is no longer behind, or the time is over. */
  private arrival(deadline: number): Promise<void> {
    const { scheduler } = this.options;
    const { nowMs } = scheduler;
    const due = Math.min(deadline, ...this.sources.flatMap(({ behindUntil }) => (behindUntil > nowMs ? [behindUntil] : [])));
    return new Promise((resolve) => {
      const woken = (): void => {
        this.waiting.delete(wake);
        timer.cancelled = true;
        resolve();
      };
      // Once: several commits at the same time wake it one time.
      let isWoken = false;
      const wake = (): void => {
        if (isWoken || !this.hasSomething()) return;
        isWoken = true;
        scheduler.after(0, woken);
      };
      const timer = scheduler.after(due - nowMs, woken);
      this.end = woken;
      this.waiting.add(wake);
    });
  }

  private hasSomething(): boolean {
    const { nowMs } = this.options.scheduler;
    return this.sources.some((source) => source.behindUntil <= nowMs && this.isWaiting(source));
  }

  /** The position stands at the end as soon as nothing is left. */
  private isWaiting({ reader, topic, partition }: Source): boolean {
    return reader.position(topic, partition) < this.log.end(topic, partition);
  }

  private async take({ maxRecords, perTopic = {} }: PollOptions): Promise<Answer> {
    const { scheduler, faults } = this.options;
    const readable: Source[] = [];
    for (const source of this.sources) {
      if (source.behindUntil > scheduler.nowMs) continue;
      if (this.sources.length > 1 && this.isWaiting(source) && faults.happens('bus: topic behind')) {
        source.behindUntil = scheduler.nowMs + logUniform(faults, BEHIND);
        continue;
      }
      readable.push(source);
    }
    const records: BusRecord[] = [];
    let left = maxRecords;
    for (const [at, { reader, topic }] of readable.entries()) {
      const share = Math.max(1, Math.ceil(left / (readable.length - at)));
      const most = Math.min(share, perTopic[topic] ?? share, left);
      if (most <= 0) continue;
      const taken = await reader.poll({ maxRecords: most, maxWaitMs: 0 });
      left -= taken.length;
      records.push(...taken);
    }
    const positions = this.sources.map(({ reader, topic, partition, behindUntil, ...source }): [string, number] => {
      const known = this.known.get(`${topic}/${partition}`) ?? source.offset;
      return [`${topic}/${partition}`, behindUntil > scheduler.nowMs ? known : reader.position(topic, partition)];
    });
    return { records, positions };
  }

  private checkOpen(): void {
    if (this.closed) throw new BusError('BUS_CLOSED', 'a reader of the simulated bus');
  }
}

interface Answer {
  readonly records: readonly BusRecord[];
  readonly positions: readonly (readonly [string, number])[];
}
