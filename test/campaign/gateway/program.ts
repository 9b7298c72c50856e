/** The built program on a data directory, `processor --gateway`: started, killed, watched by its own figures, stopped. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { programOf } from '../builtProgram';
import type { Kill } from './kills';
import type { Venue } from './venue';

export interface ProgramOptions {
  /** Folder of the build. */
  readonly program: string;
  readonly dataDir: string;
  readonly venue: Venue;
}

/** What its own figures say. */
export interface Figures {
  readonly queued: number;
  readonly open: number;
  readonly unknown: number;
  readonly text: string;
}

export type Ended = 'killed' | 'stopped' | 'failed';

const LOOK_EVERY_MS = 60;
const STOP_MS = 12_000;

export class RunningProgram {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  private said = '';
  private stopping = false;
  private isDown = false;
  private passed = 0;
  private readonly hear: (request: { readonly operation: string }) => void;

  constructor({ program, dataDir, venue }: ProgramOptions, kill?: Kill) {
    const path = process.env.PATH ?? '';
    this.child = spawn(
      process.execPath,
      [programOf(program), 'processor', '--data-dir', dataDir, '--gateway', venue.dialect, '--on-broker-error', 'continue'],
      {
        env: {
          ...venue.environment,
          PATH: path,
          POLICYGATE_MONITORING_PORT: '0',
          POLICYGATE_POLL_INTERVAL_MS: '200',
          POLICYGATE_RECONCILE_INTERVAL_MS: '5000',
          POLICYGATE_BATCH_RECORDS: '3',
          POLICYGATE_LOG_LEVEL: 'warn',
          ...(kill?.point === undefined ? {} : { POLICYGATE_FAULT_POINT: `${kill.point}@${kill.nth}` }),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.child.stderr?.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString('utf8')).slice(-20_000)));
    this.hear = ({ operation }) => {
      if (kill?.at?.some((one) => one === operation) !== true) return;
      this.passed += 1;
      if (this.passed === kill.nth) this.kill();
    };
    venue.heard.add(this.hear);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.isDown = true;
        venue.heard.delete(this.hear);
        if (signal === 'SIGKILL') resolve('killed');
        else resolve(this.stopping && code === 0 ? 'stopped' : 'failed');
      });
    });
  }

  get isRunning(): boolean {
    return !this.isDown;
  }

  /** What it printed last. */
  get lastWords(): string {
    return this.said;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** As an operator stops it. */
  async stop(): Promise<Ended> {
    this.stopping = true;
    this.child.kill('SIGTERM');
    const ended = await Promise.race([this.ended, pause(STOP_MS, undefined, { ref: false })]);
    if (ended !== undefined) return ended;
    this.kill();
    await this.ended;
    return 'failed';
  }

  /** Waits until it was killed, or `settled` says so of figures that have not changed for `stillMs`. False: neither in time. */
  async watch(settled: (figures: Figures) => boolean, stillMs: number, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    let last = '';
    let since = performance.now();
    while (performance.now() < until) {
      if (this.isDown) return true;
      const figures = await this.figures();
      if (figures !== undefined) {
        if (figures.text !== last || !settled(figures)) since = performance.now();
        last = figures.text;
        if (performance.now() - since >= stillMs) return true;
      }
      await Promise.race([this.ended, pause(LOOK_EVERY_MS)]);
    }
    return this.isDown;
  }

  private async figures(): Promise<Figures | undefined> {
    const url = /monitoring on (http:\S+)/.exec(this.said)?.[1];
    if (url === undefined) return undefined;
    try {
      const text = await (await fetch(`${url}/metrics`)).text();
      const valueOf = (name: string): number =>
        Number(new RegExp(`^policygate_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
      const moving = text
        .split('\n')
        .filter((line) => /^policygate_(inputs_total|executions_total|decisions_total|orders_)/.test(line))
        .join('\n');
      const figures = { queued: valueOf('orders_queued'), open: valueOf('orders_open'), unknown: valueOf('orders_unknown') };
      return Number.isNaN(figures.open) ? undefined : { ...figures, text: moving };
    } catch {
      return undefined;
    }
  }
}
