/** Random edits of audit records, as somebody would make who wants a log to say something else. */
import type { Codec } from '../../src/contracts/avro/codec';
import { chainHash } from '../../src/contracts/chain';
import type { AuditRecord } from '../../src/contracts/messages';
import type { BusRecord } from '../../src/processor/bus';
import type { Random } from './random';

type Path = readonly (string | number)[];

/** Every field that holds a plain value, in lists, maps and objects too. */
const leavesOf = (value: unknown, path: Path = []): readonly Path[] => {
  if (value === null || value === undefined) return [];
  if (value instanceof Uint8Array || typeof value !== 'object') return [path];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, at) => [at, item] as const)
    : value instanceof Map
      ? [...(value as Map<string, unknown>)]
      : Object.entries(value);
  return entries.flatMap(([key, item]) => leavesOf(item, [...path, key]));
};

const changed = (value: unknown, random: Random): unknown => {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + random.pick([1, -1, 60_000]);
  if (typeof value === 'bigint') return value + random.pick([1n, -1n, 10n ** 18n]);
  if (typeof value === 'string') return random.chance(0.5) ? `${value}x` : `X${value.slice(1)}`;
  const bytes = Uint8Array.from(value as Uint8Array);
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const withLeaf = (value: unknown, [key, ...rest]: Path, random: Random): unknown => {
  if (key === undefined) return changed(value, random);
  if (Array.isArray(value)) return value.map((item: unknown, at) => (at === key ? withLeaf(item, rest, random) : item));
  if (value instanceof Map)
    return new Map(
      [...(value as Map<string, unknown>)].map(([name, item]) => [name, name === key ? withLeaf(item, rest, random) : item]),
    );
  const fields = value as Record<string, unknown>;
  return { ...fields, [key]: withLeaf(fields[key], rest, random) };
};

/** A copy with one field changed, and its path. `among`: which fields may be. */
export const edited = <T>(
  value: T,
  random: Random,
  among: (path: Path) => boolean = () => true,
): { readonly value: T; readonly path: Path } => {
  const path = random.pick(leavesOf(value).filter(among));
  return { value: withLeaf(value, path, random) as T, path };
};

export const decoded = (codec: Codec, { value }: BusRecord): { readonly record: AuditRecord; readonly hash: Uint8Array } => {
  const audit = codec.decodeAudit(value);
  if (!audit.ok) throw new Error(audit.error.message);
  return audit.value;
};

/** The record in the place of another; `hash` undefined: the one that its bytes have. Undefined where no record holds such values. */
export const resealed = (codec: Codec, at: BusRecord, record: AuditRecord, hash?: Uint8Array): BusRecord | undefined => {
  try {
    const body = codec.encodeAuditBody(record);
    const intent_id = record.intent?.intent_id ?? record.execution?.intent_id ?? '';
    return {
      ...at,
      key: codec.encodeKey('audit-records', { run_id: record.run_id, intent_id }),
      value: codec.auditValue(body, hash ?? chainHash(record.prev_hash, body)),
      timestamp: record.clock,
    };
  } catch {
    return undefined;
  }
};

/** Offsets as they would be if nothing had happened. */
export const renumbered = (records: readonly BusRecord[]): readonly BusRecord[] =>
  records.map((record, offset) => ({ ...record, offset }));

/** The chain of each run anew from the `from`th record on: no seq is missing, every hash fits. */
export const rechained = (codec: Codec, records: readonly BusRecord[]): readonly BusRecord[] => {
  const ends = new Map<string, { readonly seq: number; readonly hash: Uint8Array }>();
  return records.map((at) => {
    const { record } = decoded(codec, at);
    const end = ends.get(record.run_id);
    const seq = (end?.seq ?? -1) + 1;
    const decision = record.decision === null ? null : { ...record.decision, seq };
    const again = resealed(codec, at, { ...record, seq, decision, prev_hash: end?.hash ?? new Uint8Array(32) }) ?? at;
    ends.set(record.run_id, { seq, hash: decoded(codec, again).hash });
    return again;
  });
};
