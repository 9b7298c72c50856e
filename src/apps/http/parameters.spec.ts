import { testRoute } from '../../../test/support/httpServer';
import { pathChecker, queryReader } from './parameters';
import { Problem } from './problem';
import type { JsonSchema, Parameter } from './route';

const inQuery = (name: string, schema: JsonSchema, required = false): Parameter => ({
  name,
  in: 'query',
  description: `the ${name}`,
  required,
  schema,
});
const routeWith = (...parameters: readonly Parameter[]): Parameters<typeof queryReader>[0] =>
  testRoute('GET', '/x', { parameters });

const read = queryReader(
  routeWith(
    inQuery('limit', { type: 'integer', minimum: 1, maximum: 5_000, default: 1_000 }),
    inQuery('run', { type: 'string', minLength: 1, maxLength: 8 }),
    inQuery('hash', { type: 'string', pattern: '^[0-9a-f]{4}$' }),
    inQuery('side', { type: 'string', enum: ['buy', 'sell'] }),
    inQuery('kinds', { type: 'array', items: { type: 'string', enum: ['a', 'b'] } }),
    inQuery('all', { type: 'boolean' }),
    inQuery('share', { type: 'number', minimum: 0 }),
  ),
);
const refusal = (work: () => unknown): readonly [string | undefined, string] => {
  try {
    return [undefined, JSON.stringify(work())];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('invalid_parameter');
    return [error.parts.field, error.message];
  }
};

it('reads what is declared, decoded; what is left out is not there', () => {
  expect(read('/x')).toEqual({});
  expect(read('/x?')).toEqual({});
  expect(read('/x?&limit=7&&side=sell')).toEqual({ limit: '7', side: 'sell' });
  expect(read('/x?run=a%20b+%C3%BC%26')).toEqual({ run: 'a b ü&' });
  expect(read('/x?kinds=a,b&all=true&share=0.5&hash=00ff')).toEqual({ kinds: 'a,b', all: 'true', share: '0.5', hash: '00ff' });
});

it.each([
  ['limit=0', 'limit', 'a whole number from 1 to 5000'],
  ['limit=5001', 'limit', 'a whole number from 1 to 5000'],
  ['limit=1e3', 'limit', 'a whole number from 1 to 5000'],
  ['limit=+7', 'limit', 'a whole number'],
  ['limit=07', 'limit', 'a whole number'],
  ['limit=', 'limit', 'a whole number'],
  ['limit', 'limit', 'a whole number'],
  ['limit=99999999999999999999', 'limit', 'a whole number'],
  ['run=', 'run', 'a text of 1 to 8 characters'],
  ['run=123456789', 'run', 'a text of 1 to 8 characters'],
  ['hash=00FF', 'hash', 'a text of the form ^[0-9a-f]{4}$'],
  ['hash=00ff%0a', 'hash', 'a text of the form'],
  ['side=short', 'side', 'one of buy, sell'],
  ['kinds=a,c', 'kinds', 'a list between commas, each one of a, b'],
  ['kinds=', 'kinds', 'a list between commas'],
  ['all=yes', 'all', 'true or false'],
  ['share=-1', 'share', 'a number from 0 on'],
  ['limit=1&limit=1', 'limit', 'given twice'],
  ['run=%zz', 'run', 'a percent sign that does not begin an escape'],
  ['run=%ff', 'run', 'a percent sign that does not begin an escape'],
  ['lmit=3', 'lmit', 'unknown parameter; did you mean `limit`?'],
  ['__proto__=3', '__proto__', 'unknown parameter'],
  ['=3', '', '(no name): unknown parameter'],
])('refuses ?%s, naming the parameter', (query, field, words) => {
  const [named, message] = refusal(() => read(`/x?${query}`));
  expect(named).toBe(field);
  expect(message).toContain(words);
});

it('demands what is required, and takes nothing where nothing is declared', () => {
  const demanding = queryReader(routeWith(inQuery('run', { type: 'string' }, true)));
  expect(refusal(() => demanding('/x'))).toEqual(['run', 'run: required parameter is missing: the run; expected to be given']);
  expect(refusal(() => queryReader(routeWith())('/x?a=1'))).toEqual(['a', 'a: unknown parameter; expected no parameters']);
});

it('checks the parts of a path', () => {
  const parameters: readonly Parameter[] = [{ ...inQuery('seq', { type: 'integer', minimum: 0 }, true), in: 'path' }];
  const check = pathChecker(testRoute('GET', '/journal/{seq}', { parameters }));
  expect(refusal(() => check({ seq: '12' }))).toEqual([undefined, undefined]);
  expect(refusal(() => check({ seq: '-1' }))).toEqual(['seq', 'seq: not what is expected; expected a whole number from 0 on']);
});

it('does not start with a schema that it would not hold to', () =>
  expect(() => queryReader(routeWith(inQuery('a', { type: 'string', oneOf: [] })))).toThrow(
    'the keyword oneOf is not understood',
  ));
