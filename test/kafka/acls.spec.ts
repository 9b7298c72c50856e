/**
 * A gate on a broker that trusts nobody: logins over TLS, passwords from files, and an authorizer. `topics acls` grants each role its rights
 * (src/bus/kafka/roles.ts); every role then does its work with a login of its own, one order goes from intent to fill, and whatever else a login might
 * try is tried, and refused by the broker.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { openClient } from '../../src/bus/kafka/client';
import { ROLES } from '../../src/bus/kafka/roles';
import { connect, readIntent } from '../../src/index';
import type { Client, OrderIntent } from '../../src/index';
import { attemptsOf, makeStrangers } from '../support/kafka/attempts';
import { describeKafka, describeNativeBroker } from '../support/kafka/kafkaUnderTest';
import { startSecuredBroker } from '../support/kafka/securedBroker';
import type { Login, SecuredBroker } from '../support/kafka/securedBroker';
import { parseLines, policygate, ROOT, temporaryFolder } from '../support/program';
import type { Outcome } from '../support/program';
import { DEMO_FILES, demoIntents, endServers, jsonOf, post, serving } from '../support/serve';
import { until } from '../support/services';

const RUN = 'desk-day';

/** The words of each command in a block of docs/deployment-kafka.md. */
const commandsIn = (block: string): readonly (readonly string[])[] => {
  const page = readFileSync(join(ROOT, 'docs', 'deployment-kafka.md'), 'utf8');
  const [, text = ''] = new RegExp(`\n\`\`\`sh ${block}\n([^]*?)\`\`\``).exec(page) ?? [];
  return [...text.matchAll(/^policygate (.*)$/gm)].map(([, words = '']) => words.split(' '));
};

const TOO_MUCH = {
  resourceType: AclResourceTypes.TOPIC,
  resourcePatternType: ResourcePatternTypes.LITERAL,
  principal: 'User:policygate-strategy',
  host: '*',
  operation: AclOperationTypes.READ,
  permissionType: AclPermissionTypes.ALLOW,
};

