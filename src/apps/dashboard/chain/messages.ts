/** What the page and its worker say to each other. */

/** Verify the records of a run from a seq on, as many as there are now. */
export interface VerifyOrder {
  /** Absolute: a worker has no page to be relative to. */
  readonly base: string;
  readonly token: string | undefined;
  readonly run: string;
  /** Seq of the first record to verify. */
  readonly from: number;
  /** Hash of the record before it, in hex; zeros before the first. */
  readonly before: string;
  /** A hash to look for on the way, in hex. */
  readonly sought?: string | undefined;
  /** Only so many; undefined: to the end. */
  readonly most?: number | undefined;
}

export type VerifyNews =
  | { readonly kind: 'progress'; readonly verified: number; readonly total: number }
  | {
      readonly kind: 'done';
      /** Records that were verified. */
      readonly verified: number;
      readonly from: number;
      readonly lastHash: string;
      /** What the server says the last hash is; null: it was not asked, since not all were verified. */
      readonly chainHash: string | null;
      readonly soughtSeq: number | undefined;
      readonly tookMs: number;
    }
  | { readonly kind: 'broken'; readonly seq: number; readonly reason: string; readonly verified: number }
  | { readonly kind: 'problem'; readonly problem: string };
