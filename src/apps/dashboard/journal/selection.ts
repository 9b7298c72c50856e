/**
 * The rows of a journal that a filter lets through, newest first. It is brought up to date in short steps, chunk by chunk and only where a chunk
 * has changed, so that a page with many rows stays quick while somebody types.
 */
import type { Chunk } from './chunk';
import { CHUNK_ROWS } from './chunk';
import type { Filter, Test } from './filter';
import { testOf } from './filter';
import type { JournalStore } from './journalStore';

interface Matches {
  readonly version: number;
  /** Places in the chunk, ascending. */
  readonly places: Uint16Array;
}

const NONE: Matches = { version: -1, places: new Uint16Array(0) };

export class Selection {
  #known = new Map<number, Matches>();
  /** From the newest chunk to the oldest. */
  #order: readonly number[] = [];
  #length = 0;
  readonly #test: Test;
  readonly #scratch = new Uint16Array(CHUNK_ROWS);

  constructor(
    readonly store: JournalStore,
    readonly filter: Filter,
  ) {
    this.#test = testOf(filter, store.dictionaries);
  }

  /** Goes on for about `budgetMs`, at least by one chunk; true: it is up to date. */
  refresh(budgetMs: number, now: () => number = () => performance.now()): boolean {
    const end = now() + budgetMs;
    const chunks = this.store.chunks();
    const known = new Map<number, Matches>();
    let late = false;
    for (const chunk of chunks) {
      const before = this.#known.get(chunk.firstSeq) ?? NONE;
      const stale = before.version !== chunk.version;
      if (stale && late) {
        this.#keep(known, chunks);
        return false;
      }
      known.set(chunk.firstSeq, stale ? this.#matches(chunk) : before);
      if (stale) late = now() > end;
    }
    this.#keep(known, chunks);
    return true;
  }

  get length(): number {
    return this.#length;
  }

  /** The seq of a row by its place in the list, newest first. */
  seqAt(index: number): number | undefined {
    let left = index;
    for (const firstSeq of this.#order) {
      const { places } = this.#known.get(firstSeq) ?? NONE;
      if (left < places.length) {
        const place = places[places.length - 1 - left];
        return place === undefined ? undefined : firstSeq + place;
      }
      left -= places.length;
    }
    return undefined;
  }

  /** Where a row stands, or would stand if the filter let it through. */
  indexOf(seq: number): number {
    let index = 0;
    for (const firstSeq of this.#order) {
      const { places } = this.#known.get(firstSeq) ?? NONE;
      if (seq >= firstSeq + CHUNK_ROWS) return index;
      if (seq >= firstSeq) return index + places.length - countUpTo(places, seq - firstSeq);
      index += places.length;
    }
    return index;
  }

  has(seq: number): boolean {
    return this.seqAt(this.indexOf(seq)) === seq;
  }

  #matches(chunk: Chunk): Matches {
    let count = 0;
    for (let at = 0; at < CHUNK_ROWS; at += 1) {
      if (this.#test(chunk, at)) {
        this.#scratch[count] = at;
        count += 1;
      }
    }
    return { version: chunk.version, places: this.#scratch.slice(0, count) };
  }

  #keep(known: Map<number, Matches>, chunks: readonly Chunk[]): void {
    for (const { firstSeq } of chunks) {
      if (!known.has(firstSeq)) known.set(firstSeq, this.#known.get(firstSeq) ?? NONE);
    }
    this.#known = known;
    this.#order = chunks.map(({ firstSeq }) => firstSeq);
    this.#length = this.#order.reduce((sum, firstSeq) => sum + (known.get(firstSeq)?.places.length ?? 0), 0);
  }
}

/** How many places are at most `place`. */
const countUpTo = (places: Uint16Array, place: number): number => {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
};
