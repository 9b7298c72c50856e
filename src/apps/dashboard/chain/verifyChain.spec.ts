import { createHash } from 'node:crypto';
import { ChainReader, hexOf, readHash, ZEROS } from './verifyChain';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const framed = (hash: Uint8Array, bytes: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(36 + bytes.length);
  new DataView(frame.buffer).setUint32(0, 32 + bytes.length);
  frame.set(hash, 4);
  frame.set(bytes, 36);
  return frame;
};
const chain = (count: number): { frames: Uint8Array[]; hashes: Uint8Array[] } => {
  const hashes: Uint8Array[] = [];
  const frames = Array.from({ length: count }, (_, seq) => {
    const bytes = new TextEncoder().encode(`record ${seq}`);
    const hash = sha256(Buffer.concat([hashes.at(-1) ?? ZEROS, bytes]));
    hashes.push(hash);
    return framed(hash, bytes);
  });
  return { frames, hashes };
};
const page = (frames: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(frames));

describe('the chain, verified in the browser', () => {
  const { frames, hashes } = chain(50);

  it('holds, page after page, to the hash of the last record', () => {
    const reader = new ChainReader(sha256, 0, ZEROS, hexOf(hashes[20]!));
    expect([reader.take(page(frames.slice(0, 30))), reader.take(page(frames.slice(30)))]).toEqual([undefined, undefined]);
    expect([reader.nextSeq, reader.lastHash, reader.soughtSeq]).toEqual([50, hexOf(hashes[49]!), 20]);
  });

  it('holds from a hash that somebody noted', () => {
    const reader = new ChainReader(sha256, 30, hashes[29]);
    expect([reader.take(page(frames.slice(30)), 10), reader.nextSeq]).toEqual([undefined, 40]);
    expect(new ChainReader(sha256, 30, hashes[28]).take(page(frames.slice(30)))).toMatchObject({ seq: 30 });
  });

  it('breaks at the record of which one byte, any byte, is another', () => {
    const whole = page(frames.slice(0, 3));
    const ends = frames.slice(0, 3).map((_, index) => page(frames.slice(0, index + 1)).length);
    for (let at = 0; at < whole.length; at += 1) {
      const altered = whole.slice();
      altered[at]! ^= 1;
      const seq = new ChainReader(sha256).take(altered)?.seq;
      // A length that is one off may still fit into the page: the record is broken then too, and no earlier one.
      expect(seq).toBe(ends.findIndex((end) => at < end));
    }
  });

  it('breaks where a record is left out, put in twice, or cut off', () => {
    const [first, second, third] = frames as [Uint8Array, Uint8Array, Uint8Array];
    expect(new ChainReader(sha256).take(page([first, third]))?.seq).toBe(1);
    expect(new ChainReader(sha256).take(page([first, second, second]))?.seq).toBe(2);
    expect(new ChainReader(sha256).take(page([first, second]).slice(0, -1))?.seq).toBe(1);
  });

  it('takes a hash as people paste it', () => {
    expect(readHash(` SHA256:${'AB'.repeat(32)}\n`)?.[0]).toBe(0xab);
    expect([readHash('ab'), readHash('g'.repeat(64))]).toEqual([undefined, undefined]);
  });
});
