/** Whether two values or keys of records are the same bytes; null is the same as null alone. */
export const isSame = (one: Uint8Array | null, other: Uint8Array | null): boolean =>
  one === null || other === null ? one === other : Buffer.compare(one, other) === 0;
