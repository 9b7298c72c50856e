import { fieldDifferences } from './fieldDifferences';

it('names nested fields by their paths, absent ones as such, and hashes last', () => {
  const recorded = { value: { hash: 'aa', facts: { price: 1.5, list: [1, 2] }, note: null } };
  const again = { value: { hash: 'bb', facts: { price: '1.5', list: [1] }, note: null, kind: 'DECISION' } };
  expect(fieldDifferences(recorded, again)).toEqual([
    { path: 'value.facts.price', recorded: '1.5', again: '"1.5"' },
    { path: 'value.facts.list[1]', recorded: '2', again: undefined },
    { path: 'value.kind', recorded: undefined, again: '"DECISION"' },
    { path: 'value.hash', recorded: '"aa"', again: '"bb"' },
  ]);
});

it('tells nothing from nothing, whatever the names are', () => {
  const value: unknown = JSON.parse('{"__proto__":{"a":[{}]},"toString":1}');
  expect(fieldDifferences(value, JSON.parse('{"toString":1,"__proto__":{"a":[{}]}}'))).toEqual([]);
  expect(fieldDifferences(value, {})).toEqual([
    { path: '__proto__', recorded: '{"a":[{}]}', again: undefined },
    { path: 'toString', recorded: '1', again: undefined },
  ]);
});
