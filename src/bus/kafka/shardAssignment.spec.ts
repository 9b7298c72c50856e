import fc from 'fast-check';
import { assignShards } from './shardAssignment';

const members = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 4 }),
    owned: fc.uniqueArray(fc.integer({ min: -1, max: 14 }), { maxLength: 8 }),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
);
const shards = fc.integer({ min: 1, max: 12 });

describe('the assignment of shards', () => {
  it('gives every shard to one member, evenly, whoever counts', () =>
    fc.assert(
      fc.property(members, shards, (all, count) => {
        const assigned = assignShards(all, count);
        expect([...assigned.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, shard) => shard));
        const sizes = [...assigned.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect([...assignShards([...all].reverse(), count)]).toEqual([...assigned]);
      }),
    ));

  it('moves as few as it can: a member that joins takes its part and no more', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), shards, (count, total) => {
        const ids = Array.from({ length: count }, (_, n) => `m${n}`);
        const before = assignShards(
          ids.map((id) => ({ id, owned: [] })),
          total,
        );
        const settled = ids.map((id) => ({ id, owned: before.get(id) ?? [] }));
        expect([...assignShards(settled, total)]).toEqual([...before]);
        const after = assignShards([...settled, { id: 'new', owned: [] }], total);
        const moved = settled.flatMap(({ id, owned }) => owned.filter((shard) => after.get(id)?.includes(shard) !== true));
        expect(moved.length).toBe(after.get('new')?.length);
      }),
    ));

  it('gives no shard twice, though two members say that it is theirs', () =>
    expect([
      ...assignShards(
        [
          { id: 'a', owned: [0, 1] },
          { id: 'b', owned: [1, 0] },
        ],
        2,
      ),
    ]).toEqual([
      ['a', [0]],
      ['b', [1]],
    ]));
});
