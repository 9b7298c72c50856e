/** What the page and its worker say to each other. */
import type { Row } from '../api/documents';
import type { Difference } from './difference';

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
  /** This one record alone, which is shown so; undefined: all to the end. */
  readonly shown?: ShownRecord | undefined;
}

export interface ShownRecord {
  readonly document: Readonly<Record<string, unknown>>;
  /** Parts of it that do not show all that the record has. */
  readonly partly: readonly string[] | 'nowhere';
}

export type VerifyNews =
  | {
      readonly kind: 'progress';
      readonly verified: number;
      readonly total: number;
      /** As their bytes say. */ readonly rows: readonly Row[];
    }
  | {
      readonly kind: 'done';
      /** Records whose hashes hold. */
      readonly verified: number;
      /** Of them, those whose bytes this page cannot read: they are of another schema. */
      readonly unread: number;
      readonly from: number;
      readonly lastHash: string;
      /** What the server says the last hash is; null: it was not asked, since not all were verified. */
      readonly chainHash: string | null;
      readonly soughtSeq: number | undefined;
      /** Of the one record that was asked for. */
      readonly difference: Difference | undefined;
      readonly tookMs: number;
    }
  | { readonly kind: 'broken'; readonly seq: number; readonly reason: string; readonly verified: number }
  | { readonly kind: 'problem'; readonly problem: string };
