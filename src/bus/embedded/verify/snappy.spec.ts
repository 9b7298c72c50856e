import { unpackSnappy } from './snappy';

describe('unpackSnappy', () => {
  it('unpacks literals and copies that overlap themselves', () => {
    // 10 bytes: the literal "ab", then 8 bytes from 2 back.
    expect(unpackSnappy(Buffer.from([10, (2 - 1) << 2, 97, 98, ((8 - 4) << 2) | 1, 2])).toString()).toBe('ababababab');
  });
  it('unpacks long literals and far copies', () => {
    const text = Buffer.alloc(300, 'abcdefghij');
    const packed = Buffer.concat([Buffer.from([0xac + 10, 2, 61 << 2, 43, 1]), text, Buffer.from([((10 - 1) << 2) | 2, 44, 1])]);
    expect(unpackSnappy(packed).toString()).toBe(text.toString() + text.subarray(0, 10).toString());
  });
  it.each([
    ['a copy before the beginning', [4, 1, 9]],
    ['a literal that is cut off', [4, 3 << 2, 97]],
    ['an end that is missing', [4, 0, 97]],
  ])('refuses %s', (_, bytes) => expect(() => unpackSnappy(Buffer.from(bytes))).toThrow(RangeError));
});
