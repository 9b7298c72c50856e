/** The lists of a simulated Alpaca: pages by time, both ends excluded, and the values that their queries hold. */
import type { BrokerRequest } from './dialect';
import type { Instant } from './marketOrder';

interface PageLimits<T> {
  readonly after: Instant | undefined;
  readonly until: Instant | undefined;
  readonly direction: string;
  readonly limit: number;
  readonly wanted: (row: T) => boolean;
}

/** Rows between two times, both excluded, by a binary search and then as many steps as the page takes. */
export const pageOf = <T>(
  rows: readonly T[],
  at: (row: T) => Instant,
  { after, until, direction, limit, wanted }: PageLimits<T>,
): T[] => {
  const first = after === undefined ? 0 : placeOf(rows, (row) => isBefore(after, at(row)));
  const end = until === undefined ? rows.length : placeOf(rows, (row) => !isBefore(at(row), until));
  const page: T[] = [];
  const ascending = direction === 'asc';
  for (
    let index = ascending ? first : end - 1;
    index >= first && index < end && page.length < limit;
    index += ascending ? 1 : -1
  ) {
    const row = rows[index];
    if (row !== undefined && wanted(row)) page.push(row);
  }
  return page;
};

/** The first place for which `holds`; it must hold for all that follow. */
const placeOf = <T>(rows: readonly T[], holds: (row: T) => boolean): number => {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(rows[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
};

const isBefore = (a: Instant, b: Instant): boolean => a.ms < b.ms || (a.ms === b.ms && a.micros < b.micros);

export const spoiled = <T>(rows: readonly T[], how: BrokerRequest['rows']): readonly T[] =>
  how === 'doubled' ? rows.flatMap((row) => [row, row]) : rows;

/** Undefined: not given; null: no time. Microseconds count. */
export const timeOf = (text: string | null): Instant | undefined | null => {
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return null;
  const digits = /\.(\d+)/.exec(text)?.[1] ?? '';
  return { ms, micros: Number.parseInt(digits.padEnd(6, '0').slice(3, 6), 10) };
};

export const wholeOf = (text: string | null, otherwise: number, most: number): number | undefined => {
  if (text === null) return otherwise;
  const value = /^\d{1,6}$/.test(text) ? Number.parseInt(text, 10) : 0;
  return value >= 1 && value <= most ? value : undefined;
};

/** The number that `activityId` hides in the last group of the uuid. */
export const sequenceOf = (token: string): number => {
  const sequence = Number.parseInt(token.slice(-12), 16);
  return Number.isNaN(sequence) ? -1 : sequence;
};
