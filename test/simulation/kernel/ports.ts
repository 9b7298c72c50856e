/**
 * What a call of a port goes through: it takes time, it can get lost on its way there or back or come late, and whoever made it can crash or stand still
 * before or after its effect. The effect itself happens at once, in an event of nobody.
 */
import { BusError } from '../../../src/processor/bus';
import type { Faults } from './faults';
import type { SimulatedProcess } from './process';
import type { Scheduler } from './scheduler';

export interface Ports {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly trace: (line: () => string) => void;
}

/** ms, virtual. */
const LATENCY = { least: 0.1, most: 2 };
const SLOW = { least: 50, most: 4_000 };
/** When a caller gives up an answer that does not come. */
const GIVES_UP = { least: 1_000, most: 6_000 };
/** How much later than that a late request may arrive. */
const LATE = { least: 200, most: 20_000 };
/** A pause is short, or longer than others wait for a sign of life. */
const PAUSE = { least: 5, most: 25_000 };

const never = new Promise<never>(() => undefined);

/** Crashes and pauses of the caller at this moment; true: it goes on. */
export const survives = (
  { scheduler, faults, trace }: Ports,
  process: SimulatedProcess,
  when: 'before' | 'after',
  what: string,
): boolean => {
  if (!process.mayFail) return true;
  if (faults.happens(`process: crash ${when} effect`)) {
    trace(() => `${process.name} crashes ${when} ${what}`);
    process.crash();
    return false;
  }
  if (faults.happens(`process: paused ${when} effect`)) {
    const ms = logUniform(faults, PAUSE);
    trace(() => `${process.name} stands still ${when} ${what} for ${Math.round(ms)} ms`);
    process.pauseUntil(scheduler.nowMs + ms);
  }
  return true;
};

/** `effect`: what the call does at the bus; it may wait there. */
export const callPort = <T>(ports: Ports, process: SimulatedProcess, what: string, effect: () => Promise<T>): Promise<T> => {
  const { scheduler, faults, trace } = ports;
  if (!process.isAlive || !survives(ports, process, 'before', what)) return never;
  return new Promise<T>((resolve, reject) => {
    const fails: (error: unknown) => void = reject;
    const fail = (code: 'BUS_FAILED' | 'BUS_UNREACHABLE', afterMs: number, why: string): void => {
      trace(() => `${process.name}: ${what}: ${why}`);
      scheduler.after(afterMs, () => reject(new BusError(code, what)), process);
    };
    const giveUpMs = (): number => uniform(faults, GIVES_UP);
    const leave = (): void => {
      if (faults.happens('bus: unreachable')) return fail('BUS_UNREACHABLE', giveUpMs(), 'the bus cannot be reached');
      if (faults.happens('bus: request lost')) return fail('BUS_FAILED', giveUpMs(), 'request lost');
      const answerLost = faults.happens('bus: response lost');
      const isLate = faults.happens('bus: request late');
      const patience = giveUpMs();
      if (isLate) fail('BUS_FAILED', patience, 'request late');
      else if (answerLost) fail('BUS_FAILED', patience, 'response lost');
      const slow = !isLate && faults.happens('bus: slow');
      const there = isLate ? patience + logUniform(faults, LATE) : uniform(faults, slow ? SLOW : LATENCY);
      scheduler.after(there, () => {
        effect().then(
          (value) => {
            if (!process.isAlive || !survives(ports, process, 'after', what) || answerLost || isLate) return;
            scheduler.after(uniform(faults, LATENCY), () => resolve(value), process);
          },
          (error: unknown) => {
            if (answerLost || isLate) return;
            scheduler.after(uniform(faults, LATENCY), () => fails(error), process);
          },
        );
      });
    };
    // Whoever stands still before the call sends it when it goes on.
    if (process.pausedUntil > scheduler.nowMs) scheduler.after(0, leave, process);
    else leave();
  });
};

export const uniform = ({ draw }: Faults, { least, most }: { readonly least: number; readonly most: number }): number =>
  least + draw.next() * (most - least);

/** As often between 5 and 10 as between 500 and 1,000. */
export const logUniform = ({ draw }: Faults, { least, most }: { readonly least: number; readonly most: number }): number =>
  draw.octaves(least, most);
