/** The services under test as child processes: started, killed, paused, and started again when they end by themselves. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardProcess } from '../../infra/native/guardian';

export type Service = 'processor' | 'gateway' | 'serve';

export interface Member {
  readonly name: string;
  readonly service: Service;
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
  /** Undefined: it runs. */
  outcome: Ended | undefined;
  /** We ended it ourselves. */
  expected: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line that it wrote. */
  readonly lastLine: string;
}

export interface FleetOptions {
  /** policygate.js. */
  readonly program: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of `serve`, where one is started. */
  readonly serve?: () => readonly string[];
}

const STOP_MS = 15_000;

export class Fleet {
  readonly members = new Set<Member>();
  /** Ends that nobody has asked for: a service that gave up. */
  readonly surprises: string[] = [];
  private started = 0;

  constructor(private readonly options: FleetOptions) {}

  start(service: Service, faultPoint?: string): Member {
    const name = `${service}-${++this.started}`;
    const file = join(this.options.folder, `${name}.log`);
    const log = createWriteStream(file);
    const child = spawn(process.execPath, [this.options.program, ...this.argumentsOf(service)], {
      cwd: this.options.folder,
      env: {
        ...process.env,
        ...this.options.env,
        KAFKA_CLIENT_ID: name,
        ...(faultPoint === undefined ? {} : { POLICYGATE_FAULT_POINT: faultPoint }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    // Nothing of a campaign outlives it, however it ends.
    const guardian = child.pid === undefined ? undefined : guardProcess(child.pid, undefined);
    let tell: (ended: Ended) => void = () => undefined;
    const ended = new Promise<Ended>((resolve) => (tell = resolve));
    const member: Member = { name, service, child, ended, outcome: undefined, expected: faultPoint !== undefined };
    child.on('close', (code, signal) => {
      guardian?.dismiss();
      log.end(() => {
        const lastLine = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
        member.outcome = { code, signal, lastLine };
        this.members.delete(member);
        // One that was told to stop while it was still starting ends by the signal itself.
        const asked = member.expected && (code === 0 || signal === 'SIGKILL' || signal === 'SIGTERM');
        if (!asked) this.surprises.push(`${name} ended with ${signal ?? code ?? 'nothing'}: ${lastLine}`);
        tell(member.outcome);
      });
    });
    this.members.add(member);
    return member;
  }

  /** Starts what is missing. */
  fill(processors: number, gateways: number): void {
    const missing = (service: Service, wanted: number): number => wanted - this.running(service).length;
    for (let left = missing('processor', processors); left > 0; left--) this.start('processor');
    for (let left = missing('gateway', gateways); left > 0; left--) this.start('gateway');
  }

  running(service?: Service): readonly Member[] {
    return [...this.members].filter((member) => service === undefined || member.service === service);
  }

  private argumentsOf(service: Service): readonly string[] {
    switch (service) {
      case 'processor':
        return ['processor', '--bus', 'kafka'];
      case 'gateway':
        return ['gateway', '--broker', 'sim', '--bus', 'kafka'];
      case 'serve':
        return ['serve', ...(this.options.serve?.() ?? [])];
    }
  }

  async kill(member: Member): Promise<void> {
    member.expected = true;
    member.child.kill('SIGKILL');
    await member.ended;
  }

  /** SIGTERM; false: it did not end in time, and was killed. */
  async stop(member: Member): Promise<boolean> {
    member.expected = true;
    member.child.kill('SIGTERM');
    const stopped = await Promise.race([member.ended.then(() => true), sleep(STOP_MS, false, { ref: false })]);
    if (!stopped) await this.kill(member);
    return stopped;
  }

  async stopAll(): Promise<void> {
    const stopped = await Promise.all([...this.members].map(async (member) => ({ member, ok: await this.stop(member) })));
    for (const { member, ok } of stopped) if (!ok) this.surprises.push(`${member.name} did not stop within ${STOP_MS / 1_000} s`);
  }

  killAll(): void {
    for (const member of this.members) {
      member.expected = true;
      member.child.kill('SIGKILL');
    }
  }
}
