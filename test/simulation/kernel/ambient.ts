/**
 * What a process finds around itself: clocks, timers, chance. While a world runs these are the world's. Timers belong to whoever sets them, and die with
 * it. In the shell (src/apps) clocks and chance are virtual too; everywhere else they are ports that are handed in, so that asking the surroundings for
 * them is a mistake which ends the world.
 */
import crypto from 'node:crypto';
import { setMaxListeners } from 'node:events';
import os from 'node:os';
import callbackTimers from 'node:timers';
import timers from 'node:timers/promises';
import type { Random } from '../../support/random';
import type { Scheduler, Timer } from './scheduler';

interface Surroundings {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Simulated code has asked for what no port gave it, with where: the world is over. */
  readonly offended?: (what: string) => void;
}

/** What src/apps sees of these globals; the build puts it before their modules. */
interface Shell {
  readonly Date: DateConstructor;
  readonly performance: { now(): number };
  readonly Math: Math;
}

declare global {
  var policygateSimulation: { readonly shell: Shell; bug: string | undefined };
}

let world: Surroundings | undefined;
/** What was asked of the surroundings that no simulated code may ask for, with where it came from. */
let offences: string[] = [];

const RealDate = Date;
const realRandom = Math.random.bind(Math);
const realNow = performance.now.bind(performance);

const here = (): Surroundings => {
  if (world === undefined) throw new Error('no world is running');
  return world;
};
const wallMs = (): number => {
  if (world === undefined) return RealDate.now();
  const { nowMs, current } = world.scheduler;
  return Math.floor(nowMs + (current?.clockSkewMs ?? 0));
};

const dateWith = (now: () => number): DateConstructor =>
  new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given: unknown[]) => (given.length === 0 ? new target(now()) : Reflect.construct(target, given)) as Date,
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)) as unknown,
  });

