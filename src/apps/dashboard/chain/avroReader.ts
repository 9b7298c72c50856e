/**
 * Reads Avro bytes by their schema, for whoever wants to see for himself what a record says. Source: Apache Avro 1.12 specification, "Binary encoding".
 * Numbers are numbers, enums their symbols, bytes of a fixed size hex digits, decimals exact; a record that is one of several has its name as `type`.
 * Whatever does not fit the schema is thrown as a RangeError.
 */
export type Schema = string | readonly Schema[] | SchemaObject;
interface SchemaObject {
  readonly type: Schema;
  readonly name?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[];
  readonly symbols?: readonly string[];
  readonly items?: Schema;
  readonly size?: number;
  readonly logicalType?: string;
  readonly scale?: number;
}
/** By full name. */
export type Schemas = Readonly<Record<string, Schema>>;
export type Document = Readonly<Record<string, unknown>>;

/** An exact decimal: `units` of 10 to the power of minus `scale`. */
export class Decimal {
  constructor(
    readonly units: bigint,
    readonly scale: number,
  ) {}

  toString(): string {
    const negative = this.units < 0n;
    const digits = (negative ? -this.units : this.units).toString().padStart(this.scale + 1, '0');
    const whole = digits.slice(0, digits.length - this.scale);
    const fraction = digits.slice(digits.length - this.scale).replace(/0+$/, '');
    return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}
type Read = (cursor: Cursor) => unknown;

/** Reads records of this name; `without`: a field that its bytes do not have. */
export const recordReader = (schemas: Schemas, name: string, without?: string): ((bytes: Uint8Array) => Document) => {
  const schema = schemas[name];
  if (typeof schema !== 'object' || !('fields' in schema)) throw new RangeError(`no record is called ${name}`);
  const fields = (schema.fields ?? []).filter((field) => field.name !== without);
  const read = new Compiler(schemas).record(fields);
  return (bytes) => {
    const cursor = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
    const record = read(cursor);
    if (cursor.at !== bytes.length) throw new RangeError(`${bytes.length - cursor.at} bytes are left`);
    return record;
  };
};

class Compiler {
  readonly #known = new Map<string, Read>();

  constructor(private readonly schemas: Schemas) {}

  record(fields: NonNullable<SchemaObject['fields']>): (cursor: Cursor) => Document {
    const reads = fields.map(({ name, type }) => [name, this.#readOf(type)] as const);
    return (cursor) => {
      const record: Record<string, unknown> = {};
      for (const [name, read] of reads) record[name] = read(cursor);
      return record;
    };
  }

  #readOf(schema: Schema): Read {
    if (typeof schema === 'string') return PRIMITIVES[schema] ?? this.#named(schema);
    if (!('type' in schema)) return this.#union(schema);
    const { fields, symbols = [], items, size = 0, logicalType, scale = 0 } = schema;
    switch (schema.type) {
      case 'record':
        return this.record(fields ?? []);
      case 'enum':
        return (cursor) => oneOf(symbols, readLong(cursor));
      case 'array':
        return arrayOf(this.#readOf(items ?? 'null'));
      case 'fixed':
        return logicalType === 'decimal'
          ? (cursor) => new Decimal(unitsOf(take(cursor, size)), scale)
          : (cursor) => hexText(take(cursor, size));
      default:
        return this.#readOf(schema.type);
    }
  }

  #named(name: string): Read {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const schema = this.schemas[name];
    if (schema === undefined) throw new RangeError(`no type is called ${name}`);
    const read = this.#readOf(schema);
    this.#known.set(name, read);
    return read;
  }

  /** Where it could be several records, what is read says which it is. */
  #union(branches: readonly Schema[]): Read {
    const reads = branches.map((branch) => this.#readOf(branch));
    const names = branches.map((branch) => this.#recordName(branch));
    const several = names.filter((name) => name !== undefined).length > 1;
    return (cursor) => {
      const index = readLong(cursor);
      const value = oneOf(reads, index)(cursor);
      const type = names[index];
      return several && type !== undefined ? { type, ...(value as Document) } : value;
    };
  }

  #recordName(branch: Schema): string | undefined {
    const schema = typeof branch === 'string' ? this.schemas[branch] : branch;
    return typeof schema === 'object' && 'fields' in schema ? schema.name : undefined;
  }
}

/** Zigzag: the lowest bit is the sign, which is set apart so that every whole number of a double fits. */
const readLong = (cursor: Cursor): number => {
  let magnitude = 0;
  let negative = false;
  for (let factor = 1; ; factor *= 128) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new RangeError('the bytes end within a number');
    cursor.at += 1;
    if (factor === 1) negative = byte % 2 === 1;
    magnitude += factor === 1 ? (byte & 127) >> 1 : ((byte & 127) * factor) / 2;
    if (!Number.isSafeInteger(magnitude)) throw new RangeError('a number is beyond 2^53');
    if (byte < 128) return negative ? -magnitude - 1 : magnitude;
  }
};

const take = (cursor: Cursor, size: number): Uint8Array => {
  const end = cursor.at + size;
  if (size < 0 || end > cursor.bytes.length) throw new RangeError('the bytes end within a value');
  const taken = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const readText: Read = (cursor) => decoder.decode(take(cursor, readLong(cursor)));

const readBoolean: Read = (cursor) => oneOf([false, true], take(cursor, 1)[0] ?? -1);

const PRIMITIVES: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: readBoolean,
  int: readLong,
  long: readLong,
  string: readText,
};

const arrayOf =
  (item: Read): Read =>
  (cursor) => {
    const items: unknown[] = [];
    for (;;) {
      const count = readLong(cursor);
      if (count === 0) return items;
      if (count < 0) readLong(cursor); // the size of the block, for who skips it
      for (let index = 0; index < Math.abs(count); index += 1) {
        if (cursor.at > cursor.bytes.length || items.length > cursor.bytes.length) throw new RangeError('an array is too long');
        items.push(item(cursor));
      }
    }
  };

const oneOf = <T>(choices: readonly T[], index: number): T => {
  const chosen = choices[index];
  if (chosen === undefined) throw new RangeError(`there is no choice ${index}`);
  return chosen;
};

/** Two's complement, big-endian; the sizes are multiples of eight bytes. */
const unitsOf = (bytes: Uint8Array): bigint => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let units = view.getBigInt64(0);
  for (let at = 8; at < bytes.length; at += 8) units = (units << 64n) + view.getBigUint64(at);
  return units;
};

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexText = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
};
