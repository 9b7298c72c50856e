/**
 * Where each audit record of a shard is, and which records are about the same intent: eight bytes a record, so that a day's journal is at hand without
 * being held. It is filled from both ends: with what is committed now, and, newest first, with what was there before.
 */
import type { AuditHead } from '../../contracts/avro/auditFormat';
import { CONTROL_EVENTS } from '../../contracts/topics';

/** Kinds of which there are few. REFUSED_CONTROL: rejected inputs that were control events. */
export type RareKind = 'CONTROL' | 'KILL_SWITCH' | 'REFUSED_CONTROL';

/** None of them is about an intent. */
export const rareKindOf = ({ kind, input }: AuditHead): RareKind | undefined => {
  if (kind === 'CONTROL' || kind === 'KILL_SWITCH') return kind;
  return kind === 'REJECTED_INPUT' && input.topic === CONTROL_EVENTS ? 'REFUSED_CONTROL' : undefined;
};

export class JournalIndex {
  private readonly runs = new Map<string, RunIndex>();

  place({ run_id, seq }: AuditHead, offset: number): void {
    this.at(run_id).place(seq, offset);
  }

  /** Undefined: not known. */
  offsetOf(runId: string, seq: number): number | undefined {
    return this.runs.get(runId)?.offsetOf(seq);
  }

  /** The record at `seq` is about the intent that was decided at `origin`; newer than all that are known of it. */
  append(runId: string, origin: number, seq: number): void {
    this.at(runId).append(origin, seq);
  }

  /** As `append`, older than all that are known of the intent. */
  prepend(runId: string, origin: number, seq: number): void {
    this.at(runId).prepend(origin, seq);
  }

  /** Seqs of the records about the intent that was decided at `origin`, without that; oldest first, at most so many. */
  about(runId: string, origin: number, most: number): readonly number[] {
    return this.runs.get(runId)?.about(origin, most) ?? [];
  }

  appendRare(runId: string, kind: RareKind, seq: number): void {
    this.at(runId).rare[kind].newer.push(seq);
  }

  prependRare(runId: string, kind: RareKind, seq: number): void {
    this.at(runId).rare[kind].older.push(seq);
  }

  /** Ascending. */
  rareOf(runId: string, kind: RareKind): readonly number[] {
    const rare = this.runs.get(runId)?.rare[kind];
    return rare === undefined ? [] : [...rare.older].reverse().concat(rare.newer);
  }

  private at(runId: string): RunIndex {
    let run = this.runs.get(runId);
    if (run === undefined) {
      run = new RunIndex();
      this.runs.set(runId, run);
    }
    return run;
  }
}

const FIRST_SIZE = 64;
const QUICK_GROWTH = 16_384;
const MOST_OF_FOUR_BYTES = 0xffff_ffff;

interface RareSeqs {
  /** Descending. */
  readonly older: number[];
  readonly newer: number[];
}

class RunIndex {
  /** By seq, offset + 1; zero: not known. Four bytes each, as long as that is enough. */
  private offsets: Uint32Array | Float64Array = new Uint32Array(FIRST_SIZE);
  /**
   * By seq. The records about one intent are a ring: each names (as seq + 1) the next newer one, the newest names the oldest, and the record that decided
   * the intent names the newest. So one more is put in at either end without a walk. Zero: none.
   */
  private links = new Uint32Array(FIRST_SIZE);
  readonly rare: Readonly<Record<RareKind, RareSeqs>> = {
    CONTROL: { older: [], newer: [] },
    KILL_SWITCH: { older: [], newer: [] },
    REFUSED_CONTROL: { older: [], newer: [] },
  };

  place(seq: number, offset: number): void {
    this.makeRoom(seq);
    if (offset + 1 > MOST_OF_FOUR_BYTES && this.offsets instanceof Uint32Array) this.offsets = Float64Array.from(this.offsets);
    this.offsets[seq] = offset + 1;
  }

  offsetOf(seq: number): number | undefined {
    const place = this.offsets[seq] ?? 0;
    return place === 0 ? undefined : place - 1;
  }

  append(origin: number, seq: number): void {
    this.putBehindNewest(origin, seq);
    this.links[origin] = seq + 1;
  }

  prepend(origin: number, seq: number): void {
    const isFirst = this.linkOf(origin) === 0;
    this.putBehindNewest(origin, seq);
    if (isFirst) this.links[origin] = seq + 1;
  }

  about(origin: number, most: number): readonly number[] {
    const seqs: number[] = [];
    const newest = this.linkOf(origin);
    for (let at = newest; at !== 0 && seqs.length < most;) {
      at = this.linkOf(at - 1);
      seqs.push(at - 1);
      if (at === newest) break;
    }
    return seqs;
  }

  private putBehindNewest(origin: number, seq: number): void {
    this.makeRoom(Math.max(origin, seq));
    const newest = this.linkOf(origin);
    if (newest === 0) this.links[seq] = seq + 1;
    else {
      this.links[seq] = this.linkOf(newest - 1);
      this.links[newest - 1] = seq + 1;
    }
  }

  private linkOf(seq: number): number {
    return this.links[seq] ?? 0;
  }

  private makeRoom(seq: number): void {
    if (seq < this.links.length) return;
    // By a quarter, once that is much: what is not used stays small beside what is.
    const size = Math.max(
      seq + 1,
      this.links.length + Math.max(this.links.length >> 2, Math.min(this.links.length, QUICK_GROWTH)),
    );
    const links = new Uint32Array(size);
    links.set(this.links);
    this.links = links;
    const offsets = this.offsets instanceof Uint32Array ? new Uint32Array(size) : new Float64Array(size);
    offsets.set(this.offsets);
    this.offsets = offsets;
  }
}
