import { formFault } from './verifyLineForm';

/** As `linesOf` hands it on: cut behind the longest, without the carriage return. */
const lineOf = (text: string, longest = 8) => {
  const all = Buffer.from(text);
  const bytes = all.subarray(0, longest + 1);
  return { bytes: bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes, raw: all.length + 1 };
};
const found = (text: string, isTorn = false): string | undefined => formFault(lineOf(text), isTorn, 8)?.found;

it('passes a line as it is written, up to the longest', () => {
  expect(found('{"a":1}')).toBeUndefined();
  expect(found('{"a":12}')).toBeUndefined();
  expect(found('{"a":1}', true)).toBeUndefined();
});

it('says what is wrong with another: too long is not blank', () => {
  expect(found('{"a":123}')).toBe('one of 9: too long');
  expect(found('{"a":123456789}')).toBe('one of 15: too long');
  expect(found('')).toBe('a blank line');
  expect(found(' \t')).toBe('a blank line');
  expect(found('{"a":1}\r')).toBe('a carriage return at the end of the line');
  expect(found('{"a":', true)).toBe('5 bytes of a torn line, without its end');
});
