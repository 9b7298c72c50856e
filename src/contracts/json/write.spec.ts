import fc from 'fast-check';
import { canonicalJson, jsonString, prettyJson, type JsonOut } from './write';

it('sorts keys by code unit and escapes what is not ASCII, as Python does', () =>
  expect(canonicalJson({ b: [1.5, null, true], a: 'é — 😀 \u007f"\\\n', B: {}, '10': [], '9': 1e-8 })).toBe(
    '{"10":[],"9":1e-8,"B":{},"a":"\\u00e9 \\u2014 \\ud83d\\ude00 \\u007f\\"\\\\\\n","b":[1.5,null,true]}',
  ));

it('writes `__proto__` like any key', () =>
  expect(
    canonicalJson(
      new Map<string, JsonOut>([
        ['b', 1],
        ['__proto__', { x: 1 }],
      ]),
    ),
  ).toBe('{"__proto__":{"x":1},"b":1}'));

it('leaves out what is undefined and refuses what is no number in JSON', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  expect(() => canonicalJson(Number.NaN)).toThrow('NaN cannot be written as JSON');
});

it('prints with an indent of two', () =>
  expect(prettyJson({ b: [1, { c: [] }], a: {} })).toBe('{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": []\n    }\n  ]\n}'));

it('writes what JSON.parse reads back, in ASCII, whatever order the keys came in', () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(text).toMatch(/^[ -~]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(JSON.parse(prettyJson(value as JsonOut))).toEqual(JSON.parse(text));
      expect(canonicalJson(JSON.parse(text) as JsonOut)).toBe(text);
    }),
  ));

it('escapes every text as JSON.stringify means it', () =>
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(JSON.parse(jsonString(text))).toBe(text))));
