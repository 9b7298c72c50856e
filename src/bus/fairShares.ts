/**
 * Divides one answer of `most` records between partitions that have `wanted` records each, so that none starves another: everyone gets an
 * equal part, and what one does not need goes to the others. With fewer records than partitions, `turn` (a counter of answers) says who
 * comes first, so that over several answers everyone is served.
 */
export const fairShares = (wanted: readonly number[], most: number, turn: number): readonly number[] => {
  let total = 0;
  for (const count of wanted) total += count;
  if (total <= most) return wanted;

  const shares = wanted.map(() => 0);
  let left = most;
  let hungry = [...wanted.keys()].filter((at) => (wanted[at] ?? 0) > 0);
  while (left > 0) {
    const each = Math.floor(left / hungry.length);
    if (each === 0) {
      for (let k = 0; k < left; k++) give(shares, hungry[(turn + k) % hungry.length] ?? 0, 1);
      break;
    }
    for (const at of hungry) left -= give(shares, at, Math.min(each, (wanted[at] ?? 0) - (shares[at] ?? 0)));
    hungry = hungry.filter((at) => (shares[at] ?? 0) < (wanted[at] ?? 0));
  }
  return shares;
};

const give = (shares: number[], at: number, count: number): number => {
  shares[at] = (shares[at] ?? 0) + count;
  return count;
};
