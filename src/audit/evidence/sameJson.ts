import { isJsonObject, JsonNumber } from '../../contracts/json/value';
import type { JsonValue } from '../../contracts/json/value';

/** Where two documents differ first, as a path; undefined: nowhere. Numbers are the same in the same digits only: as floats, more would be. */
export const differingPath = (one: JsonValue | undefined, other: JsonValue | undefined, path = ''): string | undefined => {
  if (one instanceof JsonNumber && other instanceof JsonNumber) return one.text === other.text ? undefined : path;
  if (Array.isArray(one) && Array.isArray(other)) {
    const [left, right] = [one as readonly JsonValue[], other as readonly JsonValue[]];
    for (let at = 0; at < Math.max(left.length, right.length); at++) {
      const differing = differingPath(left[at], right[at], `${path}[${at}]`);
      if (differing !== undefined) return differing;
    }
    return undefined;
  }
  if (isJsonObject(one) && isJsonObject(other)) {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const differing = differingPath(one[name], other[name], path === '' ? name : `${path}.${name}`);
      if (differing !== undefined) return differing;
    }
    return undefined;
  }
  return one === other ? undefined : path;
};
