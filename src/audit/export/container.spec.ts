import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { Codec } from '../../contracts/avro/codec';
import { exampleDecision, exampleDenial } from '../../contracts/avro/examples';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import { DECISIONS } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { ByteSource } from './byteSource';
import { blockBytes, headerBytes, readBlocks, readHeader, syncMarkerOf } from './container';
import { ExportFault } from './exportFault';
import { RecordEncoder } from './recordFormat';
import { schemasOfTopic, valueSchemaFor } from './topicSchema';

const registered = freshSchemas();
const codec = new Codec(registered);
const values = [exampleDecision, exampleDenial].map((decision) => codec.encodeValue(DECISIONS, decision));
const valueSchema = valueSchemaFor(DECISIONS, registered, values[0] ?? null);
const header = headerBytes({ topic: DECISIONS, schemas: schemasOfTopic(DECISIONS, registered.schemas), valueSchema });
const sync = syncMarkerOf(header);

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const read = async (bytes: Uint8Array, chunk = 1_000): Promise<BusRecord[]> => {
  const source = new ByteSource(chunksOf(bytes, chunk));
  const opened = await readHeader(source);
  const records: BusRecord[] = [];
  for await (const { record } of readBlocks(source, opened.header, opened.sync)) records.push(record);
  return records;
};
const encoded = (records: readonly BusRecord[]): Buffer[] =>
  records.map((one) => new RecordEncoder(DECISIONS, valueSchema).encode(one));

const anyRecord: fc.Arbitrary<BusRecord> = fc.record({
  topic: fc.constant(DECISIONS),
  partition: fc.nat(1023),
  offset: fc.nat(2 ** 53 - 2),
  timestamp: fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 }),
  key: fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
  headers: fc.dictionary(fc.oneof(fc.constant('__proto__'), fc.string()), fc.string(), { maxKeys: 3, noNullPrototype: true }),
  value: fc.oneof(
    fc.constant(null),
    fc.constantFrom(...values),
    // Nearly a value: with another id, cut, too long, altered.
    fc.tuple(fc.constantFrom(...values), fc.nat(1_000), fc.constantFrom('id', 'cut', 'long', 'bit')).map(([value, at, how]) => {
      const bytes = Buffer.from(value);
      if (how === 'id') bytes[4] = at;
      if (how === 'bit') bytes[at % bytes.length]! ^= 1 << (at % 8);
      if (how === 'long') return Buffer.concat([bytes, Buffer.from([at])]);
      return how === 'cut' ? bytes.subarray(0, at % bytes.length) : bytes;
    }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ),
});

/** As it is compared: bytes in hex, and headers of any name. */
const plain = ({ key, value, headers, ...rest }: BusRecord): unknown => ({
  ...rest,
  headers: Object.entries(headers),
  key: key === null ? null : Buffer.from(key).toString('hex'),
  value: value === null ? null : Buffer.from(value).toString('hex'),
});

describe('a container', () => {
  it('gives back every record exactly, however the bytes arrive', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 6 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9_000 }),
        async (blocks, chunk) => {
          const bytes = Buffer.concat([header, ...blocks.map((records) => blockBytes(encoded(records), sync))]);
          expect((await read(bytes, chunk)).map(plain)).toEqual(blocks.flat().map(plain));
        },
      ),
      { numRuns: 60 },
    ));

  it('refuses a record that it could not give back', () => {
    const record: BusRecord = { topic: DECISIONS, partition: 0, offset: 3, timestamp: 0.5, key: null, value: null, headers: {} };
    const encode = (fields: Partial<BusRecord>) => () => encoded([{ ...record, ...fields }]);
    expect(encode({})).toThrow(
      new ExportFault('decisions/0@3: 0.5 cannot be written as a long: expected a whole number within 2^53'),
    );
    expect(encode({ timestamp: 0, headers: { half: '\ud800' } })).toThrow('half a surrogate pair');
  });

  it('that was altered anywhere is a fault with its place, or another whole record: never anything else', async () => {
    const record: BusRecord = {
      topic: DECISIONS,
      partition: 0,
      offset: 3,
      timestamp: 5,
      key: null,
      value: values[0] ?? null,
      headers: {},
    };
    const bytes = Buffer.concat([header, blockBytes(encoded([record, record]), sync), blockBytes(encoded([record]), sync)]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, bits, cut) => {
        const altered = Buffer.from(bytes);
        altered[at]! ^= bits;
        try {
          expect((await read(cut ? bytes.subarray(0, at) : altered)).length).toBeLessThanOrEqual(3);
        } catch (error) {
          if (!(error instanceof ExportFault)) throw error;
          expect(error.message).toMatch(/^(at byte \d+|in the header): [^\n]+$/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  const long = (value: number): Buffer => {
    const bytes: number[] = [];
    let rest = BigInt(value) * 2n;
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return Buffer.from([...bytes, Number(rest)]);
  };
  const block = (count: number, raw: Uint8Array, size?: number): Buffer => {
    const deflated = deflateRawSync(raw);
    return Buffer.concat([long(count), long(size ?? deflated.length), deflated, sync]);
  };
  const [whole = Buffer.alloc(0)] = encoded([
    { topic: DECISIONS, partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers: {} },
  ]);

  it.each<readonly [string, Buffer, string]>([
    ['no records', block(0, whole), 'a block of 0 records'],
    ['more records than bytes', block(2 ** 40, whole), `${2 ** 40} records in ${whole.length} bytes`],
    ['a record too few', block(2, Buffer.concat([whole, whole, whole])), 'bytes after the last field'],
    ['a record too many', block(2, Buffer.concat([whole, Buffer.alloc(7, 254)])), 'record 2 of the block'],
    ['a size beyond all bounds', block(1, whole, 2 ** 50), `a block of ${2 ** 50} bytes`],
    ['a size beyond the file', block(1, whole, 2 ** 20), 'the file ends within a block'],
    ['a gigabyte of zeros', block(1, Buffer.alloc(2 ** 27)), 'cannot be inflated'],
    ['what is not deflated', Buffer.concat([long(1), long(3), Buffer.from([255, 255, 255]), sync]), 'cannot be inflated'],
    ['another marker', Buffer.concat([block(1, whole).subarray(0, -16), Buffer.alloc(16)]), 'the sync marker behind the block'],
    ['a number without an end', Buffer.alloc(30, 255), 'a number of 2^53 or more'],
  ])('with %s is refused', async (_, bytes, says) => {
    await expect(read(Buffer.concat([header, bytes]))).rejects.toThrow(says);
    await expect(read(Buffer.concat([header, bytes]))).rejects.toThrow(ExportFault);
  });

  it.each<readonly [string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'the file ends'],
    ['text', Buffer.from('{"topic":"decisions"}'), 'expected an Avro object container'],
    [
      'metadata without bounds',
      Buffer.concat([Buffer.from('Obj\u0001'), long(2 ** 40), long(2 ** 40)]),
      `metadata of ${2 ** 40} bytes`,
    ],
    [
      'somebody else’s container',
      Buffer.concat([Buffer.from('Obj\u0001'), Buffer.from([0]), Buffer.alloc(16)]),
      'policygate export',
    ],
    ['another codec', Buffer.from(header.toString('latin1').replace('deflate', 'snappy!'), 'latin1'), 'codec `snappy!`'],
    [
      'another topic',
      Buffer.from(header.toString('latin1').replace('\u0012decisions', '\u0012decisionz'), 'latin1'),
      'topic `decisionz`',
    ],
  ])('that is %s is refused', async (_, bytes, says) => {
    await expect(read(bytes)).rejects.toThrow(says);
  });
});
