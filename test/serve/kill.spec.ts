/**
 * Killed under load, again and again: whatever a client was told is on the log, once, as it was told; nothing is decided twice; and the log still proves
 * itself. Clients do what clients do: what was not answered they send again, under the same id.
 */
import { Agent } from 'node:http';
import { openSession } from '../../src/apps/session';
import { hexOf } from '../../src/contracts/json/hex';
import { decisionText } from '../../src/contracts/documents/writeDocument';
import { AUDIT_RECORDS, ORDER_INTENTS } from '../../src/contracts/topics';
import { recordsTo } from '../../src/processor/readTo';
import { policygate, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { ask, DEMO_FILES, demoIntents, endServers, serving } from '../support/serve';
import { until } from '../support/services';

jest.setTimeout(90_000);

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(endServers);

const CLIENTS = 200;
const KILLS = 4;
const [INTENT = {}] = demoIntents();

/** What clients were told. */
class Told {
  /** Texts of decisions, by intent. */
  readonly decisions = new Map<string, string>();
  /** Intents that are on the log, as 202 said. */
  readonly pending = new Set<string>();
  readonly unexpected: string[] = [];
  answered = 0;
  broken = 0;
}

/** Sends one intent after the other until it is told to stop; each until it is answered. */
const client = async (number: number, url: () => string, told: Told, goesOn: () => boolean): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  // Every tenth waits for nothing.
  const wait = number % 10 === 0 ? '?wait=0' : '';
  for (let sent = 0; goesOn(); sent++) {
    const intent: Json = { ...INTENT, intent_id: `c-${number}-${sent}`, qty: 0.001 };
    const body = JSON.stringify({ intent });
    for (let answered = false; !answered && goesOn();) {
      try {
        const { status, text } = await ask(agent, `${url()}/intent${wait}`, { method: 'POST', body });
        answered = status === 200 || status === 202;
        if (status === 200) told.decisions.set(String(intent.intent_id), text);
        else if (status === 202) told.pending.add(String(intent.intent_id));
        else if (![429, 503].includes(status)) told.unexpected.push(`${status} ${text}`);
        if (answered) told.answered += 1;
      } catch {
        told.broken += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
  agent.destroy();
};

/** Without what is measured, which is no part of what was decided. */
const withoutTimes = (text: string): string => text.replace(/"eval_ms":(?:[0-9.e-]+|null),/, '');

it('loses nothing that was answered, and decides nothing twice', async () => {
  const directory = folder.path('killed');
  const args = ['--data-dir', directory, '--rate-limit', '0'];
  let served = await serving([...DEMO_FILES, ...args]);
  const { run } = served;
  const told = new Told();
  let goesOn = true;
  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    client(
      number,
      () => served.url,
      told,
      () => goesOn,
    ),
  );
  for (let kill = 0; kill < KILLS; kill++) {
    const before = told.answered;
    await until('under load', () => told.answered > before + 400, 30_000);
    served.child.kill('SIGKILL');
    await served.outcome;
    served = await serving(args);
    expect(served.run).toBe(run);
  }
  const before = told.answered;
  await until('answered again', () => told.answered > before + 200, 30_000);
  goesOn = false;
  await Promise.all(clients);
  served.child.kill('SIGTERM');
  expect((await served.outcome).code).toBe(0);

  const decided = new Map<string, string>();
  const intents = new Set<string>();
  const { bus, codec } = await openSession(directory);
  for await (const { value } of recordsTo(bus, { topic: ORDER_INTENTS, partition: 0, offset: 0 })) {
    const intent = codec.decodeValue(ORDER_INTENTS, value);
    if (intent.ok) intents.add(intent.value.intent_id);
  }
  const twice: string[] = [];
  for await (const { value, headers } of recordsTo(bus, { topic: AUDIT_RECORDS, partition: 0, offset: 0 })) {
    const audit = codec.decodeAudit(value);
    if (!audit.ok) throw new Error(`an audit record cannot be read: ${hexOf(value ?? new Uint8Array())}`);
    const { decision, intent } = audit.value.record;
    if (decision === null || intent === null) continue;
    if (decided.has(intent.intent_id)) twice.push(intent.intent_id);
    decided.set(intent.intent_id, decisionText(decision, Number(headers.eval_ms)));
  }
  await bus.close();
  expect(twice).toEqual([]);
  expect(told.unexpected).toEqual([]);
  expect([...told.pending].filter((id) => !intents.has(id) || !decided.has(id))).toEqual([]);
  const different = [...told.decisions].filter(([id, text]) => withoutTimes(decided.get(id) ?? '') !== withoutTimes(text));
  expect(different.slice(0, 3)).toEqual([]);
  // Kills that met nobody would prove nothing.
  expect(told.broken).toBeGreaterThan(CLIENTS);
  expect([told.decisions.size, told.pending.size].map((size) => size > 50)).toEqual([true, true]);
  for (const command of ['verify', 'replay']) {
    const { code, stdout, stderr } = await policygate([command, '--data-dir', directory]);
    expect([command, code, code === 0 ? '' : stdout + stderr]).toEqual([command, 0, '']);
  }
});
