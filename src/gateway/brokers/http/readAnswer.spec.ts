import { z } from 'zod';
import { decimal } from '../../../contracts/decimal';
import { amount, ANY_DECIMAL, name } from '../../../contracts/documents/kinds';
import { field, openObject } from '../../../contracts/documents/schema';
import { readAnswer } from './readAnswer';

const order = openObject({ id: field(name), price: field(amount(ANY_DECIMAL)) });

it.each(['123456789012.123456789012345678', '"123456789012.123456789012345678"'])('keeps every digit of %s', (price) =>
  expect(readAnswer(order, `{"id": "a", "price": ${price}, "else": [1]}`)).toEqual({
    ok: true,
    value: expect.objectContaining({ price: decimal('123456789012.123456789012345678') }),
  }),
);

it('reads pages of many orders', () => {
  const body = JSON.stringify(Array.from({ length: 5_000 }, () => ({ id: 'a', price: '1.5', filler: 'x'.repeat(1_000) })));
  const read = readAnswer(z.array(order), body);
  expect(read.ok && read.value.length).toBe(5_000);
});

it.each([
  ['nothing', ''],
  ['HTML', '<html><body>Bad gateway</body></html>'],
  ['a cut body', '{"id": "a", "pri'],
  ['no object', '[]'],
  ['null', 'null'],
  ['a text where a number should be', '{"id": "a", "price": "NaN"}'],
  ['a missing field', '{"id": "a"}'],
  ['something twice', '{"id": "a", "id": "b", "price": 1}'],
])('refuses %s in one line', (_, body) => {
  const read = readAnswer(order, body);
  expect(read).toEqual({ ok: false, error: expect.stringMatching(/^the broker's answer could not be read: .+$/) });
});