describeKafka('a gate with logins', () =>
  describeNativeBroker('TLS and ACLs', () => {
    jest.setTimeout(120_000);
    const folder = temporaryFolder();
    const running: { readonly child: ChildProcess; readonly ended: Promise<Outcome> }[] = [];
    let secured: SecuredBroker;
    beforeAll(async () => {
      secured = await startSecuredBroker();
    });
    afterAll(async () => {
      endServers();
      for (const { child } of running) child.kill('SIGTERM');
      await Promise.all(running.map(({ ended }) => ended));
      await secured.stop();
      folder.remove();
    });

    /** A command of this login; answers with its output where it ends with 0. */
    const as = async (login: Login, ...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await policygate(args, secured.env(login));
      expect([`${login}: ${args.join(' ')}`, code, code === 0 ? '' : `${stdout}${stderr}`]).toEqual([expect.anything(), 0, '']);
      for (const secret of secured.secrets) expect(stdout + stderr).not.toContain(secret);
      return stdout;
    };
    const service = async (role: 'processor' | 'gateway', ...args: readonly string[]): Promise<void> => {
      let monitoring = '';
      const env = { ...secured.env(role), POLICYGATE_MONITORING_PORT: '0', POLICYGATE_LOG_LEVEL: 'info' };
      const ended = policygate([role, ...args], env, (child) => {
        child.stderr?.on(
          'data',
          (chunk: Buffer) => (monitoring ||= /monitoring on (\S+)/.exec(chunk.toString('utf8'))?.[1] ?? ''),
        );
        running.push({ child, ended: Promise.resolve().then(() => ended) });
      });
      await until(`a ${role}`, () => monitoring !== '', 30_000);
      await until(`${role} ready`, async () => (await fetch(`${monitoring}/ready`)).status === 200, 30_000);
    };

    const withClient = async <T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> => {
      const client = await connect({ run: RUN, environment: secured.env(login) });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    };
    const demoIntent = (place: number): OrderIntent => {
      const read = readIntent(demoIntents()[place] ?? {});
      if (!read.ok) throw new Error(read.error.message);
      return read.value;
    };

    it('is set up: a super user makes the administrator, who makes the rest', async () => {
      const early = await policygate(['topics', 'create'], secured.env('admin'));
      expect([early.code, early.stderr]).toEqual([
        2,
        expect.stringMatching(/^Error: BUS_REFUSED at topic \S+ \(this user may not CREATE it\)/),
      ]);
      const [first = [], ...rest] = commandsIn('acls');
      expect(await as('root', ...first)).toMatch(/^permissions: \d+ granted\n$/);
      const lacking = await policygate(['topics', 'acls', '--verify', '--role', 'price-feed'], secured.env('admin'));
      const missing = `missing: User:policygate-price-feed: WRITE on topic ${secured.topicPrefix}market-prices; grant it with --apply`;
      expect([lacking.code, lacking.stdout.split('\n')]).toEqual([1, expect.arrayContaining([missing])]);
      let last = '';
      for (const command of rest) last = await as('admin', ...command);
      expect([rest.length, last]).toEqual([3, 'Every permission is as it must be.\n']);
    });

    it('does its work: from an intent to a fill, each by a login of its own', async () => {
      await Promise.all([service('processor'), service('gateway', '--broker', 'sim')]);
      await as('operator', 'runs', 'start', '--run', RUN, ...DEMO_FILES, '--actor', 'alice', '--reason', 'a day');
      writeFileSync(folder.path('prices.jsonl'), '{"symbol": "AAPL", "price": 201.25}\n');
      await as('price-feed', 'publish', 'prices', folder.path('prices.jsonl'));
      const [first, , , second] = demoIntents();
      writeFileSync(folder.path('intents.jsonl'), `${JSON.stringify(first)}\n`);
      const served = await serving(['--run', RUN], secured.env('intake'));
      await as('strategy', 'publish', 'intents', folder.path('intents.jsonl'), '--run', RUN);
      await until('the run is shown', async () => (await fetch(`${served.url}/runs/${RUN}`)).status === 200, 30_000);
      const decided = await post(`${served.url}/intent`, { intent: second });
      expect([decided.status, jsonOf(decided)]).toEqual([200, expect.objectContaining({ decision: 'ALLOW' })]);
      const answer = await withClient('client', (client) => client.submit(demoIntent(1)));
      expect(answer).toMatchObject({ type: 'decided', decision: { decision: 'ALLOW' } });
      await expect(withClient('strategy', (client) => client.submit(demoIntent(2)))).rejects.toThrow(
        /^BUS_REFUSED .*audit-records/,
      );
      const events = parseLines(await as('auditor', 'tail', 'execution-events', '--run', RUN, '--follow', '--limit', '6'));
      expect(events.map(({ value }) => (value as { event: string }).event).sort()).toEqual([
        ...['ORDER_FILLED', 'ORDER_FILLED', 'ORDER_FILLED', 'ORDER_SUBMITTED', 'ORDER_SUBMITTED', 'ORDER_SUBMITTED'],
      ]);
      const tripped = { action: 'trip', actor: 'alice', reason: 'that is enough' };
      expect((await post(`${served.url}/runs/${RUN}/kill-switch`, tripped)).status).toBe(200);
      served.child.kill('SIGTERM');
      expect((await served.outcome).code).toBe(0);
    });

    it('takes no intent from a client that may not read its answer any more', () =>
      withClient('client', async (client) => {
        const admin = openClient(secured.options('root')).admin();
        await admin.connect();
        const read = { ...TOO_MUCH, principal: 'User:policygate-client', resourceName: `${secured.topicPrefix}audit-records` };
        const outcome = (): Promise<string> =>
          client.submit(demoIntent(1), { waitMs: 500 }).then(
            ({ type }) => type,
            (error: unknown) => (error instanceof Error ? error.message : ''),
          );
        await admin.deleteAcls({ filters: [read] });
        await until('a refusal', async () => /^not_ready: .* nothing was sent: BUS_REFUSED /.test(await outcome()), 20_000);
        await admin.createAcls({ acl: [read] });
        await until('an answer', async () => (await outcome()) === 'decided', 20_000);
        await admin.disconnect();
      }));

    it('is looked after: checkpoints, audit, dead letters, what an operator sees', async () => {
      const signed = async (): Promise<void> => {
        await as('signer', 'checkpoint', 'keygen', '--name', 'desk', '--out', folder.path('gate.key'));
        await as('signer', 'checkpoint', 'publish', '--key', folder.path('gate.key'));
        await as('auditor', 'checkpoint', 'verify', '--public-key', folder.path('gate.key.pub'));
      };
      const [orders] = await Promise.all([
        as('operator', 'orders', 'list', '--all'),
        as('dead-letters', 'dlq', 'list'),
        as('auditor', 'replay'),
        signed(),
      ]);
      expect(orders).toContain('FILLED');
    });

    it('has rights that can be printed, and shows what somebody has beyond them', async () => {
      const admin = openClient(secured.options('root')).admin();
      await admin.connect();
      await admin.createAcls({ acl: [{ ...TOO_MUCH, resourceName: `${secured.topicPrefix}decisions` }] });
      await admin.disconnect();
      const [script, verified] = await Promise.all([
        as('auditor', ...(commandsIn('acls-script')[0] ?? []).slice(0, -2)),
        policygate(['topics', 'acls', '--verify'], secured.env('admin')),
      ]);
      expect(script.match(/^add .*$/gm)).toHaveLength(6);
      const line = `more than needed: User:policygate-strategy: ALLOW READ on topic ${secured.topicPrefix}decisions`;
      const todo = 'take it away with kafka-acls --remove, or name its role';
      expect([verified.code, verified.stdout]).toEqual([1, `${line}; ${todo}\n`]);
      await admin.connect();
      await admin.deleteAcls({ filters: [{ ...TOO_MUCH, resourceName: `${secured.topicPrefix}decisions` }] });
      await admin.disconnect();
    });

    it('has a doctor that says what a login lacks, and what it has too much, in one line each', async () => {
      const [healthy, any, { code, stdout }] = await Promise.all([
        as('gateway', ...(commandsIn('doctor')[0] ?? [])),
        as('strategy', 'doctor'),
        policygate(['doctor', '--as', 'signer'], secured.env('auditor')),
      ]);
      expect(healthy).toContain('ok   permissions: enough for gateway\n');
      expect(any).toContain('ok   permissions: enough for strategy; `--as ROLE` says what another one lacks\n');
      const name = (topic: string): string => `${secured.topicPrefix}${topic}`;
      const grant = 'an administrator grants it: `policygate topics acls --role signer --apply`';
      const lines = stdout.split('\n').filter((line) => line.includes('permissions: '));
      expect([code, lines]).toEqual([
        1,
        [
          `FAIL permissions: signer lacks WRITE on topic ${name('audit-checkpoints')}; ${grant}`,
          `FAIL permissions: signer lacks WRITE on transactional id ${name('policygate-checkpoints-')}*; ${grant}`,
          expect.stringMatching(/^warn permissions: more than signer needs: READ on topic \S+order-intents, /),
        ],
      ]);
    });

    it('refuses each login everything that is not its work', async () => {
      for (const { child } of running.splice(0)) child.kill('SIGKILL');
      await makeStrangers(secured);
      const wrong: string[] = [];
      const counts = { done: 0, refused: 0 };
      const attempts = await Promise.all(ROLES.map((role) => attemptsOf(secured, role)));
      for (const { what, allowed, outcome } of attempts.flat()) {
        const expected = allowed ? 'done' : 'refused';
        counts[expected] += 1;
        if (outcome !== expected) wrong.push(`${what}: ${outcome}, expected ${expected}`);
      }
      expect(wrong).toEqual([]);
      // A right more or less is a change of the tables in docs/deployment-kafka.md and docs/security.md, too.
      expect(counts).toEqual({ done: 76, refused: 881 });
    });
  }),
);
