/** The library's client against `policygate serve`, and against what may stand between the two. On Kafka: test/kafka/library.spec.ts; as an installed package: test/package. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, decimal, formatDecimal, readIntent, verifyAuditLog, verifyDecision } from '../src/index';
import type { Answer, Client, OrderIntent } from '../src/index';
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
    await expect(verifyAuditLog({ audit: [folder.path('none')] })).rejects.toMatchObject({ name: 'Failure' });
  });
});

it('verifyDecision says which of the two files is none', () => {
  expect(verifyDecision('{}', 'no key')).toEqual({ ok: false, error: expect.stringMatching(/^public key: /) });
  const key =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
  expect(verifyDecision('{}', key)).toEqual({ ok: false, error: expect.stringMatching(/^evidence: /) });
});
