import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '../failure';
import { NowClient, Unreachable } from './nowClient';
import type { RowDocument } from './nowDocuments';
import { printNow } from './watchNow';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = readonly [status: number, body: unknown];

/** A server that answers what `answerOf` says, or with 404. */
const listening = async (
  answerOf: (path: string, token: string | undefined) => Answer | undefined,
  port = 0,
): Promise<string> => {
  const server = createServer((request, response) => {
    const [status, body] = answerOf(request.url ?? '', request.headers.authorization) ?? [404, { detail: 'nothing is there' }];
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const rows = (from: number, end: number, clock: number): readonly RowDocument[] =>
  Array.from({ length: end - from }, (_, at) => ({ seq: from + at, kind: 'DECISION', clock_ms: clock, decision: 'ALLOW' }));

/** A journal of `length()` records, which grows. */
const journal =
  (length: () => number, asked: string[] = [], clock = Date.now()) =>
  (path: string): Answer | undefined => {
    asked.push(path);
    const [, from, limit] = /from_seq=(\d+)&limit=(\d+)/.exec(path) ?? [];
    if (path === '/status') return [200, { default_run: 'r/1', ready: true, problems: [], feed_lag_ms: null, waiting: 0 }];
    if (path === '/runs/r%2F1') return [200, { next_seq: length() }];
    if (path === '/runs/r%2F1/portfolio')
      return [200, '{"run_id":"r/1","equity":"0.123456789012345678","limits":[],"strategies":[],"positions":[],"decided":{}}'];
    if (path === '/runs/r%2F1/kill-switch') return [200, { active: false, last: null }];
    if (from === undefined) return undefined;
    return [200, { rows: rows(Number(from), Math.min(length(), Number(from) + Number(limit)), clock), next_seq: length() }];
  };

it('reads a long journal from its end back as far as it is shown, and from then on what came since', async () => {
  let length = 12_000;
  const asked: string[] = [];
  const url = await listening(journal(() => length, asked));
  const client = new NowClient({ url, run: undefined, token: undefined });
  const now = await client.look();
  expect(now.rate.last[0]?.seq).toBe(11_999);
  expect(pagesOf(asked)).toEqual(['7000', '2000', '0']);
  const counted = now.rate.perMinute(Date.now()).map((minute) => minute?.ALLOW);
  expect(counted.reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(12_000);
  length = 17_500;
  asked.length = 0;
  expect((await client.look()).rate.last[0]?.seq).toBe(17_499);
  expect(pagesOf(asked)).toEqual(['12000', '17000']);
});
const pagesOf = (asked: readonly string[]): readonly (string | undefined)[] =>
  asked.filter((path) => path.includes('journal')).map((path) => /from_seq=(\d+)/.exec(path)?.[1]);

it('leaves what is older than it shows', async () => {
  const asked: string[] = [];
  const url = await listening(journal(() => 12_000, asked, Date.now() - 2 * 3_600_000));
  const { rate } = await new NowClient({ url, run: undefined, token: undefined }).look();
  expect(pagesOf(asked)).toEqual(['7000']);
  expect(rate.perMinute(Date.now())).not.toContain(undefined);
});

it('hands on every digit', async () => {
  const url = await listening(journal(() => 0));
  const { texts } = await new NowClient({ url, run: undefined, token: undefined }).look();
  expect(texts.portfolio).toContain('"equity":"0.123456789012345678"');
});

it.each<readonly [Answer, typeof Failure | typeof Unreachable, RegExp]>([
  [[401, { detail: 'a token is needed' }], Failure, /: a token is needed; set POLICYGATE_TOKEN, or give --token-file$/],
  [[403, { detail: 'not yours' }], Failure, /\/status: not yours$/],
  [[503, { detail: 'the server stops' }], Unreachable, /: the server stops$/],
  [[429, 'slow down'], Unreachable, /: it answers 429$/],
  [[200, '<html>'], Failure, /what answers there is no policygate server$/],
])('takes %j for what it is', async (answer, kind, line) => {
  const url = await listening(() => answer);
  const error: unknown = await new NowClient({ url, run: undefined, token: undefined }).look().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).message).toMatch(line);
});

it('sends its token', async () => {
  const seen = new Set<string | undefined>();
  const answerOf = journal(() => 1);
  const url = await listening((path, token) => {
    seen.add(token);
    return answerOf(path);
  });
  await new NowClient({ url, run: undefined, token: 'secret' }).look();
  expect([...seen]).toEqual(['Bearer secret']);
});

it('looks at the only active run where the server has none of its own, and asks where there are several', async () => {
  let runs = [
    { run_id: 'old', status: 'ENDED' },
    { run_id: 'r/1', status: 'ACTIVE' },
  ];
  const answerOf = journal(() => 1);
  const url = await listening((path) =>
    path === '/status' ? [200, { default_run: null }] : path === '/runs' ? [200, { runs }] : answerOf(path),
  );
  const client = new NowClient({ url, run: undefined, token: undefined });
  expect((await client.look()).portfolio.run_id).toBe('r/1');
  runs = [...runs, { run_id: 'r-2', status: 'ACTIVE' }];
  await expect(client.look()).rejects.toThrow(/^2 runs are active; say which one with --run$/);
});

it('survives a restart of the server, and says so', async () => {
  const url = await listening(journal(() => 1));
  const port = Number(new URL(url).port);
  const [out, err]: [string[], string[]] = [[], []];
  const stopping = new AbortController();
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text), interactive: false };
  const client = new NowClient({ url, run: undefined, token: undefined });
  const printing = printNow({ client, intervalMs: 20, json: true, color: false, stopping }, io);
  const seen = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await seen(() => out.length > 1);
  const [server] = servers.splice(0);
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  await seen(() => err.length > 0);
  const before = out.length;
  await listening(
    journal(() => 1),
    port,
  );
  await seen(() => out.length > before);
  stopping.abort();
  await printing;
  expect(err[0]).toMatch(/does not answer \(\w+\); trying again\n$/);
  expect(err.at(-1)).toBe('It answers again\n');
});
