/**
 * Whether a process grew. Judged is who lived long enough behind its warm-up; the figures of the others are reported.
 *
 * Some growth is meant to be, and is taken off: the index of the journal keeps eight bytes of each audit record (src/apps/live/journalIndex.ts), and an active
 * run remembers each of its intents (docs/architecture.md), in `serve` on the embedded bus twice: as the processor's state and as what is shown. A gateway
 * remembers the newest 10,000 ended orders of a shard (src/gateway/orders.ts): that memory fills once, with a takeover.
 */
import type { Watched } from './sampler';
import { growthPerMinute, lowestOfEach, middle } from './trend';
import type { Sample } from './trend';

const BOUNDS = {
  /** MB a minute that is held after a collection, beyond what is meant to be. */
  held: 0.5,
  /** Descriptors a minute. */
  descriptors: 0.25,
  /** Handles of the event loop a minute. */
  handles: 0.5,
  /** Threads a minute. */
  threads: 0.1,
} as const;

/** Bytes of an audit record in the index of the journal: eight, and a quarter of that as room to grow. */
const INDEX_BYTES = 10;
/** Bytes of an intent of an active run, in processor and live view together: twice what `npm run bench -- memory` allows for an id, and what its maps keep free. */
const INTENT_BYTES = 450;
/** Bytes of an ended order in a gateway: 550 were seen. */
const ORDER_BYTES = 700;
const MEGABYTE = 1_048_576;
const MINUTE_MS = 60_000;
const WARM_UP_MS = 180_000;
const WARM_UP_SHARE = 0.3;
const LEAST_JUDGED_MS = 240_000;

/** Of the whole system, a minute. */
export interface Pace {
  readonly auditRecords: number;
  /** Decided in runs that stay active for as long as the process lives. */
  readonly intentsKept: number;
  /** Of ended orders, in all: how many a gateway remembers. */
  readonly ordersRemembered: number;
}

export interface Judged {
  readonly name: string;
  readonly minutes: number;
  readonly judged: boolean;
  /** MB after a collection: behind the warm-up, at the end, a minute; and what of it is meant to be. */
  readonly held_mb: readonly [number, number];
  readonly held_mb_a_minute: number;
  readonly meant_mb_a_minute: number;
  readonly own_mb: readonly [number, number];
  readonly own_mb_a_minute: number;
  readonly resident_mb: number;
  readonly descriptors: readonly [number, number];
  readonly descriptors_a_minute: number;
  readonly most_descriptors: number;
  readonly most_sockets: number;
  readonly handles_a_minute: number;
  readonly threads: readonly [number, number];
  readonly threads_a_minute: number;
  readonly loop_p99_ms: number;
  readonly loop_max_ms: number;
  readonly findings: readonly string[];
}

export const judge = ({ name, from, until = from, figures }: Watched, pace: Pace): Judged => {
  const lived = until - from;
  const warm = from + Math.min(WARM_UP_MS, lived * WARM_UP_SHARE);
  const judged = until - warm >= LEAST_JUDGED_MS;
  const settled = (samples: readonly Sample[]): readonly Sample[] => samples.filter(({ at }) => at >= warm);
  const growth = (samples: readonly Sample[], unit = 1): number => rounded((growthPerMinute(settled(samples)) ?? 0) / unit);
  const ends = (samples: readonly Sample[], unit = 1): readonly [number, number] => {
    const of = settled(samples);
    const part = Math.max(1, Math.floor(of.length / 5));
    return [of.slice(0, part), of.slice(-part)].map((some) => Math.round((middle(valuesOf(some)) ?? 0) / unit)) as [
      number,
      number,
    ];
  };
  const most = (samples: readonly Sample[]): number => Math.max(0, ...valuesOf(samples));
  const { held, own, resident, descriptors, sockets, threads, handles, loop_p99_ms, loop_max_ms } = figures;
  const meant = meantOf(name, pace, (until - warm) / MINUTE_MS) / MEGABYTE;
  // Readers come and go within a minute, and connections wait for their end: the lowest of each minute is what stays.
  const staying = lowestOfEach(descriptors, MINUTE_MS);
  const grown = {
    held: growth(held, MEGABYTE),
    descriptors: growth(staying),
    handles: growth(lowestOfEach(handles, MINUTE_MS)),
    threads: growth(threads),
  };
  const findings: string[] = [];
  const bound = (figure: keyof typeof grown, most: number): void => {
    if (judged && grown[figure] > most)
      findings.push(`${name}: ${figure} grows by ${grown[figure]} a minute, above ${rounded(most)}`);
  };
  bound('held', BOUNDS.held + meant);
  bound('descriptors', BOUNDS.descriptors);
  bound('handles', BOUNDS.handles);
  bound('threads', BOUNDS.threads);
  if (judged && settled(held).length < 4) findings.push(`${name}: its probe wrote only ${settled(held).length} lines`);
  return {
    ...{ name, minutes: Math.round(lived / 6_000) / 10, judged, findings },
    ...{ held_mb: ends(held, MEGABYTE), held_mb_a_minute: grown.held, meant_mb_a_minute: rounded(meant) },
    ...{ own_mb: ends(own, MEGABYTE), own_mb_a_minute: growth(lowestOfEach(own, MINUTE_MS), MEGABYTE) },
    resident_mb: Math.round(most(resident) / MEGABYTE),
    ...{ descriptors: ends(staying), descriptors_a_minute: grown.descriptors, handles_a_minute: grown.handles },
    ...{ most_descriptors: most(descriptors), most_sockets: most(sockets) },
    ...{ threads: ends(threads), threads_a_minute: grown.threads },
    ...{ loop_p99_ms: rounded(middle(valuesOf(loop_p99_ms)) ?? 0), loop_max_ms: Math.round(most(loop_max_ms)) },
  };
};

/** Bytes a minute, by what the process does. */
const meantOf = (name: string, { auditRecords, intentsKept, ordersRemembered }: Pace, minutes: number): number => {
  if (name.startsWith('serve')) return auditRecords * INDEX_BYTES + intentsKept * INTENT_BYTES;
  return name.startsWith('gateway') ? (ordersRemembered * ORDER_BYTES) / minutes : 0;
};

const valuesOf = (samples: readonly Sample[]): readonly number[] => samples.map(({ value }) => value);
const rounded = (value: number): number => Math.round(value * 100) / 100;