const offence = (what: string): never => {
  const error = new Error(`${what} was asked of the surroundings, not of a port`);
  const frame = (error.stack ?? '').split('\n').find((line, at) => at > 1 && !line.includes('ambient'));
  const told = `${what}${frame === undefined ? '' : ` ${frame.trim().replace(/\(?(?:\/[^/ ]+)*\//, '(')}`}`;
  offences.push(told);
  world?.offended?.(told);
  throw error;
};
const chance = (): never => offence('chance');
const clock = (): never => offence('a clock');
const timeOfDay = (): never => offence('the time of day');
const timer = (): never => offence('a timer');

const shell: Shell = {
  Date: dateWith(wallMs),
  performance: { now: () => (world === undefined ? realNow() : world.scheduler.nowMs) },
  Math: Object.create(Math, { random: { value: () => (world === undefined ? realRandom() : world.random.next()) } }) as Math,
};

globalThis.policygateSimulation = { shell, bug: undefined };

const setVirtual = (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): Timer & { unref(): void } => {
  const { scheduler } = here();
  return Object.assign(
    scheduler.after(Math.max(1, ms), () => task(...given), scheduler.current),
    { unref: () => undefined },
  );
};
const immediately = (task: (...given: unknown[]) => void, ...given: unknown[]): Timer => setVirtual(task, 0, ...given);
const clearVirtual = (timer: Timer | undefined): void => {
  if (timer !== undefined) timer.cancelled = true;
};
/** One for all: a stack for each would cost more than the wait. */
const ABORTED = Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' });

/** A turn of the event loop. */
const TURN_MS = 0.01;

const delay = (ms: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const aborted = (): void => {
      waiting.cancelled = true;
      reject(ABORTED);
    };
    const { scheduler } = here();
    const waiting = scheduler.after(
      Math.max(1, ms),
      () => {
        signal?.removeEventListener('abort', aborted);
        resolve(value);
      },
      scheduler.current,
    );
    if (signal === undefined) return;
    // Those who wait for a process that has crashed wait for ever.
    setMaxListeners(0, signal);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
const turn = (value?: unknown): Promise<unknown> =>
  new Promise((resolve) => {
    const { scheduler } = here();
    scheduler.after(TURN_MS, () => resolve(value), scheduler.current);
  });

/** UUIDs are drawn; they name owners, and nothing may depend on more than that they differ. */
const uuid = (): string => {
  const { random } = here();
  const hex = Array.from({ length: 8 }, () => random.below(65_536).toString(16).padStart(4, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
};

/** `by` stands for it, or what `get` answers when it is asked for. */
type Replaced = { readonly of: object; readonly name: string } & ({ readonly by: unknown } | { readonly get: () => unknown });

const formatOf = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format');
/** Formats the time of now if it is given none. */
function formatGiven(this: Intl.DateTimeFormat): (date?: Date | number) => string {
  const format = formatOf?.get?.call(this) as (date?: Date | number) => string;
  return (date) => (date === undefined ? timeOfDay() : format(date));
}
const partsOf = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'formatToParts');
function partsGiven(this: Intl.DateTimeFormat, date?: Date | number): Intl.DateTimeFormatPart[] {
  const parts = partsOf?.value as Intl.DateTimeFormat['formatToParts'];
  return date === undefined ? timeOfDay() : parts.call(this, date);
}

const replacements = (): readonly Replaced[] => [
  { of: globalThis, name: 'setTimeout', by: setVirtual },
  { of: globalThis, name: 'clearTimeout', by: clearVirtual },
  { of: globalThis, name: 'setInterval', by: timer },
  { of: globalThis, name: 'setImmediate', by: immediately },
  { of: globalThis, name: 'clearImmediate', by: clearVirtual },
  { of: callbackTimers, name: 'setTimeout', by: setVirtual },
  { of: callbackTimers, name: 'clearTimeout', by: clearVirtual },
  { of: callbackTimers, name: 'setInterval', by: timer },
  { of: callbackTimers, name: 'setImmediate', by: immediately },
  { of: callbackTimers, name: 'clearImmediate', by: clearVirtual },
  { of: timers, name: 'setTimeout', by: delay },
  { of: timers, name: 'setInterval', by: timer },
  { of: timers, name: 'setImmediate', by: turn },
  { of: AbortSignal, name: 'timeout', by: timer },
  { of: globalThis, name: 'Date', by: dateWith(timeOfDay) },
  { of: Intl.DateTimeFormat.prototype, name: 'format', get: formatGiven },
  { of: Intl.DateTimeFormat.prototype, name: 'formatToParts', by: partsGiven },
  { of: performance, name: 'now', by: clock },
  { of: performance, name: 'timeOrigin', get: clock },
  { of: process, name: 'hrtime', by: Object.assign(() => clock(), { bigint: clock }) },
  { of: process, name: 'uptime', by: clock },
  { of: os, name: 'uptime', by: clock },
  { of: Math, name: 'random', by: chance },
  ...['randomBytes', 'randomInt', 'randomFill', 'randomFillSync'].map((name) => ({ of: crypto, name, by: chance })),
  // What node:crypto exports under this name is this one.
  { of: crypto.webcrypto, name: 'getRandomValues', by: chance },
  { of: crypto.webcrypto, name: 'randomUUID', by: uuid },
  { of: crypto, name: 'randomUUID', by: uuid },
  { of: os, name: 'hostname', by: () => 'simulated' },
  { of: process, name: 'pid', by: 1 },
];

/** Runs `play` with the world's surroundings in place of the real ones; answers with what was asked of them that must not be. */
export const withinWorld = async (surroundings: Surroundings, play: () => Promise<void>): Promise<readonly string[]> => {
  if (world !== undefined) throw new Error('one world at a time');
  const before = replacements().map((replaced) => {
    const { of, name } = replaced;
    const descriptor = Object.getOwnPropertyDescriptor(of, name);
    const how = 'by' in replaced ? { value: replaced.by, writable: true } : { get: replaced.get };
    Object.defineProperty(of, name, { ...how, configurable: true });
    return { of, name, descriptor };
  });
  world = surroundings;
  offences = [];
  try {
    await play();
  } finally {
    world = undefined;
    for (const { of, name, descriptor } of before.reverse()) {
      if (descriptor === undefined) Reflect.deleteProperty(of, name);
      else Object.defineProperty(of, name, descriptor);
    }
  }
  return offences;
};
