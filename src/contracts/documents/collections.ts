/** Lists, pairs and maps of kinds. Maps, not objects, hold what has names from outside: `__proto__` is a symbol like any other. */
import { isJsonObject, type JsonValue } from '../json/value';
import { MOST_FAULTS, nameFault, refuse, Refusal, type Fault, type Kind } from './kinds';

export const mapOf = <T>(kind: Kind<T>, expected: string): Kind<ReadonlyMap<string, T>> => ({
  read: (value) => {
    if (!isJsonObject(value)) return refuse(`an object of ${expected}`, value);
    const map = new Map<string, T>();
    const faults: Fault[] = [];
    for (const key in value) {
      if (faults.length >= MOST_FAULTS) break;
      const wrong = nameFault(key);
      if (wrong !== undefined) faults.push({ path: [key], message: `expected ${wrong} as the key` });
      const item = kind.read(value[key]);
      if (item instanceof Refusal) faults.push(...within(key, item));
      else map.set(key, item);
    }
    return faults.length === 0 ? map : new Refusal(faults);
  },
  schema: {
    type: 'object',
    propertyNames: { minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' },
    additionalProperties: kind.schema,
  },
});

export const listOf = <T>(kind: Kind<T>, expected: string): Kind<readonly T[]> => ({
  read: (value) => {
    if (!isList(value)) return refuse(`a list of ${expected}`, value);
    const list: T[] = [];
    const faults: Fault[] = [];
    for (const [index, each] of value.entries()) {
      if (faults.length >= MOST_FAULTS) break;
      const item = kind.read(each);
      if (item instanceof Refusal) faults.push(...within(index, item));
      else list.push(item);
    }
    return faults.length === 0 ? list : new Refusal(faults);
  },
  schema: { type: 'array', items: kind.schema },
});

export const pairOf = <A, B>(first: Kind<A>, second: Kind<B>, expected: string): Kind<readonly [A, B]> => ({
  read: (value) => {
    if (!isList(value)) return refuse(expected, value);
    if (value.length !== 2) return new Refusal([{ path: [], message: `expected ${expected}, found a list of ${value.length}` }]);
    const a = first.read(value[0]);
    const b = second.read(value[1]);
    const faults = [...(a instanceof Refusal ? within(0, a) : []), ...(b instanceof Refusal ? within(1, b) : [])];
    return a instanceof Refusal || b instanceof Refusal ? new Refusal(faults) : [a, b];
  },
  schema: { type: 'array', prefixItems: [first.schema, second.schema], minItems: 2, maxItems: 2 },
});

const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

const within = (key: string | number, refusal: Refusal): readonly Fault[] =>
  refusal.faults.map(({ path, message }) => ({ path: [key, ...path], message }));
