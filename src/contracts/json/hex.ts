/** Digests as hexadecimal text. A digest is asked for again soon (a hash is the next record's `prev_hash`), so the last few texts are kept. */
const KEPT = 4;
const digests: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(KEPT).fill(undefined);
const texts: string[] = new Array<string>(KEPT).fill('');
let next = 0;

/** By identity: a digest is never changed in place. */
export const hexOf = (digest: Uint8Array): string => {
  for (let at = 0; at < KEPT; at++) if (digests[at] === digest) return texts[at] ?? '';
  const text = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('hex');
  digests[next] = digest;
  texts[next] = text;
  next = (next + 1) % KEPT;
  return text;
};
