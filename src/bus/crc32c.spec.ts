import fc from 'fast-check';
import { crc32c } from './crc32c';

const bitByBit = (bytes: Uint8Array): number => {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
};

describe('CRC-32C', () => {
  it.each([
    ['123456789', 0xe3069283],
    ['', 0],
    ['\0'.repeat(32), 0x8a9136aa],
  ])('gives the published value of %j', (text, expected) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(crc32c(bytes, 0, bytes.length)).toBe(expected);
  });

  it('is what the definition gives, for any part of any bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        expect(crc32c(bytes, start, end)).toBe(bitByBit(bytes.subarray(start, end)));
      }),
    ));
});
