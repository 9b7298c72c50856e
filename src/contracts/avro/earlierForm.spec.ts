/** What an older version wrote is what is written in its form today. */
import { Codec } from './codec';
import earlier from './earlier.json';
import { exampleAudit, exampleHash, exampleUnknown } from './examples';
import { freshSchemas } from './localRegistry';
import { AUDIT_RECORDS, DECISIONS, EXECUTION_EVENTS } from '../topics';

const OLDER = { AuditRecord: 71, Decision: 72, ExecutionEvent: 73 } as const;
const fresh = freshSchemas();
const codec = new Codec({
  ids: fresh.ids,
  schemas: new Map([
    ...fresh.schemas,
    ...Object.entries(OLDER).map(([name, id]) => [id, earlier.schemas[name as keyof typeof OLDER]] as const),
  ]),
});

const written = (hex: string, id: number): Buffer => {
  const bytes = Buffer.from(hex, 'hex');
  bytes.writeUInt32BE(id, 1);
  return bytes;
};

it.each(['decision', 'denial'] as const)('writes a %s as the older version did', (name) => {
  const bytes = written(earlier.records[name], OLDER.Decision);
  const decoded = codec.decodeValue(DECISIONS, bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  expect(codec.inEarlierForm(DECISIONS, codec.encodeValue(DECISIONS, decoded.value), OLDER.Decision)).toEqual(bytes);
});

it('writes an audit record as the older version did, with the chain that is given', () => {
  const bytes = written(earlier.records.audit, OLDER.AuditRecord);
  const decoded = codec.decodeAudit(bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { record } = decoded.value;
  const now = codec.encodeValue(AUDIT_RECORDS, {
    record: { ...record, prev_hash: new Uint8Array(32).fill(9) },
    hash: exampleHash,
  });
  const again = codec.inEarlierForm(AUDIT_RECORDS, now, OLDER.AuditRecord, record.prev_hash);
  // The example's own hash is none; everything before it is as it was.
  expect(again?.subarray(0, -32)).toEqual(bytes.subarray(0, -32));
});

it('has no form where there is no such schema, or no word in it', () => {
  const value = codec.encodeValue(EXECUTION_EVENTS, exampleUnknown);
  expect(codec.inEarlierForm(EXECUTION_EVENTS, value, 99)).toBeUndefined();
  expect(codec.inEarlierForm(EXECUTION_EVENTS, value, OLDER.ExecutionEvent)).toBeUndefined();
});

describe('the head of an audit record', () => {
  const value = codec.encodeValue(AUDIT_RECORDS, { record: exampleAudit, hash: exampleHash });
  const { run_id, seq, kind, input, clock, positions, engine_version } = exampleAudit;
  const head = { run_id, seq, kind, input, clock, positions, engine_version };

  it('is what the whole record says, of either schema', () => {
    expect(codec.decodeAuditHead(value)).toEqual({ ok: true, value: head });
    const older = written(earlier.records.audit, OLDER.AuditRecord);
    const whole = codec.decodeAudit(older);
    if (!whole.ok) throw new Error(whole.error.message);
    const found = codec.decodeAuditHead(older);
    expect(found).toMatchObject({
      ok: true,
      value: { run_id: whole.value.record.run_id, positions: whole.value.record.positions },
    });
  });

  it('is a fault where it cannot be read', () => {
    expect(codec.decodeAuditHead(null)).toMatchObject({ ok: false, error: { reason: 'EMPTY' } });
    expect(codec.decodeAuditHead(value.subarray(0, 9))).toMatchObject({ ok: false, error: { reason: 'TRUNCATED' } });
    expect(codec.decodeAuditHead(Buffer.from([0, 0, 0, 1, 0, 7]))).toMatchObject({
      ok: false,
      error: { reason: 'UNKNOWN_SCHEMA_ID' },
    });
  });
});
