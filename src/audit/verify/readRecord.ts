/** An audit record of a topic, or of an export of one, as the verification takes it. */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import type { FaultyRecord, FoundRecord } from './foundRecord';

export const readRecord = (
  codec: Codec,
  { partition, offset, key, value, timestamp }: BusRecord,
  where = `${AUDIT_RECORDS}/${partition}@${offset}`,
): FoundRecord | FaultyRecord => {
  const audit = codec.decodeAudit(value);
  if (!audit.ok) return { where, kind: 'UNREADABLE', expected: 'an audit record', found: describeFault(audit.error) };
  const decodedKey = codec.decodeKey(AUDIT_RECORDS, key);
  if (!decodedKey.ok) return { where, kind: 'KEY', expected: 'a key of run and intent', found: describeFault(decodedKey.error) };
  const { record, hash, hashed } = audit.value;
  return { where, record, hash, hashed, partition, timestamp, key: decodedKey.value };
};
