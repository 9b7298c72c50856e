import fc from 'fast-check';
import Decoder from 'kafkajs/src/protocol/decoder';
import decodeByKafkajs from 'kafkajs/src/protocol/recordBatch/v0/decoder';
import type { OutgoingRecord } from '../../processor/bus';
import { crc32c } from '../crc32c';
import { encodeBatch } from './encodeBatch';
import { decodeBatches } from './recordBatch';

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const anyRecord: fc.Arbitrary<OutgoingRecord> = fc.record({
  topic: fc.constant('decisions' as const),
  partition: fc.constant(0),
  key: bytes,
  value: bytes,
  timestamp: fc.integer({ min: 0, max: 2 ** 42 }),
  headers: fc.dictionary(fc.string({ unit: 'binary', maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 9 }), {
    maxKeys: 3,
  }),
});
const anyBatch = fc.record({
  records: fc.array(anyRecord, { minLength: 1, maxLength: 40 }),
  producer: fc.record({
    producerId: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    producerEpoch: fc.integer({ min: 0, max: 32_767 }),
    firstSequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  }),
});
const hex = (part: Uint8Array | null): string | null => (part === null ? null : Buffer.from(part).toString('hex'));
const encoded = (count = 3): Buffer =>
  encodeBatch(
    Array.from({ length: count }, (_, n) => ({
      topic: 'decisions',
      partition: 0,
      key: Buffer.from(`key ${n}`),
      value: Buffer.from(`value ${n}`),
      timestamp: 1_795_000_000_000 + n,
      headers: { name: 'text' },
    })),
    { producerId: 7n, producerEpoch: 1, firstSequence: 5 },
  );
/** With its checksum made again. */
const sealed = (batch: Buffer): Buffer => {
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
};

describe('a record batch', () => {
  it('reads back as it was written', () =>
    fc.assert(
      fc.property(anyBatch, ({ records, producer }) => {
        const [batch] = decodeBatches(encodeBatch(records, producer));
        expect(batch).toMatchObject({ transactional: true, control: false, producerId: producer.producerId });
        expect(batch?.lastOffset).toBe(records.length - 1);
        expect(batch?.records.map(({ key, value, ...rest }) => ({ ...rest, key: hex(key), value: hex(value) }))).toEqual(
          records.map(({ key, value, timestamp, headers }, offset) => ({
            offset,
            timestamp,
            headers,
            key: hex(key),
            value: hex(value),
          })),
        );
      }),
    ));

  it('is what kafkajs reads from it', () =>
    fc.assert(
      fc.asyncProperty(anyBatch, async ({ records, producer }) => {
        const batch = await decodeByKafkajs(new Decoder(encodeBatch(records, producer)));
        expect(batch).toMatchObject({
          inTransaction: true,
          producerId: String(producer.producerId),
          producerEpoch: producer.producerEpoch,
          firstSequence: producer.firstSequence,
          maxTimestamp: String(Math.max(...records.map(({ timestamp }) => timestamp))),
        });
        expect(batch.records.map(({ key, value, timestamp }) => [hex(key), hex(value), timestamp])).toEqual(
          records.map(({ key, value, timestamp }) => [hex(key), hex(value), String(timestamp)]),
        );
      }),
    ));

  it('is left out where the size limit of a fetch has cut it short', () => {
    const [first, second] = [encoded(2), encoded(3)];
    const set = Buffer.concat([first, second]);
    expect(decodeBatches(set).map(({ records }) => records.length)).toEqual([2, 3]);
    for (const end of [set.length - 1, first.length + 30, first.length + 1])
      expect(decodeBatches(set.subarray(0, end))).toHaveLength(1);
    expect(decodeBatches(set.subarray(0, first.length - 1))).toEqual([]);
  });

  it('gives its last offset though compaction has emptied it', () => {
    const batch = encoded(3).subarray(0, 61);
    batch.writeInt32BE(61 - 12, 8);
    batch.writeInt32BE(0, 57);
    expect(decodeBatches(sealed(Buffer.from(batch)))).toMatchObject([{ firstOffset: 0, lastOffset: 2, records: [] }]);
  });

  describe('whose records say what their offsets are', () => {
    /** A batch of three, thinned out or whole, with these offset deltas. */
    const forged = (deltas: readonly number[], lastDelta: number): Buffer => {
      const batch = Buffer.from(encoded(deltas.length));
      let at = 61;
      for (const delta of deltas) {
        batch[at + 3] = 2 * delta;
        at += 1 + batch[at]! / 2;
      }
      batch.writeInt32BE(lastDelta, 23);
      return sealed(batch);
    };
    const offsetsOf = (batch: Buffer): number[] => decodeBatches(batch)[0]!.records.map(({ offset }) => offset);

    it('is counted where it is whole: nobody writes offsets but the broker', () => {
      for (const deltas of [
        [0, 1, 2],
        [60, 61, 62],
        [0, 0, 1],
        [2, 1, 0],
      ])
        expect(offsetsOf(forged(deltas, 2))).toEqual([0, 1, 2]);
    });

    it('is believed where compaction has thinned it out, within its bounds and in order', () => {
      expect(offsetsOf(forged([1, 4], 5))).toEqual([1, 4]);
      for (const deltas of [
        [1, 6],
        [4, 1],
        [3, 3],
      ])
        expect(() => offsetsOf(forged(deltas, 5))).toThrow(/does not belong to it/);
    });
  });

  it('takes the broker’s time where that is what counts', () => {
    const batch = encoded(2);
    batch.writeInt16BE(0x18, 21);
    batch.writeBigInt64BE(1_900_000_000_000n, 35);
    expect(decodeBatches(sealed(batch))[0]?.records.map(({ timestamp }) => timestamp)).toEqual([
      1_900_000_000_000, 1_900_000_000_000,
    ]);
  });

  it.each([
    ['a changed byte', (batch: Buffer) => ((batch[70]! ^= 1), batch), /does not match its checksum/],
    [
      'zstd',
      (batch: Buffer) => sealed((batch.writeInt16BE(0x14, 21), batch)),
      /compressed with zstd; the topic needs compression.type=uncompressed/,
    ],
    ['an old format', (batch: Buffer) => ((batch[16] = 1), batch), /message format 1; expected 2/],
    ['a count beyond its bytes', (batch: Buffer) => sealed((batch.writeInt32BE(1e9, 57), batch)), /1000000000 records in/],
    [
      'a count below what is there',
      (batch: Buffer) => sealed((batch.writeInt32BE(1, 57), batch)),
      /bytes behind the last record/,
    ],
  ])('is refused with %s', (_, change, message) => {
    expect(() => decodeBatches(change(encoded()))).toThrow(message);
  });

  it('never reads beyond its end, whatever its records say', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 61, max: 150 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        (changes) => {
          const batch = encoded();
          for (const [at, byte] of changes) batch[at % batch.length] = byte;
          let records;
          try {
            records = decodeBatches(sealed(batch))[0]!.records;
          } catch (error) {
            expect(error).toMatchObject({ name: 'BatchError' });
            return;
          }
          for (const { key, value } of records) expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThan(batch.length);
        },
      ),
      { numRuns: 2_000 },
    ));
});
