import fc from 'fast-check';
import { maskedCrc32c } from '../../crc32c';
import { DamagedFile, readLog } from './logFile';

const BLOCK_BYTES = 32 * 1024;

/** Writes records as LevelDB does. */
const logOf = (records: readonly Uint8Array[]): Buffer => {
  const parts: Buffer[] = [];
  let at = 0;
  for (const record of records) {
    let from = 0;
    do {
      const left = BLOCK_BYTES - (at % BLOCK_BYTES);
      if (left < 7) {
        parts.push(Buffer.alloc(left));
        at += left;
        continue;
      }
      const length = Math.min(left - 7, record.length - from);
      const first = from === 0;
      const last = from + length === record.length;
      const fragment = Buffer.alloc(7 + length);
      fragment.writeUInt16LE(length, 4);
      fragment[6] = first && last ? 1 : first ? 2 : last ? 4 : 3;
      fragment.set(record.subarray(from, from + length), 7);
      fragment.writeUInt32LE(maskedCrc32c(fragment, 6, fragment.length), 0);
      parts.push(fragment);
      at += fragment.length;
      from += length;
      if (last) break;
    } while (from <= record.length);
  }
  return Buffer.concat(parts);
};
const hex = (records: readonly Uint8Array[]): string[] => records.map((record) => Buffer.from(record).toString('hex'));
const anyRecords = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 255 }), fc.constantFrom(1, 20, 3000, 32_755, 32_761, 32_762, 70_000))
    .map(([byte, length]) => Buffer.alloc(length, byte)),
  { minLength: 1, maxLength: 8 },
);

it('knows the checksum of the standard', () => {
  // CRC-32C of "123456789" is 0xe3069283 (RFC 3720); masked as LevelDB does it.
  const crc = 0xe3069283;
  const masked = ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
  expect(maskedCrc32c(Buffer.from('123456789'), 0, 9)).toBe(masked);
  expect(maskedCrc32c(Buffer.from('xx123456789x'), 2, 11)).toBe(masked);
});

describe('readLog', () => {
  it('reads what was written', () =>
    fc.assert(
      fc.property(anyRecords, (records) => {
        const log = readLog('a log', logOf(records), Infinity);
        expect(hex(log.records)).toEqual(hex(records));
        expect(log.torn).toBe(false);
      }),
      { numRuns: 30 },
    ));

  it('gives the complete records of a log that is cut anywhere, and never calls it damaged', () =>
    fc.assert(
      fc.property(anyRecords, fc.nat(), (records, cut) => {
        const whole = logOf(records);
        const { records: left } = readLog('a log', whole.subarray(0, cut % whole.length), Infinity);
        expect(hex(left)).toEqual(hex(records.slice(0, left.length)));
        expect(left.length).toBeLessThan(records.length);
      }),
      { numRuns: 100 },
    ));

  it('finds any altered bit', () =>
    fc.assert(
      fc.property(anyRecords, fc.nat(), fc.nat(7), (records, place, bit) => {
        const log = logOf(records);
        const at = place % log.length;
        log[at]! ^= 1 << bit;
        try {
          // The padding at the end of a block says nothing; whatever else was altered must not go unseen.
          expect(hex(readLog('a log', log, Infinity).records)).toEqual(hex(records));
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedFile);
        }
      }),
      { numRuns: 200 },
    ));

  it('finds a length that was altered to lead beyond the end, before other records', () => {
    const log = logOf([Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]);
    log[5]! ^= 0x10;
    expect(() => readLog('a log', log, Infinity)).toThrow(DamagedFile);
  });

  it('takes zeros at the end for a torn tail', () => {
    const log = readLog('a log', Buffer.concat([logOf([Buffer.from('record')]), Buffer.alloc(40_000)]), Infinity);
    expect(hex(log.records)).toEqual(hex([Buffer.from('record')]));
    expect(log.torn).toBe(true);
  });
});
