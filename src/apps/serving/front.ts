/**
 * What `policygate serve` puts before the gate: the HTTP server with its intake, and the run that it works on. The server answers as soon as it can,
 * "not ready" at first; intents are taken when everything is restored and the log is shown as it is.
 */
import { CONTROL_EVENTS } from '../../contracts/topics';
import { Problem } from '../http/problem';
import type { HttpServer, ServerOptions } from '../http/server';
import { openServer } from '../http/server';
import type { Intake } from '../intake/intake';
import type { PriceIntake } from '../intake/priceIntake';
import type { LiveLog } from '../live/liveLog';
import { pause } from '../service/backoff';
import type { Logger } from '../service/logger';
import type { Door } from '../service/runServices';
import type { Session } from '../session';
import type { PolicyWatch } from './policyWatch';
import type { RunLogs } from './runLogs';
import { openDefaultRun } from './defaultRun';
import type { DefaultRunFlags } from './defaultRun';

export interface FrontOptions extends Session {
  readonly server: ServerOptions;
  readonly intake: Intake;
  readonly prices: PriceIntake;
  readonly live: LiveLog;
  readonly flags: DefaultRunFlags;
  readonly embedded: boolean;
  readonly logs: RunLogs;
  readonly policyWatch: PolicyWatch | undefined;
  readonly log: Logger;
  /** The server listens. */
  readonly onListening: (server: HttpServer) => void;
}

const LOOK_EVERY_MS = 20;

export class Front implements Door {
  private server: HttpServer | undefined;
  private run: string | undefined;
  private hasBegun = false;

  constructor(private readonly options: FrontOptions) {}

  get url(): string {
    return this.server?.url ?? '';
  }

  /** The server's own run, as of now. */
  get defaultRun(): string | undefined {
    return this.run;
  }

  /** The same for who means to write: while it is not known, that is no reason to blame the request. Throws a Problem. */
  runForIntents(): string | undefined {
    if (this.run === undefined && !this.hasBegun)
      throw new Problem('not_ready', {
        detail: 'the server starts, and does not know its run yet; nothing was written, send it again in a moment',
        headers: { 'retry-after': '1' },
      });
    return this.run;
  }

  /** What keeps it from being ready, in one line each. */
  get problems(): readonly string[] {
    return this.hasBegun ? [] : ['the server starts: the log is being read'];
  }

  async open(): Promise<void> {
    this.server = await openServer(this.options.server);
    this.options.onListening(this.server);
  }

  async begin(stopping: AbortSignal): Promise<void> {
    const { live, logs, policyWatch } = this.options;
    await Promise.race([live.start(), aborted(stopping)]);
    await this.caughtUp(stopping);
    if (isAborted(stopping)) return;
    this.run = await openDefaultRun(this.options);
    if (this.run !== undefined) await this.shown(this.run, stopping);
    // What is begun once the end has begun would outlive it.
    if (isAborted(stopping)) return;
    if (this.run !== undefined) {
      await logs.start(this.run);
      policyWatch?.start();
    }
    this.hasBegun = true;
  }

  async shut(): Promise<void> {
    const { policyWatch, intake, prices, log } = this.options;
    await policyWatch?.stop();
    // Those who wait for decisions are answered by the intake; what comes from now on is refused by the server.
    const closing = this.server?.close();
    await Promise.all([intake.stop(), prices.stop(), closing]).catch((error: unknown) => {
      log.error({ err: error }, 'the HTTP server did not end cleanly');
    });
  }

  /** What was said before the start has taken effect, where the processor is this process: the run that is looked for may be in it. */
  private async caughtUp(stopping: AbortSignal): Promise<void> {
    const { bus, live, embedded } = this.options;
    for (let partition = 0; partition < bus.shards; partition++) {
      const end = embedded ? await bus.endOffset(CONTROL_EVENTS, partition) : 0;
      await until(() => live.problems().length === 0 && folded(live, partition) >= end, stopping);
    }
  }

  /** A run that was just begun is shown a moment later; behind Kafka it may take until a processor runs. */
  private async shown(runId: string, stopping: AbortSignal): Promise<void> {
    const { live, embedded } = this.options;
    if (embedded) await until(() => live.run(runId)?.ledger.state.status === 'ACTIVE', stopping);
  }
}

const folded = (live: LiveLog, partition: number): number => live.shards[partition]?.positions.control_events ?? 0;

const until = async (holds: () => boolean, stopping: AbortSignal): Promise<void> => {
  while (!holds() && !stopping.aborted) await pause(LOOK_EVERY_MS, stopping);
};

/** Asked anew each time: it changes while something is waited for. */
const isAborted = ({ aborted: isOver }: AbortSignal): boolean => isOver;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
