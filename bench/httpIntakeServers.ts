/** The servers that the HTTP benchmark asks, as users start them, and the documents that both programs start with. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNativeRegistry } from '../infra/native/registry';
import { registerSchemas } from '../src/bus/kafka/schemaRegistry';
import type { KafkaCluster } from './kafkaCluster';

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const POLICYGATE = join(__dirname, '../src/apps/cli/policygate.js');
/** Names the first program's `policygate-serve`; without it nothing is compared with it. */
export const FIRST_PROGRAM = process.env.POLICYGATE_FIRST_SERVE ?? '';
const RUN = 'bench';
const START_MS = 60_000;
const LOOK_EVERY_MS = 100;
const LAST_LINES = 2_000;

/** Few, since the first program writes all prices and positions with every decision. */
export const SYMBOLS: readonly string[] = Array.from({ length: 20 }, (_, index) => `S${String(index).padStart(2, '0')}`);

/**
 * No limit is reached but the orders per minute, which can be 10,000 at most: what is beyond is listed in the decision, and allowed in monitor
 * mode, so that every intent becomes an order.
 */
const POLICY = `version: "0.1"
defaults: {mode: monitor}
limits:
  exposure: {max_position_pct: 1.0, max_gross_exposure_x: 10.0, max_net_exposure_x: 10.0}
  loss: {daily_loss_limit_pct: 1.0, max_drawdown_pct: 1.0}
  execution: {max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 10000}
  kill_switch: {trip_on_rules: [], trip_after_n_violations: 10000, violation_window_seconds: 1}
`;
const PORTFOLIO = { equity: 1e9, start_of_day_equity: 1e9, peak_equity: 1e9, positions: {} };
const MARKET = { timestamp: '2026-02-24T09:30:00Z', prices: Object.fromEntries(SYMBOLS.map((symbol, at) => [symbol, 100 + at])) };

/** Writes them; answers with the flags that name them. */
export const startFiles = (directory: string): readonly string[] => {
  mkdirSync(directory, { recursive: true });
  const put = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  };
  return [
    ...['--policy', put('policy.yaml', POLICY)],
    ...['--portfolio', put('portfolio.json', JSON.stringify(PORTFOLIO))],
    ...['--market', put('market.json', JSON.stringify(MARKET))],
  ];
};

/** Everything in one process, on a directory of its own. */
export const serveEmbedded = async (files: readonly string[], dataDir: string): Promise<RunningServer> => {
  const server = new Child(process.execPath, [POLICYGATE, 'serve', ...files, '--data-dir', dataDir, '--port', '0']);
  return { url: await server.line(SERVING), stop: () => server.stop() };
};

const SERVING = /^serve on (http:[^,\s]+)/m;

/** The intake in front of a processor, two processes. */
export const serveKafka = async (files: readonly string[], cluster: KafkaCluster): Promise<RunningServer> => {
  const kafka = await cluster.freshTopics(1, 'LogAppendTime');
  const own = process.env.SCHEMA_REGISTRY_URL === undefined ? await startNativeRegistry() : undefined;
  const url = own?.url ?? process.env.SCHEMA_REGISTRY_URL ?? '';
  const env = {
    KAFKA_BROKERS: kafka.brokers.join(','),
    SCHEMA_REGISTRY_URL: url,
    POLICYGATE_TOPIC_PREFIX: kafka.topicPrefix,
    POLICYGATE_GROUP: kafka.topicPrefix,
    POLICYGATE_MONITORING_PORT: '0',
  };
  const started: Child[] = [];
  const start = (...args: readonly string[]): Child => {
    const child = new Child(process.execPath, [POLICYGATE, ...args, '--bus', 'kafka'], env);
    started.unshift(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of started) await child.stop();
    await own?.stop();
    await cluster.dropTopics(kafka);
  };
  try {
    await registerSchemas({ url }, kafka.topicPrefix);
    await start('processor').line(/^processor on (.*)/m);
    await start('runs', 'start', '--run', RUN, ...files).ended();
    return { url: await start('serve', '--run', RUN, '--port', '0').line(SERVING), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** The first program, with both of its logs; it flushes them and leaves the rest to the system. */
export const serveFirst = async (files: readonly string[], directory: string): Promise<RunningServer> => {
  const port = await freePort();
  const logs = ['--audit-log', join(directory, 'first-audit.jsonl'), '--exec-log', join(directory, 'first-exec.jsonl')];
  const server = new Child(FIRST_PROGRAM, [...files, ...logs, '--port', String(port)]);
  const url = `http://127.0.0.1:${port}`;
  const end = performance.now() + START_MS;
  while (performance.now() < end && server.isRunning) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.ok === true) return { url, stop: () => server.stop() };
    await sleep(LOOK_EVERY_MS);
  }
  await server.stop();
  throw server.failure('it did not answer /health');
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** A program, with what it said last. */
class Child {
  private readonly process: ChildProcess;
  private readonly exit: Promise<number>;
  private said = '';
  private heard: () => void = () => undefined;

  constructor(
    private readonly program: string,
    private readonly args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.process = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exit = new Promise((resolve) => {
      this.process.once('error', (error) => {
        this.said += error.message;
        resolve(-1);
      });
      this.process.once('close', (code, signal) => resolve(code ?? (signal === null ? -1 : 128)));
    });
    void this.exit.then(() => this.heard());
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said = (this.said + text).slice(-LAST_LINES);
        this.heard();
      });
    }
    process.once('exit', () => this.process.kill('SIGKILL'));
  }

  get isRunning(): boolean {
    return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** What a line says that it writes, when it does. */
  async line(pattern: RegExp): Promise<string> {
    const end = performance.now() + START_MS;
    for (;;) {
      const found = pattern.exec(this.said)?.[1];
      if (found !== undefined) return found;
      const left = end - performance.now();
      if (!this.isRunning || left <= 0) throw this.failure('it did not start');
      const heard = new Promise<void>((resolve) => (this.heard = resolve));
      await Promise.race([heard, sleep(left, undefined, { ref: false })]);
    }
  }

  async ended(): Promise<void> {
    if ((await this.exit) !== 0) throw this.failure('it failed');
  }

  async stop(): Promise<void> {
    if (this.isRunning) this.process.kill('SIGTERM');
    await this.exit;
  }

  failure(what: string): Error {
    return new Error(`${this.program} ${this.args.join(' ')}: ${what}: ${this.said.trim().split('\n').slice(-3).join(' | ')}`);
  }
}
