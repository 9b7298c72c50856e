/** The audit records of a shard, or of one run in it, against those that folding gives. */
import type { AuditHead } from '../../contracts/avro/auditFormat';
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';
import type { ShardState } from '../../processor/ledger';
import { compareRecord } from './compareRecords';
import { displaced } from './displaced';
import { Differs } from './difference';

const HASH_BYTES = 32;

export class JournalTrail {
  same = 0;
  ofEarlierSchemas = 0;
  firstOfEarlierSchema: number | undefined;
  last: { readonly run: string; readonly seq: number; readonly clock: number } | undefined;
  /** Hashes of the last records of older schemas, by run: folding gives other bytes for them, and so other hashes. */
  private readonly recordedHashes = new Map<string, Uint8Array>();

  constructor(
    private readonly codec: Codec,
    private readonly shard: ShardState,
  ) {}

  /** Takes the first of `made`, which this record must be. Throws a Differs. */
  compare(recorded: BusRecord, { run_id, seq, clock }: AuditHead, made: OutgoingRecord[]): void {
    const given = made.shift();
    if (given === undefined) {
      const what = 'folding its input again gives no such record';
      throw new Differs({ ...placeOf(recorded), kind: 'extra', what, recorded });
    }
    const { again, differs, earlier } = compareRecord(
      this.codec,
      AUDIT_RECORDS,
      recorded,
      given,
      this.recordedHashes.get(run_id),
    );
    if (differs !== undefined) throw this.difference(recorded, again, differs);
    if (earlier) this.goOnFrom(recorded, run_id);
    else this.recordedHashes.delete(run_id);
    this.same += 1;
    this.last = { run: run_id, seq, clock };
  }

  /** Throws a Differs if folding gave more records than the log has. */
  checkNoMore([again]: readonly OutgoingRecord[], offset: number): void {
    if (again === undefined) return;
    const what = 'folding gives a record that is missing at the end of the log';
    throw new Differs({ kind: 'missing', topic: AUDIT_RECORDS, partition: again.partition, offset, what, again });
  }

  /** The chain goes on with the hashes that are on the log. */
  private goOnFrom({ value, offset }: BusRecord, run: string): void {
    const hash = value?.subarray(value.length - HASH_BYTES) ?? new Uint8Array(HASH_BYTES);
    this.recordedHashes.set(run, hash);
    const ledger = this.shard.runs.get(run);
    if (ledger !== undefined) ledger.chainHash = hash;
    this.ofEarlierSchemas += 1;
    this.firstOfEarlierSchema ??= offset;
  }

  private difference(recorded: BusRecord, again: OutgoingRecord, differs: string): Differs {
    const [one, other] = [this.codec.decodeAudit(recorded.value), this.codec.decodeAudit(again.value)];
    const about = { ...placeOf(recorded), recorded, again };
    if (!one.ok) return new Differs({ ...about, kind: 'unreadable', what: describeFault(one.error) });
    const made = other.ok ? other.value.record : one.value.record;
    return new Differs({ ...about, ...displaced(this.shard, one.value.record, made, differs) });
  }
}

const placeOf = ({ partition, offset }: BusRecord): { topic: typeof AUDIT_RECORDS; partition: number; offset: number } => ({
  topic: AUDIT_RECORDS,
  partition,
  offset,
});
