import { setMaxListeners } from 'node:events';
import type { Sleep } from '../../../src/gateway/brokers/http/tokenBucket';
import type { SimulatedProcess } from '../kernel/process';
import type { Scheduler } from '../kernel/scheduler';

/** How a process waits in virtual time; an abort wakes it. */
export const sleepOf =
  (scheduler: Scheduler, process: SimulatedProcess): Sleep =>
  (ms, signal) =>
    new Promise((resolve) => {
      const wake = (): void => {
        timer.cancelled = true;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = scheduler.after(ms, wake, process);
      // Those who wait for a process that has crashed wait for ever.
      setMaxListeners(0, signal);
      if (signal.aborted) wake();
      else signal.addEventListener('abort', wake);
    });
