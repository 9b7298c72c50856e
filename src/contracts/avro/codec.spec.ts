import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import {
  anyAudit,
  anyCheckpoint,
  anyControl,
  anyDecision,
  anyEntity,
  anyExecution,
  anyHash,
  anyIntent,
  anyIntentKey,
  anyPrice,
  anyStateKey,
} from './arbitraries';
import { Codec } from './codec';
import { parseSchema } from './compatibility';
import type { DecodeFaultReason } from './decoded';
import { describeFault } from './decoded';
import { exampleAudit, exampleControl, exampleHash, exampleIntent, exampleResolution } from './examples';
import type { ControlPayload } from '../messages';
import type { KeyTopic, TopicValues, ValueTopic } from './formats';
import { genericOf } from './generic';
import { freshSchemas } from './localRegistry';
import type { RecordName } from './schemas';
import { schemaText } from './schemas';

const codec = new Codec(freshSchemas());
const body = (wire: Uint8Array): Buffer => Buffer.from(wire.subarray(codec.headerBytes));
const types = new Map<RecordName, ReturnType<typeof parseSchema>>();
const typeOf = (record: RecordName): ReturnType<typeof parseSchema> => {
  const type = types.get(record) ?? parseSchema(schemaText(record));
  types.set(record, type);
  return type;
};
/** avsc's bytes of the same value. */
const oracle = (record: RecordName, value: unknown): Buffer => typeOf(record).toBuffer(genericOf(schemaText(record), value));

const anySealed = fc.record({ record: anyAudit, hash: anyHash });
const VALUES: readonly (readonly [ValueTopic, RecordName, Arbitrary<TopicValues[ValueTopic]>])[] = [
  ['order-intents', 'OrderIntent', anyIntent],
  ['market-prices', 'PriceUpdated', anyPrice],
  ['control-events', 'ControlEvent', anyControl],
  ['execution-events', 'ExecutionEvent', anyExecution],
  ['decisions', 'Decision', anyDecision],
  ['audit-records', 'AuditRecord', anySealed],
  ['policy-state', 'StateEntity', anyEntity],
  ['audit-checkpoints', 'AuditCheckpoint', anyCheckpoint],
];

describe.each(VALUES)('%s', (topic, record, anyValue) => {
  it('reads back what it wrote, bytes and value', () =>
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = codec.encodeValue(topic, value);
        const decoded = codec.decodeValue(topic, bytes);
        if (!decoded.ok) throw new Error(describeFault(decoded.error));
        expect(decoded.value).toEqual(value);
        expect(Buffer.compare(decoded.body, body(bytes))).toBe(0);
        expect(Buffer.compare(codec.encodeValue(topic, decoded.value), bytes)).toBe(0);
      }),
      { numRuns: 150 },
    ));

  it('writes the bytes that avsc writes', () =>
    fc.assert(
      fc.property(anyValue, (value) => {
        const flat = 'hash' in value ? { ...value.record, hash: value.hash } : value;
        expect(body(codec.encodeValue(topic, value)).toString('hex')).toBe(oracle(record, flat).toString('hex'));
      }),
      { numRuns: 150 },
    ));

  it('refuses a record that was cut anywhere, and one with a byte too many', () =>
    fc.assert(
      fc.property(anyValue, fc.nat(), (value, cut) => {
        const bytes = codec.encodeValue(topic, value);
        const decoded = codec.decodeValue(topic, bytes.subarray(0, cut % bytes.length));
        expect(decoded.ok).toBe(false);
        expect(codec.decodeValue(topic, Buffer.concat([bytes, Buffer.of(0)]))).toMatchObject({
          ok: false,
          error: { reason: 'TRAILING_BYTES' },
        });
      }),
      { numRuns: 100 },
    ));
});

const KEYS = [
  ['decisions', 'IntentKey', anyIntentKey],
  ['audit-records', 'IntentKey', anyIntentKey],
  ['execution-events', 'IntentKey', anyIntentKey],
  ['policy-state', 'StateKey', anyStateKey],
] as const;

describe.each(KEYS)('key of %s', (topic: KeyTopic, record, anyKey) => {
  it('reads back what it wrote, as avsc writes it', () =>
    fc.assert(
      fc.property(anyKey as typeof anyStateKey, (key) => {
        const bytes = codec.encodeKey(topic, key);
        expect(codec.decodeKey(topic, bytes)).toMatchObject({ ok: true, value: key });
        expect(body(bytes).toString('hex')).toBe(oracle(record, key).toString('hex'));
      }),
      { numRuns: 100 },
    ));
});

describe('audit records', () => {
  it('are the same composed from the bytes of their parts as written whole', () =>
    fc.assert(
      fc.property(anyAudit, anyHash, (record, hash) => {
        const parts = {
          ...(record.intent === null ? {} : { intent: body(codec.encodeValue('order-intents', record.intent)) }),
          ...(record.decision === null ? {} : { decision: body(codec.encodeValue('decisions', record.decision)) }),
          ...(record.execution === null ? {} : { execution: body(codec.encodeValue('execution-events', record.execution)) }),
          ...(record.control === null ? {} : { control: body(codec.encodeValue('control-events', record.control)) }),
        };
        const composed = codec.encodeAuditBody(record, parts);
        expect(composed.toString('hex')).toBe(codec.encodeAuditBody(record).toString('hex'));
        expect(Buffer.concat([composed, hash]).toString('hex')).toBe(oracle('AuditRecord', { ...record, hash }).toString('hex'));
        expect(codec.decodeAudit(codec.auditValue(composed, hash))).toEqual({
          ok: true,
          value: { record, hash, hashed: composed },
        });
      }),
      { numRuns: 150 },
    ));
});

