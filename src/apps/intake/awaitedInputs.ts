/**
 * What became of intents, found by where they stand on the log: an audit record and a dead letter name the input that they answer. An answer may be read
 * before the commit of its intent is acknowledged here, so what is seen while a commit is on its way is kept until it ends.
 */
import { ORDER_INTENTS } from '../../contracts/topics';
import type { DeadLetter, JournalRecord, LiveListener } from '../live/live';

/** A record of kind DECISION or DUPLICATE, or why the intent was set aside. */
export type Answer = { readonly record: JournalRecord } | { readonly reason: string };

/** Of a bus that holds a commit up for seconds while others publish: what would be kept beyond is answered as pending. */
const MOST_SEEN = 100_000;

type ByOffset<T> = Map<number, T>;

export class AwaitedInputs {
  private readonly waiting: ByOffset<(answer: Answer) => void>[];
  private readonly seen: ByOffset<Answer>[];
  private seenCount = 0;
  /** By partition: what is committed from now on has this offset or a higher one; undefined: no commit is on its way. */
  private floors: readonly number[] | undefined;

  /** `answered`: told how many intents were answered at once, whoever they are from. */
  constructor(
    shards: number,
    private readonly answered: (count: number) => void,
  ) {
    this.waiting = Array.from({ length: shards }, () => new Map<number, (answer: Answer) => void>());
    this.seen = Array.from({ length: shards }, () => new Map<number, Answer>());
  }

  readonly listener: Required<LiveListener> = {
    recorded: (records) => {
      let intents = 0;
      for (const record of records) {
        const { input, kind } = record.head;
        // A kill switch that a decision trips names the same input, behind it.
        if (input.topic !== ORDER_INTENTS || (kind !== 'DECISION' && kind !== 'DUPLICATE')) continue;
        intents += 1;
        this.take(input.partition, input.offset, { record });
      }
      this.answered(intents);
    },
    setAside: (letters: readonly DeadLetter[]) => {
      for (const { input, reason } of letters)
        if (input.topic === ORDER_INTENTS) this.take(input.partition, input.offset, { reason });
    },
  };

  /** A commit begins, whose records will have these offsets at least. */
  commitBegins(floors: readonly number[]): void {
    this.floors = floors;
  }

  /** No commit is on its way, and all of the last one's inputs are awaited or looked up. */
  commitEnded(): void {
    this.floors = undefined;
    if (this.seenCount === 0) return;
    for (const seen of this.seen) seen.clear();
    this.seenCount = 0;
  }

  /** The answer, if it came while the commit was on its way. */
  early(partition: number, offset: number): Answer | undefined {
    return this.seen[partition]?.get(offset);
  }

  await(partition: number, offset: number, answer: (answer: Answer) => void): void {
    this.waiting[partition]?.set(offset, answer);
  }

  forget(partition: number, offset: number): void {
    this.waiting[partition]?.delete(offset);
  }

  private take(partition: number, offset: number, answer: Answer): void {
    const waiting = this.waiting[partition]?.get(offset);
    if (waiting !== undefined) {
      this.waiting[partition]?.delete(offset);
      waiting(answer);
    } else if (this.floors !== undefined && offset >= (this.floors[partition] ?? 0) && this.seenCount < MOST_SEEN) {
      this.seen[partition]?.set(offset, answer);
      this.seenCount += 1;
    }
  }
}
