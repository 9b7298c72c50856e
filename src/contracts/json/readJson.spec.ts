import fc from 'fast-check';
import { describeError } from '../contractError';
import { locateInJson, readJson } from './readJson';
import { isJsonObject, JsonNumber, type JsonValue } from './value';

const message = (input: string | Uint8Array) => {
  const read = readJson(input);
  return read.ok ? 'accepted' : describeError(read.error);
};

/** What JSON.parse makes of the same document. */
const asParsed = (value: JsonValue): unknown => {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(asParsed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asParsed(item)]));
};

it('keeps the digits of numbers', () => {
  const read = readJson('[0.1000, -1.5E+10, 123456789012345678901234567890, -0]');
  expect(read.ok && (read.value as JsonNumber[]).map(({ text }) => text)).toEqual([
    '0.1000',
    '-1.5E+10',
    '123456789012345678901234567890',
    '-0',
  ]);
});

it('takes names that bite in JavaScript as ordinary keys', () => {
  const read = readJson('{"__proto__": 1, "constructor": 2, "toString": 3, "hasOwnProperty": 4, "10": 5}');
  const value = read.ok && read.value;
  if (!isJsonObject(value)) throw new Error('no object');
  expect(Object.keys(value).sort()).toEqual(['10', '__proto__', 'constructor', 'hasOwnProperty', 'toString']);
  expect(new Map(Object.entries(value)).get('__proto__')).toEqual(new JsonNumber('1'));
  expect('valueOf' in value).toBe(false);
});

it.each([
  ['', 'expected a value, found the end of the document'],
  ['{"a": 1, "a": 2}', 'line 1, column 10: a: duplicate key; each key may stand once'],
  ['{"a": {"__proto__": 1,\n "__proto__": 2}}', 'line 2, column 2: a.__proto__: duplicate key; each key may stand once'],
  ['{"a": 1, "\\u0061": 2}', 'line 1, column 10: a: duplicate key; each key may stand once'],
  ['{"a": NaN}', 'line 1, column 7: a: expected a value, found `NaN`'],
  ['{"a": -Infinity}', 'line 1, column 7: a: expected a number such as -12.5 or 1e-8, found `-Infinity`'],
  ['{"a": [1, 01]}', 'line 1, column 11: a[1]: expected a number such as -12.5 or 1e-8, found `01`'],
  ['[1.]', 'line 1, column 2: [0]: expected a number such as -12.5 or 1e-8, found `1.`'],
  ['[.5]', 'line 1, column 2: [0]: expected a value, found `.5`'],
  ['[1_000]', 'line 1, column 2: [0]: expected a number such as -12.5 or 1e-8, found `1_000`'],
  ['[+1]', 'line 1, column 2: [0]: expected a value, found `+1`'],
  ['[1,]', 'line 1, column 4: [1]: expected a value, found `]`'],
  ['{"a": 1,}', 'line 1, column 9: expected a key in double quotes, found `}`'],
  ['{a: 1}', 'line 1, column 2: expected a key in double quotes, found `a`'],
  ['{"a" 1}', 'line 1, column 6: a: expected `:` after the key, found `1`'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: a: expected `,` or `}`, found `\\"`'],
  ['{} {}', 'line 1, column 4: expected the end of the document, found `{`'],
  ['"\\ud800"', 'line 1, column 2: expected text, found half of a surrogate pair'],
  ['"\ud800"', 'line 1, column 2: expected text, found half of a surrogate pair'],
  ['"a\nb"', 'line 1, column 3: expected no bare control character in a string, found "\\n"; write it as an escape'],
  ['"\\x41"', 'line 1, column 2: expected an escape such as \\n or \\u00e9, found "\\\\x"'],
  ['"\\u12g4"', 'line 1, column 2: expected an escape such as \\n or \\u00e9, found "\\\\u"'],
  ['"a', 'line 1, column 3: expected `"` at the end of the string, found the end of the document'],
  ['nul', 'expected a value, found `nul`'],
  ['\ufeff{}', 'expected JSON without a byte order mark; save the document as plain UTF-8'],
  ['// note\n1', 'expected a value, found `/`'],
  [`"${'x'.repeat(65_535)}"`, 'expected at most 65536 bytes, found 65537; a document or a line of a stream may not be larger'],
  [`"${'€'.repeat(21_845)}"`, 'expected at most 65536 bytes, found 65537; a document or a line of a stream may not be larger'],
])('refuses %.40j', (text, why) => expect(message(text)).toBe(why));

it('refuses bytes that are no UTF-8, or begin with a byte order mark', () => {
  expect(message(Uint8Array.of(0x22, 0xff, 0x22))).toContain('expected UTF-8 text');
  expect(message(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toContain('expected UTF-8 text');
  expect(message(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toContain('byte order mark');
  expect(message(new Uint8Array(65_537))).toContain('at most 65536 bytes');
});

it('reads 32 levels and refuses more, however many', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  expect(message(nested(32))).toBe('accepted');
  expect(message(nested(33))).toContain('at most 32 lists and objects inside each other');
  expect(message('['.repeat(65_536))).toContain('at most 32');
  expect(message('{"a":'.repeat(13_000))).toContain('at most 32');
});

it('says where a value stands', () => {
  const text = '{"a": {"b": [1,\n  {"c": 2}]}}';
  expect(locateInJson(text, ['a', 'b', 1, 'c'])).toEqual({ line: 2, column: 9 });
  expect(locateInJson(text, ['a', 'b', 0])).toEqual({ line: 1, column: 14 });
  expect(locateInJson(text, [])).toEqual({ line: 1, column: 1 });
});

it('reads what JSON.parse reads', () =>
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.nat(3), (text, indent) => {
      const parsed: unknown = JSON.parse(text);
      const read = readJson(JSON.stringify(parsed, null, indent));
      expect(read.ok && asParsed(read.value)).toEqual(parsed);
    }),
  ));

it('accepts no text that JSON.parse refuses, and never throws', () => {
  const base = '{"a": [1.5e-3, "x\\u00e9\\n", true, null], "b": {"c": -0}}';
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.nat(base.length),
          fc.nat(3),
          fc.constantFrom('"', '\\', '{', ']', ',', ':', '0', '-', 'e', '.', 'u', '\n', '\u0000', '\ud800', ' '),
        ),
      ),
      (edits) => {
        let text = base;
        for (const [at, removed, added] of edits) text = text.slice(0, at) + added + text.slice(at + removed);
        const read = readJson(text);
        if (read.ok) expect(asParsed(read.value)).toEqual(JSON.parse(text));
      },
    ),
    { numRuns: 2000 },
  );
});
