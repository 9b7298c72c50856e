import { committedRecords } from './committedRecords';
import type { RecordBatch } from './recordBatch';

let offset = 0;
const place = (): number => offset++;
const batch = (producerId: bigint, fields: Partial<RecordBatch> & { key?: Buffer | null } = {}): RecordBatch => {
  const at = place();
  const { key = null, ...rest } = fields;
  const record = { offset: at, timestamp: 0, key, value: Buffer.from(String(at)), headers: {} };
  return {
    firstOffset: at,
    lastOffset: at,
    producerId,
    transactional: true,
    control: false,
    bytes: 80,
    records: [record],
    ...rest,
  };
};
const marker = (producerId: bigint, type: 'abort' | 'commit'): RecordBatch =>
  batch(producerId, { control: true, key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]) });
const seen = (batches: readonly RecordBatch[], aborted: readonly [bigint, number][]): number[] =>
  committedRecords(
    batches,
    aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset })),
  ).map((record) => record.offset);

describe('committed records', () => {
  beforeEach(() => (offset = 0));

  it('are those of committed transactions and of no transaction, without markers', () => {
    const batches = [
      batch(1n),
      marker(1n, 'commit'),
      batch(-1n, { transactional: false }),
      batch(2n),
      marker(2n, 'abort'),
      batch(2n),
    ];
    expect(seen(batches, [[2n, 3]])).toEqual([0, 2, 5]);
  });

  it('do not take a key of four zero bytes for the marker of an abort', () => {
    const batches = [batch(1n, { key: Buffer.alloc(4) }), batch(1n), marker(1n, 'abort'), batch(1n)];
    expect(seen(batches, [[1n, 0]])).toEqual([3]);
  });

  it('leave out overlapping aborted transactions, which the broker lists in the order of their ends', () => {
    const batches = [batch(1n), batch(2n), batch(1n), marker(2n, 'abort'), batch(1n), marker(1n, 'abort'), batch(3n)];
    const inOrderOfEnd: [bigint, number][] = [
      [2n, 1],
      [1n, 0],
    ];
    expect(seen(batches, inOrderOfEnd)).toEqual([6]);
  });

  it('leave out several transactions that began before the fetch', () => {
    offset = 5;
    const batches = [batch(1n), batch(2n), marker(1n, 'abort'), marker(2n, 'abort'), batch(1n)];
    const began: [bigint, number][] = [
      [1n, 0],
      [2n, 1],
    ];
    expect(seen(batches, began)).toEqual([9]);
  });

  it('come again from a producer whose transaction before was aborted', () => {
    const batches = [batch(1n), marker(1n, 'abort'), batch(1n), marker(1n, 'commit'), batch(1n), marker(1n, 'abort')];
    const aborted: [bigint, number][] = [
      [1n, 4],
      [1n, 0],
    ];
    expect(seen(batches, aborted)).toEqual([2]);
  });

  it('are not opened by a commit marker of another producer', () => {
    expect(seen([batch(1n), marker(2n, 'commit'), batch(1n), marker(1n, 'abort')], [[1n, 0]])).toEqual([]);
  });
});
