/**
 * Runs services until they are told to stop, have drained what there is, or must not go on. However it ends, the steps in flight are finished, writers and
 * readers closed, the groups left and the bus closed, in this order; only a second signal, or the time limit, cuts that short.
 */
import type { Bus } from '../../processor/bus';
import { lineOf } from '../failure';
import type { Companion } from './companion';
import { drained } from './drain';
import type { Host, StopSignal } from './host';
import { SIGNAL_CODES } from './host';
import type { Logger } from './logger';
import { showReadiness } from './environmentMetrics';
import { openMonitoring } from './monitoring';
import type { Problem, ShardService } from './shardService';
import type { ServiceMetrics } from './serviceMetrics';
import { ShardSampler } from './shardSampler';

export interface RunOptions {
  readonly bus: Bus;
  readonly services: readonly ShardService[];
  /** Where work comes in: opened before the services are started, shut before they are stopped, so that they finish what it let in. */
  readonly door?: Door | undefined;
  /** What works beside them: begun when they are, ended after them, each in turn, and before the bus is. */
  readonly companions?: readonly Companion[];
  readonly metrics: ServiceMetrics;
  /** What keeps the process from being ready beside its services. */
  readonly otherProblems?: () => readonly Problem[];
  /** Undefined: no server. */
  readonly monitoring: { readonly host: string; readonly port: number } | undefined;
  /** Ends when there is nothing left to do. */
  readonly drain: boolean;
  readonly host: Host;
  readonly log: Logger;
  /** Says why the process ends without having stopped, when no log can be waited for. */
  readonly lastWords: (line: string) => void;
  /** Everything was started; `url` of the monitoring, if there is one. */
  readonly onStarted: (url: string | undefined) => void;
  readonly stopLimitMs?: number;
}

export interface Door {
  /** Rejects where it cannot be opened: then nothing is started. */
  open(): Promise<void>;
  /** Everything is started: makes ready, which may take a while; rejects with what forbids to go on. */
  begin(stopping: AbortSignal): Promise<void>;
  /** Lets nothing more in, and waits for what is on its way; also where it was never opened. Never rejects. */
  shut(): Promise<void>;
}

/** A shard that ended no step for so long is not ready. */
export const READY_WITHIN_MS = 10_000;
const STOP_LIMIT_MS = 10_000;

type Ending = { readonly why: StopSignal | 'drained' } | { readonly error: unknown };

/** Answers with what ended it; rejects with the error that did. The bus is closed in either case. */
export const runServices = async (options: RunOptions): Promise<StopSignal | 'drained'> => {
  const { bus, services, metrics, host, log, stopLimitMs = STOP_LIMIT_MS } = options;
  const signals = new Signals(options);
  const stopping = new AbortController();
  const problems = (): readonly Problem[] =>
    stopping.signal.aborted
      ? [{ service: 'all', shard: null, reason: 'stopping' }]
      : [...services.flatMap((service) => service.problems(READY_WITHIN_MS)), ...(options.otherProblems?.() ?? [])];
  showReadiness(metrics.registry, () => problems().length === 0);
  const companions = [new ShardSampler({ bus, services, registry: metrics.registry }), ...(options.companions ?? [])];
  const { monitoring: address } = options;
  let closeMonitoring = (): Promise<void> => Promise.resolve();
  let ending: Ending;
  try {
    const monitoring =
      address === undefined ? undefined : await openMonitoring({ ...address, registry: metrics.registry, problems });
    if (monitoring !== undefined) closeMonitoring = () => monitoring.close();
    await options.door?.open();
    ending = await Promise.race([
      signals.first,
      ...services.map(async ({ fatal }) => ({ error: await fatal })),
      // A signal does not wait for the groups to be joined.
      startAll(services).then(async () => {
        for (const companion of companions) companion.start();
        await options.door?.begin(stopping.signal);
        if (!stopping.signal.aborted) options.onStarted(monitoring?.url);
        return options.drain
          ? drained(bus, services, stopping.signal).then(() => ({ why: 'drained' }) as const)
          : new Promise<never>(() => undefined);
      }),
    ]);
  } catch (error) {
    ending = { error };
  }
  stopping.abort();
  log.info('why' in ending ? { why: ending.why } : { reason: lineOf(ending.error) }, 'stopping');
  // What outlives the clean end and would keep the process alive is the command line's to end (cli/start.ts).
  const watchdog = setTimeout(() => {
    options.lastWords(`Error: the service did not stop within ${stopLimitMs / 1_000} s; what it had not committed is dropped\n`);
    host.exit(2);
  }, stopLimitMs);
  try {
    await options.door?.shut();
    await Promise.all(services.map((service) => service.stop()));
    for (const companion of companions) await companion.stop();
    try {
      await bus.close();
    } catch (error) {
      // What ended the service says more than what followed from it.
      if ('why' in ending) ending = { error };
    }
    await closeMonitoring();
    signals.end();
  } finally {
    clearTimeout(watchdog);
  }
  if ('error' in ending) throw ending.error;
  return ending.why;
};

const startAll = async (services: readonly ShardService[]): Promise<void> => {
  await Promise.all(services.map((service) => service.start()));
};

/** The first signal asks to stop; the second does not ask. */
class Signals {
  readonly first: Promise<Ending>;
  readonly end: () => void;

  constructor({ host, lastWords }: RunOptions) {
    let heard = false;
    let tell: (ending: Ending) => void = () => undefined;
    this.first = new Promise((resolve) => (tell = resolve));
    this.end = host.onSignal((signal) => {
      if (heard) {
        lastWords(`${signal} again: ended at once; what was not committed is dropped\n`);
        host.exit(SIGNAL_CODES[signal]);
      }
      heard = true;
      tell({ why: signal });
    });
  }
}
