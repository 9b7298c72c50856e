/** Clocks, memory and the statistics that a report shows. */
import { readFileSync } from 'node:fs';

/** Milliseconds that `work` took. */
export const timed = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

export const timedAsync = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** The value that `share` of the values do not exceed, nearest rank. */
export const percentile = (values: readonly number[], share: number): number => {
  if (values.length === 0) throw new RangeError('no values: expected one at least');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
};

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** How far the rounds lie apart: what a figure is worth on a machine that others use, too. */
export const spread = (
  values: readonly number[],
): { readonly lowest: number; readonly highest: number; readonly rounds: number } => ({
  lowest: Math.round(Math.min(...values)),
  highest: Math.round(Math.max(...values)),
  rounds: values.length,
});

/** p50, p99 and the longest, to the microsecond. */
export const latencies = (
  milliseconds: readonly number[],
): { readonly p50_ms: number; readonly p99_ms: number; readonly max_ms: number } => ({
  p50_ms: thousandths(percentile(milliseconds, 0.5)),
  p99_ms: thousandths(percentile(milliseconds, 0.99)),
  max_ms: thousandths(percentile(milliseconds, 1)),
});

const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000;

export const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/**
 * What of the resident memory is the process's own, and what is files mapped into it, which the system takes back when it needs to. Linux only;
 * nothing elsewhere.
 */
export const residentParts = (): Readonly<Record<string, number>> => {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const part = (field: string): number =>
      Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024);
    return { own_rss_mb: part('RssAnon'), mapped_files_mb: part('RssFile') };
  } catch {
    return {};
  }
};

/** Needs --expose-gc, which every benchmark is started with. */
export const collectGarbage = (): void => {
  if (global.gc === undefined) throw new TypeError('no garbage collector: start with node --expose-gc');
  global.gc();
  global.gc();
};
