/** What differs between two policies, by path: as they are applied, so that neither order nor spelling nor a default that is written out counts. */
import { pathText } from '../../../contracts/contractError';
import type { Path } from '../../../contracts/contractError';
import { decimalToJson } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { canonicalJson } from '../../../contracts/json/write';
import type { JsonOut } from '../../../contracts/json/write';
import type { CapitalPolicy } from '../../../contracts/policy';

export interface PolicyDifference {
  /** Such as `limits.exposure.max_position_pct`. */
  readonly path: string;
  /** Null: it is not there, or says nothing. */
  readonly from: JsonOut;
  readonly to: JsonOut;
}

/** By path, by code units. */
export const policyDifferences = (from: CapitalPolicy, to: CapitalPolicy): readonly PolicyDifference[] => {
  const before = valuesOf(from);
  const after = valuesOf(to);
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const difference = { path, from: before.get(path) ?? null, to: after.get(path) ?? null };
    return canonicalJson(difference.from) === canonicalJson(difference.to) ? [] : [difference];
  });
};

const valuesOf = (policy: CapitalPolicy): ReadonlyMap<string, JsonOut> => {
  const values = new Map<string, JsonOut>();
  collect([], policy, values);
  return values;
};

/** Lists are values. Nothing is what it means that a block or a limit is null. */
const collect = (path: Path, value: unknown, values: Map<string, JsonOut>): void => {
  if (value === null || value === undefined) return;
  if (typeof value === 'bigint') values.set(pathText(path), decimalToJson(value as Decimal));
  else if (value instanceof Map)
    for (const [key, item] of value as ReadonlyMap<string, unknown>) collect([...path, key], item, values);
  else if (typeof value === 'object' && !Array.isArray(value))
    for (const [key, item] of Object.entries(value)) collect([...path, key], item, values);
  else values.set(pathText(path), value as JsonOut);
};
