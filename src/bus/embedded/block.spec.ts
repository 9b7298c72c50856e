import fc from 'fast-check';
import type { OutgoingRecord } from '../../processor/bus';
import { BlockWriter, MOST_BLOCK_RECORDS, recordsOfBlock } from './block';
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
  blocks.flatMap(([key, value]) => recordsOfBlock(value, offsetOfKey(key), 'decisions', 2));

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
