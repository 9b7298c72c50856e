import fc from 'fast-check';
import type { OutgoingRecord } from '../../processor/bus';
import { BlockWriter, MOST_BLOCK_RECORDS, openBlock } from './block';
import { isSealed, offsetOfKey, recordKey } from './rows';

const write = (records: readonly OutgoingRecord[], offsets: readonly number[]): [Buffer, Buffer][] => {
  const blocks: [Buffer, Buffer][] = [];
  const writer = new BlockWriter(
    (offset) => recordKey(4, 2, offset),
    (key, value) => blocks.push([key, value]),
  );
  records.forEach((record, at) => writer.add(record, offsets[at]!));
  writer.finish();
  return blocks;
};
const read = (blocks: readonly [Buffer, Buffer][]) =>
  blocks.flatMap(([key, value]) => openBlock(value, offsetOfKey(key), 'decisions', 2).records);

const anyRecord = fc.record({
  topic: fc.constant('decisions' as const),
  partition: fc.constant(2),
  key: fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
  value: fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
  timestamp: fc.integer(),
  headers: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
});

describe('a block', () => {
  it('gives back the records that were put in, at their offsets, gaps and all', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRecord, fc.integer({ min: 1, max: 1000 })), { maxLength: 40 }), (given) => {
        const offsets = given.map(
          (
            (offset) =>
            ([, gap]) =>
              (offset += gap)
          )(2 ** 33),
        );
        const records = given.map(([record]) => record);
        expect(read(write(records, offsets))).toEqual(records.map((record, at) => ({ ...record, offset: offsets[at] })));
      }),
    ));

  it('says which offsets no record has, to its end, however far that is', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyRecord, fc.integer({ min: 0, max: 2 ** 40 })), { maxLength: 20 }),
        fc.nat(2 ** 40),
        (given, tail) => {
          const blocks: [Buffer, Buffer][] = [];
          const writer = new BlockWriter(
            (offset) => recordKey(4, 2, offset),
            (key, value) => blocks.push([key, value]),
          );
          const expected: unknown[] = [];
          let next = 0;
          for (const [record, gap] of given) {
            if (gap > 0) writer.addGap(next, next + gap);
            writer.add(record, next + gap);
            expected.push({ ...record, offset: next + gap });
            next += gap + 1;
          }
          if (tail > 0) writer.addGap(next, next + tail);
          writer.finish();
          // Block by block, the offsets are covered without a hole.
          let reached = 0;
          for (const [key, value] of blocks) {
            expect(offsetOfKey(key)).toBe(reached);
            reached = openBlock(value, reached, 'decisions', 2).end;
          }
          expect(reached).toBe(next + tail);
          expect(read(blocks)).toEqual(expected);
        },
      ),
    ));

  it('is closed when it is large enough', () => {
    const record = { topic: 'decisions', partition: 2, key: null, value: Buffer.from('v'), timestamp: 0 } as const;
    const many = Array.from({ length: 2 * MOST_BLOCK_RECORDS + 1 }, () => record);
    expect(write(many, [...many.keys()]).map(([key]) => offsetOfKey(key))).toEqual([
      0,
      MOST_BLOCK_RECORDS,
      2 * MOST_BLOCK_RECORDS,
    ]);
  });

  it('carries headers of any name', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const [record] = read(write([{ topic: 'decisions', partition: 2, key: null, value: null, timestamp: 0, headers }], [1]));
    expect(Object.entries(record!.headers)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('is known to be altered, or moved to another key, by its seal', () => {
    const [[key, value] = [Buffer.alloc(0), Buffer.alloc(0)]] = write(
      [{ topic: 'decisions', partition: 2, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 0 }],
      [7],
    );
    expect(isSealed(key, value)).toBe(true);
    expect(isSealed(recordKey(4, 2, 8), value)).toBe(false);
    for (let at = 0; at < value.length; at++) {
      const altered = Buffer.from(value);
      altered[at]! ^= 1;
      expect(isSealed(key, altered)).toBe(false);
    }
  });
});