describe('the wire', () => {
  const good = codec.encodeValue('order-intents', exampleIntent);
  const reasonOf = (bytes: Uint8Array | null): DecodeFaultReason | undefined => {
    const decoded = codec.decodeValue('order-intents', bytes);
    return decoded.ok ? undefined : decoded.error.reason;
  };
  const withByte = (at: number, value: number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = value;
    return copy;
  };

  it('starts with a zero byte and the schema id', () => expect(good.subarray(0, 5)).toEqual(Buffer.of(0, 0, 0, 0, 1)));
  it.each<[string, Uint8Array | null, DecodeFaultReason]>([
    ['no value', null, 'EMPTY'],
    ['no bytes', Buffer.alloc(0), 'EMPTY'],
    ['another first byte', withByte(0, 1), 'NO_MAGIC_BYTE'],
    ['half a header', good.subarray(0, 3), 'TRUNCATED'],
    ['an id that is not registered', withByte(4, 77), 'UNKNOWN_SCHEMA_ID'],
    ['the id of another topic', withByte(4, 2), 'UNKNOWN_SCHEMA_ID'],
    ['text that is not UTF-8', withByte(6, 0xff), 'INVALID_VALUE'],
    ['more than 64 KiB', Buffer.concat([good, Buffer.alloc(65_536)]), 'OUT_OF_BOUNDS'],
  ])('refuses %s', (_, bytes, reason) => expect(reasonOf(bytes)).toBe(reason));

  it('names what is wrong with a value that can be read', () => {
    const decoded = codec.decodeValue('order-intents', codec.encodeValue('order-intents', { ...exampleIntent, strategy_id: '' }));
    expect(decoded).toMatchObject({ ok: false, error: { message: expect.stringContaining('strategy_id is empty') } });
  });

  it('reads bytes that are not a Buffer, from within a larger one', () => {
    const larger = new Uint8Array(good.length + 7);
    larger.set(good, 3);
    expect(codec.decodeValue('order-intents', larger.subarray(3, 3 + good.length))).toMatchObject({
      ok: true,
      value: exampleIntent,
    });
  });

  it('refuses to write what it could not read', () => {
    const audit = exampleAudit;
    expect(() => codec.encodeAuditBody({ ...audit, seq: 2 ** 53 })).toThrow(RangeError);
    expect(() => codec.encodeAuditBody({ ...audit, seq: 0.5 })).toThrow(RangeError);
    expect(() => codec.encodeAuditBody({ ...audit, note: '\ud800' })).toThrow(RangeError);
    expect(() => codec.encodeAuditBody({ ...audit, prev_hash: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => codec.encodeAuditBody({ ...audit, note: 'x'.repeat(1024 * 1024) })).toThrow(RangeError);
    expect(() => codec.auditValue(codec.encodeAuditBody(audit), exampleHash.subarray(1))).toThrow(RangeError);
    expect(() => codec.encodeValue('order-intents', { ...exampleIntent, qty: (10n ** 38n) as never })).toThrow(RangeError);
  });

  it('refuses a control event of several kinds', () => {
    const wire = (payload: ControlPayload): Buffer => codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload });
    const reasonOf = (bytes: Buffer): unknown => {
      const decoded = codec.decodeValue('control-events', bytes);
      return decoded.ok ? decoded.value.payload.type : decoded.error.message;
    };
    const rolled = wire({ type: 'SessionRolled' });
    const ended = wire({ type: 'RunEnded' });
    expect(reasonOf(rolled)).toBe('SessionRolled');
    // The last three bytes tell which of the later kinds is there.
    expect(rolled.subarray(-3)).toEqual(Buffer.of(2, 0, 0));
    const endedAndRolled = Buffer.from(ended);
    endedAndRolled[ended.length - 3] = 2;
    expect(reasonOf(endedAndRolled)).toContain('several kinds');
    const resolved = wire(exampleResolution);
    const rolledAndResolved = Buffer.from(resolved);
    rolledAndResolved[rolled.length - 3] = 2;
    expect(reasonOf(resolved)).toBe('OrderResolved');
    expect(reasonOf(rolledAndResolved)).toContain('several kinds');
    const policy = wire({ type: 'PolicyActivated', policy_text: 'x' });
    const policyAndRolled = Buffer.from(policy);
    policyAndRolled[policy.length - 3] = 2;
    expect(reasonOf(policy)).toBe('PolicyActivated');
    expect(reasonOf(policyAndRolled)).toContain('several kinds');
  });

  it('refuses a map with a name twice or out of order', () => {
    const bytes = codec.encodeValue('control-events', exampleControl);
    const swapped = Buffer.from(bytes.toString('latin1').replace('MSFT', 'AAPL'), 'latin1');
    const decoded = codec.decodeValue('control-events', swapped);
    expect(decoded).toMatchObject({
      ok: false,
      error: { reason: 'INVALID_VALUE', message: expect.stringContaining('each name once') },
    });
  });
});
