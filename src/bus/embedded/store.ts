/**
 * The one place that writes to the data directory: batches, one after another, each synced, numbered and counted in the head row.
 *
 * After a failed batch LevelDB must not be written to again: a record that was cut short stays in the middle of its log, and what is written
 * behind it would be lost at the next start. So a failure closes LevelDB; the next use opens it anew, which cuts the torn record off and settles
 * whether the failed batch happened.
 */
import { BusError } from '../../processor/bus';
import { slotCount } from '../slots';
import { busErrorOf } from './failures';
import { openLevel, type Cleaning, type Level, type LevelWrite, type OpenedLevel } from './openLevel';
import { HEAD_KEY, numbersRow } from './rows';

/** Named points at which a test may end the process or make the write fail (by throwing). */
export type Faults = (point: 'bus:before-commit' | 'bus:after-commit') => void;

/** What a batch changes, apart from its rows: applied once it is durable. */
export interface BatchEffects {
  /** New end of partitions, as [slot, next offset]. */
  readonly ends?: readonly (readonly [slot: number, end: number])[];
  readonly cleaning?: readonly [slot: number, cleaning: Cleaning];
}

export class Store {
  readonly shards: number;
  /** Of which part of a log it is an import; undefined: there is no more of the log. */
  readonly partial: string | undefined;
  /** What was read when LevelDB was last opened, kept up to date; `level` is for reading. Null after a failure. */
  private opened: OpenedLevel | null;
  private commits: number;
  private records: number;
  private reopening: Promise<OpenedLevel> | null = null;
  private lastWork: Promise<unknown> = Promise.resolve();
  private failure: Promise<void> = Promise.resolve();
  private isClosed = false;

  private constructor(
    readonly directory: string,
    private readonly faults: Faults,
    opened: OpenedLevel,
  ) {
    this.shards = opened.shards;
    this.partial = opened.partial;
    this.opened = opened;
    this.commits = opened.commits;
    this.records = opened.records;
  }

  static async open(directory: string, shards: number | undefined, faults: Faults): Promise<Store> {
    return new Store(directory, faults, await openLevel(directory, shards));
  }

  get where(): string {
    return `data directory ${this.directory}`;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** The state of an open LevelDB; opens it again after a failure. Throws BusError. */
  async state(): Promise<OpenedLevel> {
    this.checkOpen();
    if (this.opened !== null) return this.opened;
    this.reopening ??= this.reopen().finally(() => (this.reopening = null));
    return this.reopening;
  }

  /** The same without waiting; null when it has to be opened first. */
  stateNow(): OpenedLevel | null {
    return this.opened;
  }

  /** Runs `work` when all earlier work is done. */
  inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.lastWork.then(work);
    this.lastWork = result.catch(() => undefined);
    return result;
  }

  /** Writes `rows` and the head, or nothing; resolves when they are on disk. Call it from within `inOrder`, with the state's own level. */
  async write(level: Level, rows: readonly LevelWrite[], added: number, effects: BatchEffects): Promise<void> {
    const head = numbersRow(HEAD_KEY, this.commits + 1, this.records + added);
    try {
      this.faults('bus:before-commit');
      await level.batch([{ type: 'put', key: HEAD_KEY, value: head }, ...rows], { sync: true });
      this.faults('bus:after-commit');
    } catch (error) {
      this.fail(level);
      throw busErrorOf(error, this.where, 'BUS_FAILED');
    }
    this.commits++;
    this.records += added;
    this.apply(effects);
  }

  /** After this, everything rejects with BUS_CLOSED. Work that was begun is finished first. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.lastWork;
    await this.reopening?.catch(() => undefined);
    await this.failure;
    await this.opened?.level.close();
    this.opened = null;
  }

  checkOpen(): void {
    if (this.isClosed) throw new BusError('BUS_CLOSED', this.where);
  }

  private apply({ ends, cleaning }: BatchEffects): void {
    if (this.opened === null) return;
    for (const [slot, end] of ends ?? []) this.opened.ends[slot] = end;
    if (cleaning !== undefined) this.opened.cleanings[cleaning[0]] = cleaning[1];
  }

  private fail(level: Level): void {
    this.opened = null;
    this.failure = level.close().catch(() => undefined);
  }

  private async reopen(): Promise<OpenedLevel> {
    await this.failure;
    const opened = await openLevel(this.directory, this.shards);
    this.opened = opened;
    this.commits = opened.commits;
    this.records = opened.records;
    return opened;
  }

  /** How many partitions there are of all topics together. */
  get slots(): number {
    return slotCount(this.shards);
  }
}
