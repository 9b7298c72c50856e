/**
 * Walks Avro bytes by any schema without building anything, to see whether they can be decoded at bounded cost. avsc alone cannot be given bytes of
 * unknown origin: a block count of 30 million in nine bytes stalls it for seconds, and text that is not UTF-8 passes changed.
 *
 * The schema is compiled to closures once. Schemas that refer to themselves are refused: none of ours does, and so there is no depth.
 */
import { isUtf8 } from 'node:buffer';
import { DecodeFailure } from './decoded';
import type { RecordLimits } from './limits';
import type { SchemaJson, SchemaObject } from './schemas';
import { isUnion } from './schemas';

/** Throws a DecodeFailure unless `bytes` from `start` to the end are one value of the schema. */
export type Walk = (bytes: Uint8Array, start: number, limits: RecordLimits) => void;
/** Where the value of the schema that begins at `start` ends. Throws a DecodeFailure where there is none. */
export type Span = (bytes: Uint8Array, start: number, limits: RecordLimits) => number;

interface Cursor {
  readonly bytes: Uint8Array;
  position: number;
  itemsLeft: number;
}
interface Step {
  readonly walk: (cursor: Cursor) => void;
  /** Bytes that a value takes at least. */
  readonly smallest: number;
}

export const compileWalk = (schemaText: string): Walk => {
  const span = compileSpan(schemaText);
  return (bytes, start, limits) => {
    checkSize(bytes.length - start, limits);
    const end = span(bytes, start, limits);
    if (end !== bytes.length) fail('TRAILING_BYTES', `${bytes.length - end} bytes after the last field: expected none`);
  };
};

/** For a value that is followed by others, in a larger buffer. */
export const compileSpan = (schemaText: string): Span => {
  const step = compile(JSON.parse(schemaText) as SchemaJson, new Map(), '');
  return (bytes, start, limits) => {
    const cursor: Cursor = { bytes, position: start, itemsLeft: limits.items };
    step.walk(cursor);
    checkSize(cursor.position - start, limits);
    return cursor.position;
  };
};

const checkSize = (size: number, limits: RecordLimits): void => {
  if (size > limits.bytes) fail('OUT_OF_BOUNDS', `a record of ${size} bytes: expected at most ${limits.bytes}`);
};

type Names = Map<string, Step | 'open'>;

const compile = (schema: SchemaJson, names: Names, namespace: string): Step => {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? reference(schema, names, namespace);
  if (isUnion(schema)) return union(schema.map((branch) => compile(branch, names, namespace)));
  if (typeof schema.type !== 'string') return compile(schema.type, names, namespace);
  switch (schema.type) {
    case 'record':
      return record(schema, names, namespace);
    case 'enum':
      return define(schema, names, namespace, index((schema.symbols ?? []).length));
    case 'fixed':
      return define(schema, names, namespace, fixed(schema.size ?? 0));
    case 'array':
      return blocks(compile(schema.items ?? 'null', names, namespace));
    case 'map':
      return blocks(sequence([TEXT, compile(schema.values ?? 'null', names, namespace)]));
    default:
      return compile(schema.type, names, namespace);
  }
};

const qualified = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const reference = (name: string, names: Names, namespace: string): Step => {
  const step = names.get(qualified(name, namespace));
  if (step === undefined || step === 'open')
    throw new TypeError(`schema: \`${name}\` is ${step === 'open' ? 'recursive' : 'unknown'}: expected a type defined before`);
  return step;
};

const define = (schema: SchemaObject, names: Names, namespace: string, step: Step): Step => {
  names.set(qualified(schema.name ?? '', schema.namespace ?? namespace), step);
  return step;
};

const record = (schema: SchemaObject, names: Names, namespace: string): Step => {
  const inner = schema.namespace ?? namespace;
  const name = qualified(schema.name ?? '', inner);
  names.set(name, 'open');
  const step = sequence((schema.fields ?? []).map((field) => compile(field.type, names, inner)));
  names.set(name, step);
  return step;
};

const sequence = (steps: readonly Step[]): Step => ({
  walk: (cursor) => {
    for (const step of steps) step.walk(cursor);
  },
  smallest: steps.reduce((sum, step) => sum + step.smallest, 0),
});

