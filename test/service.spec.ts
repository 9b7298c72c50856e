/** `policygate processor` and `gateway` on the embedded bus as processes: drained, stopped by a signal, killed at every point, refused. */
import type { ChildProcess } from 'node:child_process';
import { openSession } from '../src/apps/session';
import { ORDER_INTENTS } from '../src/contracts/topics';
import { GATEWAY_FAULT_POINTS } from '../src/gateway/gateway';
import { PROCESSOR_FAULT_POINTS } from '../src/processor/processor';
import { policygate, temporaryFolder } from './support/program';
import type { Outcome } from './support/program';
import { expectExactlyOnce, expectOneOrderEach, until } from './support/services';
import { policyText, TestShard } from './support/shard';
import { intentOf } from './support/situations';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const INTENTS = 40;
const ids = Array.from({ length: INTENTS }, (_, number) => `i-${number}`);

/** A data directory with a run and its intents, not folded yet. */
const publish = async (directory: string): Promise<void> => {
  const { bus, codec } = await openSession(directory);
  const shard = new TestShard();
  const feeder = await bus.writer('test-feeder');
  const intents = ids.map((intent_id) => ({
    ...shard.intent(intentOf({ intent_id })),
    value: codec.encodeValue(ORDER_INTENTS, intentOf({ intent_id })),
  }));
  await feeder.commit([shard.started({ policy_text: policyText() }), shard.price('AAPL', '200'), ...intents]);
  await bus.close();
};

/** Fails unless the directory holds one decision for each intent, one end for each order, and follows again from its inputs. */
const check = async (directory: string): Promise<void> => {
  const { bus, codec } = await openSession(directory);
  try {
    await expectExactlyOnce(
      bus,
      codec,
      ids.map((id) => `r-1/${id}`),
    );
    await expectOneOrderEach(bus, codec);
  } finally {
    await bus.close();
  }
};

const both = (directory: string, ...args: readonly string[]): readonly string[] => [
  'processor',
  ...['--data-dir', directory, '--gateway', 'sim'],
  ...args,
];
const lastLine = ({ stderr }: Outcome): string => stderr.trim().split('\n').at(-1) ?? '';

/** Starts a service and waits until it is ready; `outcome` comes when it has ended. */
const service = async (
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly url: string; readonly outcome: Promise<Outcome> }> => {
  let child: ChildProcess | undefined;
  let url = '';
  const outcome = policygate(args, { POLICYGATE_MONITORING_PORT: '0', POLICYGATE_BATCH_RECORDS: '3' }, (started) => {
    child = started;
    started.stderr?.on('data', (chunk: Buffer) => (url ||= /monitoring on (\S+)/.exec(chunk.toString('utf8'))?.[1] ?? ''));
  });
  await until('an address', () => url !== '', 30_000);
  await until('ready', async () => (await fetch(`${url}/ready`)).status === 200, 30_000);
  if (child === undefined) throw new Error('not started');
  return { child, url, outcome };
};

it('drains: decides and trades what is there, and ends', async () => {
  const directory = folder.path('drained');
  await publish(directory);
  const { code, stdout } = await policygate(both(directory, '--drain'));
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^processor and gateway ended \(drained\): \d+ inputs, 40 decisions /),
  ]);
  await check(directory);
  expect((await policygate(both(directory, '--drain'))).stdout).toContain(' 0 decisions, 0 execution events');
  await check(directory);
}, 90_000);

it.each(['SIGTERM', 'SIGINT'] as const)(
  'serves until %s: ready meanwhile, and clean at the end',
  async (signal) => {
    const directory = folder.path(signal);
    await publish(directory);
    const { child, url, outcome } = await service(both(directory));
    await until('decided', async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /decisions_total\{verdict="DENY"\} [1-9]/.test(metrics);
    });
    const startedAt = Date.now();
    child.kill(signal);
    const { code, stdout } = await outcome;
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^processor and gateway ended \\(${signal}\\): \\d+ inputs`)),
    ]);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    await policygate(both(directory, '--drain'));
    await check(directory);
  },
  90_000,
);

it('killed at every point, one after the other, loses nothing and does nothing twice', async () => {
  const directory = folder.path('killed');
  await publish(directory);
  for (const point of [...PROCESSOR_FAULT_POINTS, ...GATEWAY_FAULT_POINTS]) {
    const killed = await policygate(both(directory, '--drain'), {
      POLICYGATE_BATCH_RECORDS: '3',
      POLICYGATE_FAULT_POINT: point,
    });
    expect([point, killed.signal]).toEqual([point, 'SIGKILL']);
  }
  expect((await policygate(both(directory, '--drain'))).code).toBe(0);
  await check(directory);
}, 180_000);

it('keeps others out of the directory, in one line', async () => {
  const directory = folder.path('locked');
  await publish(directory);
  const { child, outcome } = await service(both(directory));
  const second = await policygate(['gateway', '--data-dir', directory]);
  expect([second.code, second.stdout, lastLine(second)]).toEqual([2, '', expect.stringContaining('BUS_LOCKED')]);
  child.kill('SIGTERM');
  expect((await outcome).code).toBe(0);
}, 90_000);

it('refuses a gateway in the same process on Kafka', async () => {
  const args = ['processor', '--bus', 'kafka', '--gateway', 'sim'];
  const refused = await policygate(args, { KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' });
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain('start `policygate gateway` beside the processor');
});
