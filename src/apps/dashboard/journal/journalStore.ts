/**
 * The rows of one run's journal that the page holds, by seq. Rows may come in any order and more than once: pages from the end backwards and the
 * stream of events overlap, and a seq says where a row belongs. Beyond the capacity the oldest are let go.
 */
import type { Row, Verdict } from '../api/documents';
import { Chunk, CHUNK_ROWS } from './chunk';
import type { StoredRow } from './chunk';
import { Dictionaries } from './dictionary';

/** How many rows a page keeps, about: whole chunks. A day of 100,000 decisions with their executions is 300,000 to 500,000. */
const MOST_ROWS = 1_000_000;

export interface OrderState {
  readonly seq: number;
  /** The execution event without `ORDER_`. */
  readonly status: string;
}

/** Decisions in one minute of the run's clock, by verdict. */
export type MinuteCounts = Record<Verdict, number>;

export class JournalStore {
  readonly dictionaries = new Dictionaries();
  /** By the minute's number since 1970. */
  readonly minutes = new Map<number, MinuteCounts>();
  readonly #chunks = new Map<number, Chunk>();
  readonly #orders = new Map<string, OrderState>();
  #numbers: readonly number[] = [];
  #size = 0;
  #nextSeq = 0;
  #lastClock = 0;

  constructor(readonly mostRows = MOST_ROWS) {}

  /** How many of them were new. */
  add(rows: readonly Row[]): number {
    let added = 0;
    for (const row of rows) {
      if (!this.#chunkFor(row.seq)?.put(row)) continue;
      added += 1;
      this.#noticed(row);
    }
    this.#size += added;
    this.#letGo();
    return added;
  }

  row(seq: number): StoredRow | undefined {
    return this.#chunks.get(Math.floor(seq / CHUNK_ROWS))?.row(seq);
  }

  /** The newest execution event of an intent's order that the page has seen. */
  order(intentId: string): OrderState | undefined {
    return this.#orders.get(intentId);
  }

  /** From the newest to the oldest. */
  chunks(): readonly Chunk[] {
    return this.#numbers.flatMap((number) => this.#chunks.get(number) ?? []);
  }

  get size(): number {
    return this.#size;
  }

  /** One past the newest row that is here. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Seqs below this one are let go, and not taken any more. */
  get floor(): number {
    return Math.max(0, Math.ceil(this.#nextSeq / CHUNK_ROWS) - Math.floor(this.mostRows / CHUNK_ROWS)) * CHUNK_ROWS;
  }

  /** The newest time in the journal (ms). */
  get lastClock(): number {
    return this.#lastClock;
  }

  #chunkFor(seq: number): Chunk | undefined {
    if (seq < this.floor) return undefined;
    const number = Math.floor(seq / CHUNK_ROWS);
    const known = this.#chunks.get(number);
    if (known !== undefined) return known;
    const chunk = new Chunk(number * CHUNK_ROWS, this.dictionaries);
    this.#chunks.set(number, chunk);
    this.#numbers = [...this.#chunks.keys()].sort((a, b) => b - a);
    return chunk;
  }

  #noticed(row: Row): void {
    this.#nextSeq = Math.max(this.#nextSeq, row.seq + 1);
    this.#lastClock = Math.max(this.#lastClock, row.clock_ms);
    if (row.kind === 'DECISION' && isVerdict(row.decision)) {
      const minute = Math.floor(row.clock_ms / 60_000);
      const counts = this.minutes.get(minute) ?? { ALLOW: 0, MODIFY: 0, DENY: 0 };
      counts[row.decision] += 1;
      this.minutes.set(minute, counts);
    }
    if (row.kind === 'EXECUTION' && typeof row.intent_id === 'string' && typeof row.event === 'string') {
      const known = this.#orders.get(row.intent_id);
      if (known === undefined || known.seq < row.seq) {
        this.#orders.set(row.intent_id, { seq: row.seq, status: row.event.replace(/^ORDER_/, '') });
      }
    }
  }

  #letGo(): void {
    for (const number of this.#numbers) {
      if ((number + 1) * CHUNK_ROWS > this.floor) continue;
      const chunk = this.#chunks.get(number);
      this.#chunks.delete(number);
      this.#numbers = this.#numbers.filter((other) => other !== number);
      for (let at = 0; at < CHUNK_ROWS; at += 1) {
        if ((chunk?.kind[at] ?? 0) === 0) continue;
        this.#size -= 1;
        const intentId = chunk?.intentId[at] ?? '';
        const known = this.#orders.get(intentId);
        if (known !== undefined && known.seq < this.floor) this.#orders.delete(intentId);
      }
    }
  }
}

const isVerdict = (text: unknown): text is Verdict => text === 'ALLOW' || text === 'MODIFY' || text === 'DENY';
