import { DecodeFailure } from './decoded';
import { compileSpan, compileWalk } from './walk';

const LIMITS = { bytes: 1000, items: 100 };
const walked = (schema: unknown, hex: string): string => {
  try {
    compileWalk(JSON.stringify(schema))(Buffer.from(hex, 'hex'), 0, LIMITS);
  } catch (error) {
    if (error instanceof DecodeFailure) return error.reason;
    throw error;
  }
  return 'whole';
};
const record = (...types: unknown[]) => ({
  type: 'record',
  name: 'R',
  namespace: 'n',
  fields: types.map((type, i) => ({ name: `f${i}`, type })),
});
const ints = { type: 'array', items: 'int' };

it.each<[string, unknown, string, string]>([
  [
    'every primitive',
    record('null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'),
    `010204${'00'.repeat(12)}026102ff`,
    'whole',
  ],
  ['a name used again', record({ type: 'fixed', name: 'F', size: 2 }, 'F', 'n.F'), '000000000000', 'whole'],
  ['an enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, '02', 'whole'],
  ['an enum beyond its symbols', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, '04', 'OUT_OF_BOUNDS'],
  ['a union', ['null', 'string'], '020261', 'whole'],
  ['a union beyond its branches', ['null', 'string'], '04', 'OUT_OF_BOUNDS'],
  ['a union with a negative branch', ['null', 'string'], '01', 'OUT_OF_BOUNDS'],
  ['an array in two blocks', ints, '020002040600', 'TRUNCATED'],
  ['an array in blocks', ints, '0200040406' + '00', 'whole'],
  ['a block with its size', ints, '0304040600', 'whole'],
  ['a block with another size', ints, '0306040600', 'INVALID_VALUE'],
  ['a block of 30 million', ints, '808ece1c', 'OUT_OF_BOUNDS'],
  ['a block of -30 million', ints, 'ff8dce1c02', 'OUT_OF_BOUNDS'],
  ['many empty things', { type: 'array', items: 'null' }, 'ca0100', 'OUT_OF_BOUNDS'],
  ['more elements than bytes', ints, '14020202', 'TRUNCATED'],
  ['a map', { type: 'map', values: 'int' }, '0202610400', 'whole'],
  ['a map with a name that is not UTF-8', { type: 'map', values: 'int' }, '0202ff0400', 'INVALID_VALUE'],
  ['bytes left over', 'int', '0202', 'TRAILING_BYTES'],
  ['a boolean of 2', 'boolean', '02', 'INVALID_VALUE'],
  ['a text of negative length', 'string', '01', 'OUT_OF_BOUNDS'],
  ['a long of 2^53', 'long', '8080808080808020', 'OUT_OF_BOUNDS'],
  ['a number that does not end', 'long', 'ff'.repeat(11), 'OUT_OF_BOUNDS'],
  ['nothing', 'int', '', 'TRUNCATED'],
  ['too much', 'bytes', '00'.repeat(1001), 'OUT_OF_BOUNDS'],
])('%s', (_, schema, hex, expected) => expect(walked(schema, hex)).toBe(expected));

it('refuses schemas that have no bound', () => {
  expect(() => compileWalk(JSON.stringify(record(['null', 'R'])))).toThrow('recursive');
  expect(() => compileWalk('"Unknown"')).toThrow('unknown');
});

it('finds where a value ends that others follow', () => {
  const span = compileSpan(JSON.stringify(record('string', ints)));
  expect(span(Buffer.from('ffff0261020400ffff', 'hex'), 2, LIMITS)).toBe(7);
  expect(() => span(Buffer.from('0261020400', 'hex'), 0, { bytes: 4, items: 9 })).toThrow(
    'a record of 5 bytes: expected at most 4',
  );
  expect(() => span(Buffer.from('02610204', 'hex'), 0, LIMITS)).toThrow(DecodeFailure);
});
