/**
 * Fills a shard's index with the records that were there at the start, newest first: in pieces from the end to the beginning, so that questions about
 * what is new are answered first. Each piece is read forward, as the bus reads, with the event loop free between its polls.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus, BusReader } from '../../processor/bus';
import { rareKindOf } from './journalIndex';
import type { JournalIndex, RareKind } from './journalIndex';
import { journalRecord } from './journalRecord';
import type { JournalRecord } from './live';
import { LiveError } from './live';

export interface OldRecords {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly index: JournalIndex;
  /** Seq of the record that decided the intent of a record which is about one that was decided before; undefined: about none. */
  readonly originOf: (record: JournalRecord) => number | undefined;
  readonly unreadable: (error: LiveError) => void;
  /** Everything from this offset on is in the index. */
  readonly indexedFrom: (offset: number) => void;
}

/** Records of a piece; each is twice as large as the one before. */
const FIRST_PIECE = 4_000;
const MOST_PIECE = 128_000;
const POLL = { maxRecords: 1_000, maxWaitMs: 1_000 };
/** What is worked off between two turns of the event loop. */
const SLICE = 5_000;

/** Rejects with a BusError; what is in the index stays there, and `indexedFrom` told how far it is whole. */
export const indexOldRecords = async (old: OldRecords, before: number, signal: AbortSignal): Promise<void> => {
  let size = FIRST_PIECE;
  for (let end = before; end > 0 && !signal.aborted; size = Math.min(size * 2, MOST_PIECE)) {
    const from = Math.max(0, end - size);
    await indexPiece(old, from, end, signal);
    end = from;
  }
};

interface Aside {
  readonly runId: string;
  readonly seq: number;
  /** What it is put in as: one more about an intent, or of a kind that is rare. */
  readonly as: number | RareKind;
}

const indexPiece = async (old: OldRecords, from: number, end: number, signal: AbortSignal): Promise<void> => {
  const aside: Aside[] = [];
  const reader = await old.bus.reader([{ topic: AUDIT_RECORDS, partition: old.partition, offset: from }]);
  try {
    while (reader.position(AUDIT_RECORDS, old.partition) < end) {
      await placeNext(old, reader, end, aside);
      await immediate();
      if (signal.aborted) return;
    }
  } finally {
    await reader.close();
  }
  // Newest first, as each is put before what is there already.
  for (let at = aside.length - 1; at >= 0; at--) {
    const one = aside[at];
    if (one === undefined) continue;
    if (typeof one.as === 'number') old.index.prepend(one.runId, one.as, one.seq);
    else old.index.prependRare(one.runId, one.as, one.seq);
    if (at % SLICE === 0) await immediate();
  }
  old.indexedFrom(from);
};

const placeNext = async (old: OldRecords, reader: BusReader, end: number, aside: Aside[]): Promise<void> => {
  for (const raw of await reader.poll(POLL)) {
    if (raw.offset >= end) return;
    const record = journalRecord(old.codec, raw);
    if (record instanceof LiveError) {
      old.unreadable(record);
      continue;
    }
    const { run_id: runId, seq } = record.head;
    old.index.place(record.head, raw.offset);
    const as = rareKindOf(record.head) ?? old.originOf(record);
    if (as !== undefined) aside.push({ runId, seq, as });
  }
};
