/**
 * Who gets which shard: each shard whole (partition N of every input topic), as evenly as can be, and where it is already. A shard that changes hands
 * is restored by its new owner, so none moves without need.
 */
export interface Member {
  readonly id: string;
  /** The shards that it owns now, by its own account. */
  readonly owned: readonly number[];
}

/** By member id. A function of the members and the number of shards: whoever leads the group comes to the same. */
export const assignShards = (members: readonly Member[], shards: number): ReadonlyMap<string, readonly number[]> => {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const assigned = new Map<string, number[]>(sorted.map(({ id }) => [id, []]));
  if (sorted.length === 0) return assigned;
  const least = Math.floor(shards / sorted.length);
  // So many members get one more. Those that own most come first: they need not give it away.
  const larger = new Set(
    [...sorted]
      .sort((a, b) => b.owned.length - a.owned.length)
      .slice(0, shards % sorted.length)
      .map(({ id }) => id),
  );
  const quotaOf = (id: string): number => least + (larger.has(id) ? 1 : 0);
  const free = new Set(Array.from({ length: shards }, (_, shard) => shard));
  for (const { id, owned } of sorted) {
    const kept = assigned.get(id) ?? [];
    for (const shard of [...owned].sort((a, b) => a - b)) if (kept.length < quotaOf(id) && free.delete(shard)) kept.push(shard);
  }
  for (const { id } of sorted) {
    const got = assigned.get(id) ?? [];
    for (const shard of free) {
      if (got.length >= quotaOf(id)) break;
      got.push(shard);
      free.delete(shard);
    }
    got.sort((a, b) => a - b);
  }
  return assigned;
};
