/** `policygate serve` as a child process, and requests to it. */
import type { ChildProcess } from 'node:child_process';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policygate, ROOT } from './program';
import type { Json, Outcome } from './program';
import { until } from './services';

const demo = (name: string): string => join('scenarios', 'demo', name);

/** What a run of the demo begins with. */
export const DEMO_FILES = [
  '--policy',
  demo('policy.yaml'),
  '--portfolio',
  demo('portfolio.json'),
  '--market',
  demo('market.json'),
];

/** The intents of the demo. */
export const demoIntents = (): readonly Json[] =>
  readFileSync(join(ROOT, demo('intents.jsonl')), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** The line that it says when it is ready. */
  readonly line: string;
  readonly run: string;
  /** When it has ended. */
  readonly outcome: Promise<Outcome>;
  readonly stderr: () => string;
}

const running = new Set<ChildProcess>();

/** For `afterEach`: what a failed test left running. */
export const endServers = (): void => {
  for (const child of running) child.kill('SIGKILL');
};

/** Starts it on a free port, and waits until it is ready. */
export const serving = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> => {
  let child: ChildProcess | undefined;
  let stderr = '';
  let ended = false;
  const outcome = policygate(['serve', '--port', '0', ...args], env, (started) => {
    child = started;
    running.add(started);
    started.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  }).finally(() => {
    ended = true;
    if (child !== undefined) running.delete(child);
  });
  const line = (): string | undefined => /^serve on .*$/m.exec(stderr)?.[0];
  await until('ready', () => line() !== undefined || ended, 30_000);
  const said = line();
  if (child === undefined || said === undefined) throw new Error(`not started: ${stderr}`);
  const [, url = ''] = /^serve on (\S+),/.exec(said) ?? [];
  const [, run = ''] = /; run ([^;]+)/.exec(said) ?? [];
  return { child, url, line: said, run, outcome, stderr: () => stderr };
};

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request over a connection of this agent. Rejects where the connection breaks. */
export const ask = (
  agent: Agent,
  url: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const type =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { agent, method, headers: { ...type, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.complete) resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        else reject(new Error('the answer was cut off'));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Without connections that are kept. */
const ONE_EACH = new Agent({ keepAlive: false });

export const get = (url: string, headers: Record<string, string> = {}): Promise<Answered> => ask(ONE_EACH, url, { headers });

export const post = (url: string, body: Json, headers: Record<string, string> = {}): Promise<Answered> =>
  ask(ONE_EACH, url, { method: 'POST', body: JSON.stringify(body), headers });

export const jsonOf = ({ text }: Pick<Answered, 'text'>): Json => JSON.parse(text) as Json;
