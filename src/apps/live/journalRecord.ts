import type { AuditHead, SealedAudit } from '../../contracts/avro/auditFormat';
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import type { BusRecord } from '../../processor/bus';
import type { JournalRecord } from './live';
import { LiveError } from './live';

class LoggedRecord implements JournalRecord {
  private decoded: SealedAudit | undefined;

  constructor(
    private readonly codec: Codec,
    readonly raw: BusRecord,
    readonly head: AuditHead,
  ) {}

  get partition(): number {
    return this.raw.partition;
  }

  get offset(): number {
    return this.raw.offset;
  }

  readonly sealed = (): SealedAudit => {
    if (this.decoded !== undefined) return this.decoded;
    const audit = this.codec.decodeAudit(this.raw.value);
    if (!audit.ok) throw unreadable(this.raw, describeFault(audit.error));
    this.decoded = audit.value;
    return audit.value;
  };
}

/** A record of `audit-records`, its head decoded. A LiveError is answered, not thrown, where it cannot be read: whoever follows goes on behind it. */
export const journalRecord = (codec: Codec, raw: BusRecord): JournalRecord | LiveError => {
  const head = codec.decodeAuditHead(raw.value);
  return head.ok ? new LoggedRecord(codec, raw, head.value) : unreadable(raw, describeFault(head.error));
};

const unreadable = ({ topic, partition, offset }: BusRecord, what: string): LiveError =>
  new LiveError(`${topic}/${partition} offset ${offset} cannot be read: ${what}`);
