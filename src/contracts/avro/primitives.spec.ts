import fc from 'fast-check';
import { anyDecimal, anyName, anyNotional, anyText } from './arbitraries';
import { DecodeFailure } from './decoded';
import { Reader } from './reader';
import { Writer } from './writer';

const LIMITS = { bytes: 1024 * 1024, items: 1000 };
const written = (write: (writer: Writer) => void): Buffer => {
  const writer = new Writer();
  writer.begin(0, LIMITS);
  write(writer);
  return writer.finish();
};
const readFrom = <T>(bytes: Buffer, read: (reader: Reader) => T): T => {
  const reader = new Reader();
  reader.begin(bytes, 0, LIMITS);
  const value = read(reader);
  reader.finish();
  return value;
};
const reasonOf = (hex: string, read: (reader: Reader) => unknown): string => {
  try {
    readFrom(Buffer.from(hex, 'hex'), read);
  } catch (error) {
    if (error instanceof DecodeFailure) return error.reason;
    throw error;
  }
  return 'read';
};

describe('longs', () => {
  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [2 ** 31, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
    [Number.MIN_SAFE_INTEGER, 'fdffffffffffff1f'],
  ])('%d is %s', (value, hex) => {
    expect(written((writer) => writer.long(value)).toString('hex')).toBe(hex);
    expect(readFrom(Buffer.from(hex, 'hex'), (reader) => reader.long())).toBe(value);
  });

  it('reads back any safe integer', () =>
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) =>
        expect(
          readFrom(
            written((w) => w.long(value)),
            (r) => r.long(),
          ),
        ).toBe(value),
      ),
    ));

  it.each([
    ['8080808080808020', 'OUT_OF_BOUNDS', '2^53'],
    ['ffffffffffffff1f', 'OUT_OF_BOUNDS', '-2^53'],
    ['ffffffffffffffffff01', 'OUT_OF_BOUNDS', '-2^63'],
    ['ffffffffffffffffffffffff', 'OUT_OF_BOUNDS', 'no end'],
    ['8000', 'INVALID_VALUE', 'a long form of 0'],
    ['80', 'TRUNCATED', 'half a number'],
  ])('refuses %s', (hex, reason) => expect(reasonOf(hex, (reader) => reader.long())).toBe(reason));

  it('keeps ints to 32 bits', () => {
    expect(
      readFrom(
        written((writer) => writer.int(-(2 ** 31))),
        (reader) => reader.int(),
      ),
    ).toBe(-(2 ** 31));
    expect(reasonOf('8080808010', (reader) => reader.int())).toBe('OUT_OF_BOUNDS');
    expect(() => written((writer) => writer.int(2 ** 31))).toThrow(RangeError);
  });
});

describe('decimals', () => {
  it('are two’s complement, big-endian', () => {
    expect(written((writer) => writer.decimal(-1n as never)).toString('hex')).toBe('ff'.repeat(16));
    expect(written((writer) => writer.decimal((1n << 64n) as never)).toString('hex')).toBe('00000000000000010000000000000000');
    expect(written((writer) => writer.notional(-2n as never)).toString('hex')).toBe(`${'ff'.repeat(31)}fe`);
  });
  it('are read back', () =>
    fc.assert(
      fc.property(anyDecimal, anyNotional, (decimal, notional) => {
        const bytes = written((writer) => {
          writer.decimal(decimal);
          writer.notional(notional);
        });
        expect(readFrom(bytes, (reader) => [reader.decimal(), reader.notional()])).toEqual([decimal, notional]);
      }),
      { numRuns: 500 },
    ));
  it('are refused from 10^20 and 10^40 up', () => {
    const hex = (value: bigint, size: number): string =>
      BigInt.asUintN(size * 8, value)
        .toString(16)
        .padStart(size * 2, '0');
    expect(reasonOf(hex(10n ** 38n, 16), (reader) => reader.decimal())).toBe('OUT_OF_BOUNDS');
    expect(reasonOf(hex(-(10n ** 38n), 16), (reader) => reader.decimal())).toBe('OUT_OF_BOUNDS');
    expect(reasonOf(hex(10n ** 38n - 1n, 16), (reader) => reader.decimal())).toBe('read');
    expect(reasonOf(hex(10n ** 76n, 32), (reader) => reader.notional())).toBe('OUT_OF_BOUNDS');
    expect(reasonOf(hex(-(10n ** 76n), 32), (reader) => reader.notional())).toBe('OUT_OF_BOUNDS');
    expect(() => written((writer) => writer.notional((10n ** 76n) as never))).toThrow(RangeError);
  });
});

describe('texts', () => {
  it('are read back, around the length where the short form ends too', () =>
    fc.assert(
      fc.property(anyText, (text) =>
        expect(
          readFrom(
            written((w) => w.string(text)),
            (r) => r.string(),
          ),
        ).toBe(text),
      ),
      { numRuns: 500 },
    ));
  it.each([62, 63, 64, 65, 200_000])('of %d characters', (length) => {
    for (const text of ['x'.repeat(length), `${'x'.repeat(length - 1)}é`]) {
      expect(
        readFrom(
          written((writer) => writer.string(text)),
          (reader) => reader.string(),
        ),
      ).toBe(text);
    }
  });
  it('must be UTF-8, and no longer than the record', () => {
    expect(reasonOf('02ff', (reader) => reader.string())).toBe('INVALID_VALUE');
    expect(reasonOf('06eda080', (reader) => reader.string())).toBe('INVALID_VALUE');
    expect(reasonOf('0461', (reader) => reader.string())).toBe('TRUNCATED');
    expect(reasonOf('01', (reader) => reader.string())).toBe('OUT_OF_BOUNDS');
  });
});

describe('names', () => {
  it('are the texts that were written, remembered or not', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(anyName, anyText), { maxLength: 50 }), (names) => {
        const again = [...names, ...names];
        const bytes = written((writer) => again.forEach((name) => writer.string(name)));
        expect(readFrom(bytes, (reader) => again.map(() => reader.name()))).toEqual(again);
      }),
    ));
  it('are checked as texts are', () => {
    expect(reasonOf('02ff', (reader) => reader.name())).toBe('INVALID_VALUE');
    expect(reasonOf('0461', (reader) => reader.name())).toBe('TRUNCATED');
    expect(reasonOf('', (reader) => reader.name())).toBe('TRUNCATED');
  });
});

describe('the rest', () => {
  it('refuses other booleans, indexes and blocks than one writer writes', () => {
    expect(reasonOf('02', (reader) => reader.boolean())).toBe('INVALID_VALUE');
    expect(reasonOf('04', (reader) => reader.index(2))).toBe('OUT_OF_BOUNDS');
    expect(reasonOf('01', (reader) => reader.index(2))).toBe('OUT_OF_BOUNDS');
    const list = (reader: Reader): void => {
      const count = reader.array(1);
      for (let i = 0; i < count; i++) reader.boolean();
      reader.endArray(count);
    };
    expect(reasonOf('02000', list)).toBe('TRUNCATED');
    expect(reasonOf('020000', list)).toBe('read');
    expect(reasonOf('0200020000', list)).toBe('INVALID_VALUE');
    expect(reasonOf('01020000', list)).toBe('INVALID_VALUE');
    expect(reasonOf('d20f00', list)).toBe('OUT_OF_BOUNDS');
  });
});
