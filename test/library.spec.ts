/** The library's client against `policygate serve`, and against what may stand between the two. On Kafka: test/kafka/library.spec.ts; as an installed package: test/package. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { connect, decimal, Failure, formatDecimal, loadPolicy, readIntent, verifyAuditLog, verifyDecision } from '../src/index';
import type { Answer, Client, ConnectOptions, LogToVerify, OrderIntent } from '../src/index';
import { ROOT, temporaryFolder } from './support/program';
import { rudeProxy } from './support/rudeProxy';
import type { RudeProxy } from './support/rudeProxy';
import { DEMO_FILES, demoIntents, endServers, serving } from './support/serve';
import type { Served } from './support/serve';

jest.setTimeout(60_000);
const TOKEN = 'a-token-of-no-value-0123456789';
const folder = temporaryFolder();
const log = folder.path('audit.jsonl');
let served: Served;
let proxy: RudeProxy;
let client: Client;

beforeAll(async () => {
  // As many orders as there are tests.
  const policy = readFileSync(join(ROOT, 'scenarios', 'demo', 'policy.yaml'), 'utf8').replaceAll(
    /(max_orders_per_minute_\w+): \d+/g,
    '$1: 1000',
  );
  writeFileSync(folder.path('policy.yaml'), policy);
  const files = ['--policy', folder.path('policy.yaml'), '--data-dir', folder.path('data'), '--audit-log', log];
  served = await serving([...DEMO_FILES.slice(2), '--run', 'day-1', ...files], { POLICYGATE_TOKEN: TOKEN });
  proxy = await rudeProxy(served.url);
  client = await connect({ url: `${proxy.url}/`, token: TOKEN });
});
afterAll(async () => {
  await client.close();
  await proxy.close();
  served.child.kill('SIGTERM');
  await served.outcome;
  endServers();
  folder.remove();
});

const intents = demoIntents().map((document) => {
  const read = readIntent(document);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
});
const small = (id: string, more: Partial<OrderIntent> = {}): OrderIntent => {
  const [first] = intents;
  if (first === undefined) throw new Error('the demo has intents');
  return { ...first, intent_id: id, instrument: { symbol: 'MSFT', asset_class: 'equity' }, qty: decimal('0.1'), ...more };
};
const shown = (answer: Answer): readonly string[] => {
  if (answer.type !== 'decided') return [answer.type];
  const { decision, order, violations } = answer.decision;
  return [decision, order === null ? '-' : formatDecimal(order.qty), ...violations.map(({ rule_id }) => rule_id)];
};

describe('submit', () => {
  it('answers with the committed decision, exact and whole', async () => {
    const [first] = intents;
    if (first === undefined) throw new Error('the demo has intents');
    const answer = await client.submit(first);
    expect(answer).toMatchObject({ type: 'decided', runId: 'day-1', replayed: false });
    expect(shown(answer)).toEqual(['ALLOW', '20']);
    expect(answer.type === 'decided' && answer.decision.order).toEqual(first);
    expect(
      shown(await client.submit(small('cut', { qty: decimal('120'), instrument: { symbol: 'NVDA', asset_class: 'equity' } }))),
    ).toEqual(['MODIFY', '80', 'EXP-001']);
  });

  it('answers a repeat as the first time, and tells a conflict', async () => {
    const once = await client.submit(small('twice'));
    const again = await client.submit(small('twice'));
    expect(again).toEqual({ ...once, replayed: true });
    const seq = once.type === 'decided' ? once.seq : -1;
    expect(await client.submit(small('twice', { qty: decimal('0.2') }))).toEqual({ type: 'conflict', decidedSeq: seq });
  });

  it('keeps many on their way at once apart', async () => {
    const many = Array.from({ length: 8 }, (_, at) => small(`many-${at}`, { qty: decimal(`0.00${at + 1}`) }));
    const answers = await Promise.all(many.map((intent) => client.submit(intent)));
    expect(answers.map((answer) => (answer.type === 'decided' ? answer.decision.intent_id : answer.type))).toEqual(
      many.map(({ intent_id }) => intent_id),
    );
  });

  it('sends the same bytes, and its token, until they are answered', async () => {
    const seen = proxy.bodies.length;
    const body = JSON.stringify({ code: 'queue_full', detail: 'too many wait' });
    proxy.rudeness.push({ status: 429, headers: { 'retry-after': '1' }, body }, 'refuse', 'lose the answer');
    const started = performance.now();
    const answer = await client.submit(small('stubborn'));
    expect(performance.now() - started).toBeGreaterThan(1_000);
    // The third try was decided; it is the fourth that heard of it.
    expect(answer).toMatchObject({ type: 'decided', replayed: true });
    expect(proxy.bodies.slice(seen)).toHaveLength(4);
    expect(new Set(proxy.bodies.slice(seen)).size).toBe(1);
    expect(new Set(proxy.tokens)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it('goes on looking for the decision where the gate does not wait for it', async () => {
    const location = '/decisions/day-1/looked-for';
    // On the log by another hand, and acknowledged as the gate acknowledges what it has not decided.
    await client.submit(small('looked-for'));
    proxy.rudeness.push({ status: 202, headers: { location }, body: '{"status":"pending"}' });
    expect(shown(await client.submit(small('looked-for')))).toEqual(['ALLOW', '0.1']);
    proxy.rudeness.push({ status: 202, headers: { location: '/decisions/day-1/never' }, body: '{"status":"pending"}' });
    expect(await client.submit(small('never'), { waitMs: 600 })).toEqual({ type: 'pending' });
  });

  it('gives up in time, and says whether it may be tried again', async () => {
    const nobody = await connect({ url: 'http://127.0.0.1:1' });
    await expect(nobody.submit(small('x'), { waitMs: 300 })).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    const misspelt = await connect({ url: served.url.replace('http:', 'https:') });
    const unanswered: unknown = await misspelt.submit(small('x'), { waitMs: 300 }).catch((error: unknown) => error);
    expect(unanswered).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^[^\n]*: no answer \(\w+: wrong version number\);[^\n]*$/),
    });
    const body = JSON.stringify({ code: 'queue_full', detail: 'too many wait' });
    proxy.rudeness.push({ status: 429, headers: { 'retry-after': '5' }, body });
    await expect(client.submit(small('x'), { waitMs: 300 })).rejects.toMatchObject({ code: 'queue_full', retryable: true });
  });

  it('does not repeat what no repeat can better', async () => {
    const seen = proxy.bodies.length;
    const elsewhere = await connect({ url: proxy.url, token: TOKEN, run: 'no-such-run' });
    await expect(elsewhere.submit(small('x'))).rejects.toMatchObject({ code: 'run_not_found', retryable: false });
    const stranger = await connect({ url: proxy.url, token: 'wrong-wrong-wrong-wrong' });
    await expect(stranger.submit(small('x'))).rejects.toMatchObject({ code: 'unauthorized', retryable: false });
    proxy.rudeness.push({ status: 200, body: '<html>' });
    await expect(client.submit(small('x'))).rejects.toMatchObject({ code: 'unexpected_answer', retryable: false });
    expect(proxy.bodies).toHaveLength(seen + 3);
  });

  it('never follows to where an answer points', async () => {
    proxy.rudeness.push({ status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: '' });
    const seen = proxy.bodies.length;
    expect(shown(await client.submit(small('pointed')))).toEqual(['ALLOW', '0.1']);
    expect(proxy.bodies).toHaveLength(seen + 2);
  });

  it('sends nothing that is no intent', async () => {
    const seen = proxy.bodies.length;
    const wrong: readonly unknown[] = [{ qty: 10 }, { qty: decimal('0') }, { intent_id: '' }, { side: 'hold' }];
    for (const more of wrong)
      await expect(client.submit(small('x', more as Partial<OrderIntent>))).rejects.toMatchObject({ code: 'invalid_intent' });
    expect(proxy.bodies).toHaveLength(seen);
  });

  it('goes by the status where what stands before the gate answers in its own words', async () => {
    const html = { headers: { 'content-type': 'text/html' }, body: '<html>' };
    const seen = proxy.bodies.length;
    proxy.rudeness.push({ status: 502, ...html }, { status: 503, ...html }, { status: 504, ...html, body: '' });
    expect(shown(await client.submit(small('behind-a-proxy')))).toEqual(['ALLOW', '0.1']);
    expect(proxy.bodies).toHaveLength(seen + 4);
    proxy.rudeness.push({ status: 429, ...html, body: '{}' });
    await expect(client.submit(small('x'), { waitMs: 0 })).rejects.toMatchObject({ code: 'rate_limited', retryable: true });
    proxy.rudeness.push({ status: 502, ...html });
    await expect(client.submit(small('x'), { waitMs: 0 })).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    proxy.rudeness.push({ status: 403, ...html });
    await expect(client.submit(small('x'))).rejects.toMatchObject({ code: 'unexpected_answer', retryable: false });
  });

  it('gives up a server that never answers, or never ends, whatever the garbage collector took', async () => {
    const ENDLESS = 65_536;
    const silent = createServer((request, response) => {
      // One says nothing, one drips, one pours.
      if (request.url?.startsWith('/silent') === true) return;
      response.writeHead(200, { 'content-type': 'application/json' });
      if (request.url?.startsWith('/drip') === true) return void response.write('{');
      const pour = (): void => {
        while (response.write(' '.repeat(ENDLESS)));
      };
      response.on('drain', pour);
      pour();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const code = `
      const { connect, readIntent } = require(${JSON.stringify(join(ROOT, 'src', 'index.ts'))});
      setInterval(() => globalThis.gc(), 200).unref();
      const intent = readIntent(${JSON.stringify(demoIntents()[0])}).value;
      const ask = async (way) => {
        const client = await connect({ url: 'http://127.0.0.1:${port}/' + way });
        const started = performance.now();
        const error = await client.submit(intent, { waitMs: 0 }).catch((thrown) => thrown);
        return [way, error.code, error.retryable, performance.now() - started < 15_000];
      };
      Promise.all(['silent', 'drip', 'pour'].map(ask)).then((told) => process.stdout.write(JSON.stringify(told)));`;
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-r', 'esbuild-register', '-e', code], {
        cwd: ROOT,
        timeout: 40_000,
      });
      expect(JSON.parse(stdout)).toEqual([
        ['silent', 'unreachable', true, true],
        ['drip', 'unreachable', true, true],
        ['pour', 'unexpected_answer', false, true],
      ]);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('shows its token in no error and no print', async () => {
    for (const token of ['SECRET\n-TOKEN', 'SECRET TOKEN', 'SECRET\u00e9', '', 5]) {
      const error = await connect({ url: proxy.url, token: token as string }).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'invalid_token', message: expect.not.stringMatching(/SECRET|\n/) as string });
    }
    expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toContain(TOKEN);
  });

  it('tells in one line what plain JavaScript passed wrongly, and sends nothing', async () => {
    const seen = proxy.bodies.length;
    const line = (code: string, message: RegExp) => ({
      code,
      retryable: false,
      message: expect.stringMatching(message) as string,
    });
    const connections: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /^connect: expected options .*found undefined/],
      [{}, /^connect: expected `url`/],
      [{ url: proxy.url, tokn: 'x' }, /unknown option "tokn"; did you mean `token`\?/],
      [{ url: proxy.url, run: 5 }, /^run: expected text, found 5/],
      [{ run: 'day-1', environment: 'x' }, /^environment: expected an object, found a text/],
    ];
    for (const [options, message] of connections)
      await expect(connect(options as ConnectOptions)).rejects.toMatchObject(line('invalid_options', message));
    for (const waitMs of [NaN, Infinity, -1, '5', null])
      await expect(client.submit(small('x'), { waitMs: waitMs as number })).rejects.toMatchObject(
        line('invalid_options', /^waitMs: expected milliseconds from 0/),
      );
    await expect(client.submit(small('x'), null as never)).rejects.toMatchObject(line('invalid_options', /found null/));
    await expect(client.submit(null as never)).rejects.toMatchObject(
      line('invalid_intent', /^intent: expected an OrderIntent, found null/),
    );
    const unknown = line('invalid_intent', /^intent: limit_prise: unknown field; did you mean `limit_price`\?/);
    await expect(client.submit({ ...small('x'), limit_prise: '1' } as OrderIntent)).rejects.toMatchObject(unknown);
    expect(proxy.bodies).toHaveLength(seen);
    expect(loadPolicy(undefined as never)).toMatchObject({
      ok: false,
      error: [{ message: 'expected YAML as text or bytes, found undefined' }],
    });
    expect(readIntent(undefined as never)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/found undefined/) as string },
    });
  });

  it('ends what waits when it is closed', async () => {
    const ending = await connect({ url: 'http://127.0.0.1:1' });
    const waiting = expect(ending.submit(small('x'), { waitMs: 30_000 })).rejects.toMatchObject({ code: 'closed' });
    await ending.close();
    await waiting;
    await expect(ending.submit(small('x'))).rejects.toMatchObject({ code: 'closed' });
  });

  it('refuses an address that is none, and does not repeat what is in it', async () => {
    for (const url of ['127.0.0.1:8100', 'ftp://x', 'http://user:hunter2@127.0.0.1', '']) {
      const error = await connect({ url }).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'invalid_url', message: expect.not.stringContaining('hunter2') as string });
    }
  });
});

describe('verifyAuditLog', () => {
  it('finds the log of the gate whole, and the one digit that was changed', async () => {
    const text = readFileSync(log, 'utf8');
    const copy = folder.path('copy.jsonl');
    writeFileSync(copy, text);
    expect(await verifyAuditLog({ audit: [copy] })).toMatchObject({ ok: true, whole: true, faults: 0, firstFault: undefined });
    writeFileSync(copy, text.replace('"qty":20', '"qty":21'));
    const changed = await verifyAuditLog({ audit: [copy] });
    expect([changed.ok, changed.whole, changed.faults > 0, changed.firstFault?.where]).toEqual([false, false, true, `${copy}:1`]);
    await expect(verifyAuditLog({ audit: [folder.path('none')] })).rejects.toBeInstanceOf(Failure);
    expect(changed.warnings.join()).not.toContain('--');
  });

  it('tells in one line, in words of its own, what names no log', async () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /^verifyAuditLog: expected \{ audit/],
      [{}, /^audit: expected the path/],
      [{ audit: 'a.jsonl' }, /^audit: expected a list of paths, found a text$/],
      [{ audit: ['a'], policy: ['b'] }, /^verifyAuditLog: unknown option "policy"; expected one of audit, policies, .*onlyRun$/],
      [{ audit: ['a'], publicKey: 'b' }, /^checkpoints and publicKey: give both/],
      [{ audit: ['a'], onlyRun: true }, /^onlyRun says/],
      [{ audit: [log], run: 'no-such-run' }, /^run no-such-run: /],
    ];
    for (const [given, message] of wrong) {
      const error = await verifyAuditLog(given as LogToVerify).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ name: 'Failure', message: expect.stringMatching(message) as string });
    }
  });
});

it('verifyDecision says which of the two files is none', () => {
  expect(verifyDecision(undefined as never, undefined as never)).toEqual({
    ok: false,
    error: expect.stringMatching(/^public key: expected/),
  });
  expect(verifyDecision('{}', 'no key')).toEqual({ ok: false, error: expect.stringMatching(/^public key: /) });
  const key =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  expect(verifyDecision('{}', key)).toEqual({ ok: false, error: expect.stringMatching(/^evidence: /) });
});
