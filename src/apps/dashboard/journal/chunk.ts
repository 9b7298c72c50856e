/**
 * A stretch of a run's journal by column: 4096 rows whose seqs follow each other. A hundred thousand rows as objects would keep the collector busy;
 * as columns they are some typed arrays and lists.
 */
import type { Exact, Row } from '../api/documents';
import type { Dictionaries } from './dictionary';
import { noteOf } from './note';

export const CHUNK_ROWS = 4096;

/** A row as lists show it. Empty texts and nulls: its kind has no such field. */
export interface StoredRow {
  readonly seq: number;
  readonly kind: string;
  readonly clock: number;
  readonly intentId: string;
  readonly strategyId: string;
  readonly symbol: string;
  readonly side: string;
  readonly orderType: string;
  readonly verdict: string;
  readonly event: string;
  readonly rules: string;
  readonly qty: Exact | null;
  readonly limitPrice: Exact | null;
  readonly orderQty: Exact | null;
  readonly price: Exact | null;
  readonly tripped: boolean;
  readonly note: string;
}

export class Chunk {
  /** Changes with every row that is put in: who has read it knows whether to read it again. */
  version = 0;
  /** Zero: this row is not here (yet). */
  readonly kind = new Uint8Array(CHUNK_ROWS);
  readonly clock = new Float64Array(CHUNK_ROWS);
  readonly verdict = new Uint8Array(CHUNK_ROWS);
  readonly side = new Uint8Array(CHUNK_ROWS);
  readonly orderType = new Uint8Array(CHUNK_ROWS);
  readonly event = new Uint8Array(CHUNK_ROWS);
  readonly tripped = new Uint8Array(CHUNK_ROWS);
  readonly strategy = new Uint32Array(CHUNK_ROWS);
  readonly symbol = new Uint32Array(CHUNK_ROWS);
  readonly rules = new Uint32Array(CHUNK_ROWS);
  readonly intentId: string[] = [];
  readonly note: string[] = [];
  readonly #qty: (Exact | null)[] = [];
  readonly #limitPrice: (Exact | null)[] = [];
  readonly #orderQty: (Exact | null)[] = [];
  readonly #price: (Exact | null)[] = [];

  constructor(
    readonly firstSeq: number,
    readonly dictionaries: Dictionaries,
  ) {}

  /** False: it was here already. */
  put(row: Row): boolean {
    const at = row.seq - this.firstSeq;
    if (this.kind[at] !== 0) return false;
    const { events, kinds, orderTypes, rules, sides, strategies, symbols, verdicts } = this.dictionaries;
    this.kind[at] = kinds.code(row.kind);
    this.clock[at] = row.clock_ms;
    this.verdict[at] = verdicts.code(row.decision);
    this.side[at] = sides.code(row.side);
    this.orderType[at] = orderTypes.code(row.order_type);
    this.event[at] = events.code(row.event);
    this.tripped[at] = row.tripped === true ? 1 : 0;
    this.strategy[at] = strategies.code(row.strategy_id);
    this.symbol[at] = symbols.code(row.symbol);
    this.rules[at] = rules.code(row.rules?.join(' '));
    this.intentId[at] = row.intent_id ?? '';
    this.note[at] = noteOf(row);
    this.#qty[at] = row.qty ?? null;
    this.#limitPrice[at] = row.limit_price ?? null;
    this.#orderQty[at] = row.order_qty ?? null;
    this.#price[at] = row.price ?? null;
    this.version += 1;
    return true;
  }

  row(seq: number): StoredRow | undefined {
    const at = seq - this.firstSeq;
    const kind = this.kind[at] ?? 0;
    if (kind === 0) return undefined;
    const { events, kinds, orderTypes, rules, sides, strategies, symbols, verdicts } = this.dictionaries;
    return {
      seq,
      kind: kinds.text(kind),
      clock: this.clock[at] ?? 0,
      intentId: this.intentId[at] ?? '',
      strategyId: strategies.text(this.strategy[at] ?? 0),
      symbol: symbols.text(this.symbol[at] ?? 0),
      side: sides.text(this.side[at] ?? 0),
      orderType: orderTypes.text(this.orderType[at] ?? 0),
      verdict: verdicts.text(this.verdict[at] ?? 0),
      event: events.text(this.event[at] ?? 0),
      rules: rules.text(this.rules[at] ?? 0),
      qty: this.#qty[at] ?? null,
      limitPrice: this.#limitPrice[at] ?? null,
      orderQty: this.#orderQty[at] ?? null,
      price: this.#price[at] ?? null,
      tripped: this.tripped[at] === 1,
      note: this.note[at] ?? '',
    };
  }
}