const union = (branches: readonly Step[]): Step => ({
  walk: (cursor) => {
    const at = integer(cursor);
    const branch = branches[at];
    if (branch === undefined) fail('OUT_OF_BOUNDS', `branch ${at} of a union of ${branches.length}`);
    else branch.walk(cursor);
  },
  smallest: 1 + Math.min(...branches.map((branch) => branch.smallest)),
});

const index = (count: number): Step => ({
  walk: (cursor) => {
    const at = integer(cursor);
    if (at < 0 || at >= count) fail('OUT_OF_BOUNDS', `symbol ${at} of an enum of ${count}`);
  },
  smallest: 1,
});

const fixed = (size: number): Step => ({ walk: (cursor) => skip(cursor, size), smallest: size });

/** An array or a map: blocks of elements, until one of none. A negative count has the block's size in bytes after it. */
const blocks = (item: Step): Step => ({
  walk: (cursor) => {
    for (let count = integer(cursor); count !== 0; count = integer(cursor)) {
      const size = count < 0 ? integer(cursor) : undefined;
      const length = Math.abs(count);
      if (length > cursor.itemsLeft) fail('OUT_OF_BOUNDS', `a block of ${length} elements: expected at most ${cursor.itemsLeft}`);
      if (length * item.smallest > left(cursor)) fail('TRUNCATED', `a block of ${length} elements in ${left(cursor)} bytes`);
      cursor.itemsLeft -= length;
      const start = cursor.position;
      for (let i = 0; i < length; i++) item.walk(cursor);
      if (size !== undefined && cursor.position - start !== size)
        fail('INVALID_VALUE', `a block of ${cursor.position - start} bytes that says it has ${size}`);
    }
  },
  smallest: 1,
});

const sized = (check: (bytes: Uint8Array, from: number, to: number) => boolean): Step => ({
  walk: (cursor) => {
    const size = integer(cursor);
    if (size < 0) fail('OUT_OF_BOUNDS', `a text of ${size} bytes: expected zero or more`);
    const from = cursor.position;
    skip(cursor, size);
    if (!check(cursor.bytes, from, from + size)) fail('INVALID_VALUE', 'a text that is not UTF-8');
  },
  smallest: 1,
});
const TEXT = sized((bytes, from, to) => {
  let at = from;
  while (at < to && (bytes[at] ?? 0) < 128) at++;
  return at === to || isUtf8(bytes.subarray(at, to));
});

const NUMBER: Step = { walk: (cursor) => void integer(cursor), smallest: 1 };

const PRIMITIVES: Readonly<Record<string, Step | undefined>> = {
  null: { walk: () => undefined, smallest: 0 },
  boolean: {
    walk: (cursor) => {
      if (byte(cursor) > 1) fail('INVALID_VALUE', 'a boolean other than 0 or 1');
    },
    smallest: 1,
  },
  int: NUMBER,
  long: NUMBER,
  float: fixed(4),
  double: fixed(8),
  string: TEXT,
  bytes: sized(() => true),
};

const left = (cursor: Cursor): number => cursor.bytes.length - cursor.position;

const skip = (cursor: Cursor, size: number): void => {
  if (size > left(cursor)) fail('TRUNCATED', `${left(cursor)} bytes are left of ${size}`);
  cursor.position += size;
};

const byte = (cursor: Cursor): number => {
  const value = cursor.bytes[cursor.position];
  if (value === undefined) return fail('TRUNCATED', 'the bytes end within a field');
  cursor.position++;
  return value;
};

/** The largest number that avsc takes, and the lowest: it doubles negative numbers to write them, which is inexact below. */
const HIGHEST = 2 ** 53 - 2;
const LOWEST = -(2 ** 52);

/** An int or long that avsc can hold exactly. */
const integer = (cursor: Cursor): number => {
  const first = byte(cursor);
  let magnitude = (first >> 1) & 63;
  for (let next = first, factor = 64, size = 1; next > 127; factor *= 128, size++) {
    if (size === LONGEST_VARINT) fail('OUT_OF_BOUNDS', 'an integer of more than ten bytes');
    next = byte(cursor);
    magnitude += (next & 127) * factor;
  }
  const value = (first & 1) === 1 ? -magnitude - 1 : magnitude;
  if (value > HIGHEST || value < LOWEST) fail('OUT_OF_BOUNDS', 'an integer beyond -2^52 or 2^53: expected it between them');
  return value;
};
const LONGEST_VARINT = 10;

const fail = (reason: DecodeFailure['reason'], message: string): never => {
  throw new DecodeFailure(reason, message);
};
