/**
 * The hash chain of a run, verified where it is looked at: nothing of the server's word is taken for it but the bytes. What is read is the answer of
 * `GET /runs/{run}/chain`: for each record four bytes (big-endian: how long the rest is), the 32 bytes of its hash, and the bytes that were hashed.
 */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const HASH_BYTES = 32;
export const ZEROS: Uint8Array = new Uint8Array(HASH_BYTES);

export interface ChainBreak {
  readonly seq: number;
  readonly reason: string;
}

/** What is looked at of each record once its hash holds; what it answers with is the reason why the record is none of this chain. */
export type Look = (seq: number, bytes: Uint8Array, hash: string, before: string) => string | undefined;

/** Goes along the chain, page after page. */
export class ChainReader {
  #last: Uint8Array;
  #seq: number;
  #sought: number | undefined;

  /** `from` is the seq of the first record that comes, `before` the hash of the one before it; `sought`: a hash to look for on the way. */
  constructor(
    private readonly sha256: Sha256,
    from = 0,
    before: Uint8Array = ZEROS,
    private readonly soughtHash?: string,
    private readonly look: Look = () => undefined,
  ) {
    this.#seq = from;
    this.#last = before;
  }

  /** Verifies a page; what it answers with is the break, if there is one. `most`: records beyond are left. */
  take(page: Uint8Array, most = Infinity): ChainBreak | undefined {
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    let at = 0;
    for (let taken = 0; at < page.length && taken < most; taken += 1) {
      const length = at + 4 <= page.length ? view.getUint32(at) : 0;
      if (length < HASH_BYTES || at + 4 + length > page.length) return this.#broken('the answer ends within this record');
      const hash = page.subarray(at + 4, at + 4 + HASH_BYTES);
      const bytes = page.subarray(at + 4 + HASH_BYTES, at + 4 + length);
      const linked = new Uint8Array(HASH_BYTES + bytes.length);
      linked.set(this.#last);
      linked.set(bytes, HASH_BYTES);
      if (!equal(this.sha256(linked), hash)) return this.#broken('its hash is not that of its bytes and the record before');
      const hex = hexOf(hash);
      const reason = this.look(this.#seq, bytes, hex, this.lastHash);
      if (reason !== undefined) return this.#broken(reason);
      this.#last = hash.slice();
      if (hex === this.soughtHash) this.#sought = this.#seq;
      this.#seq += 1;
      at += 4 + length;
    }
    return undefined;
  }

  /** Seq of the next record. */
  get nextSeq(): number {
    return this.#seq;
  }

  /** Hash of the last record, in hex. */
  get lastHash(): string {
    return hexOf(this.#last);
  }

  /** Seq of the record with the hash that was looked for. */
  get soughtSeq(): number | undefined {
    return this.#sought;
  }

  #broken(reason: string): ChainBreak {
    return { seq: this.#seq, reason };
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** 64 hex digits as bytes, with or without `sha256:` before them; undefined: it is something else. */
export const readHash = (text: string): Uint8Array | undefined => {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '');
  if (!/^[0-9a-f]{64}$/.test(digits)) return undefined;
  return Uint8Array.from({ length: HASH_BYTES }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
};
