import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestLog, until } from '../../../test/support/services';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { verifyShard } from '../../audit/checkpoint/verifyCheckpoints';
import { AUDIT_CHECKPOINTS } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import type { Bus } from '../../processor/bus';
import { ServiceMetrics } from '../service/serviceMetrics';
import { CheckpointService } from './checkpointService';

const folder = mkdtempSync(join(tmpdir(), 'policygate-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = SigningKey.generate('risk.example/gate');

const serviceOn = (shard: TestShard, bus: Bus, signingKey = key) => {
  const [metrics, log, file] = [new ServiceMetrics(), new TestLog(), join(folder, `${Math.random()}.jsonl`)];
  const service = new CheckpointService({
    ...{ bus, codec: shard.codec, key: signingKey, everyRecords: 2, everySeconds: 1, file, metrics, log, leastBackoffMs: 1 },
  });
  const figures = async (): Promise<string> =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('policygate_checkpoint'))
      .join('\n');
  return { service, log, file, figures };
};

const trading = async (): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started(), shard.price('AAPL', '200'));
  return shard;
};
let intents = 0;
const decide = (shard: TestShard): Promise<void> =>
  shard.feed(shard.intent(intentOf({ intent_id: `i-${++intents}`, timestamp: '2026-02-24T09:30:00Z' })));

it('signs what is decided beside it, and the rest when it is stopped', async () => {
  const shard = await trading();
  const { service, file, figures } = serviceOn(shard, shard.bus);
  service.start();
  for (let n = 0; n < 4; n++) await decide(shard);
  await until('signed', async () => (await shard.all(AUDIT_CHECKPOINTS)).length >= 2);
  await decide(shard);
  await service.stop();
  const { records, last, faults } = await verifyShard({
    bus: shard.bus,
    codec: shard.codec,
    key: key.publicKey,
    partition: 0,
    filed: undefined,
  });
  expect({ size: last?.size, faults }).toEqual({ size: records, faults: [] });
  expect(await figures()).toContain(`policygate_checkpoint_tree_size{shard="0"} ${records}`);
  expect(await figures()).toMatch(/policygate_checkpoint_timestamp_seconds\{shard="0"\} 1[0-9]{9}/);
  expect(await figures()).toContain('policygate_checkpoint_failures_total 0');
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength((await shard.all(AUDIT_CHECKPOINTS)).length);
});

it('fails without stopping a decision, says so, and tries again', async () => {
  const shard = await trading();
  let failures = 3;
  const bus: Bus = {
    shards: 1,
    writer: (id) => (failures-- > 0 ? Promise.reject(new BusError('BUS_FAILED', 'checkpoints')) : shard.bus.writer(id)),
    reader: (from) => shard.bus.reader(from),
    endOffset: (topic, partition) => shard.bus.endOffset(topic, partition),
    offsetAt: (topic, partition, time) => shard.bus.offsetAt(topic, partition, time),
    close: () => shard.bus.close(),
  };
  const { service, figures, log } = serviceOn(shard, bus);
  service.start();
  for (let n = 0; n < 3; n++) await decide(shard);
  expect(await shard.decisions()).toHaveLength(3);
  await until('signed', async () => (await shard.all(AUDIT_CHECKPOINTS)).length > 0);
  await service.stop();
  expect(await figures()).toContain('policygate_checkpoint_failures_total 3');
  expect(log.lines.filter(({ message }) => message === 'no checkpoint was made; decisions go on')).toHaveLength(3);
});

it('signs nothing behind another key, and ends when it is told to', async () => {
  const shard = await trading();
  const first = serviceOn(shard, shard.bus);
  first.service.start();
  await first.service.stop();
  const before = await shard.all(AUDIT_CHECKPOINTS);
  const other = serviceOn(shard, shard.bus, SigningKey.generate(key.name));
  other.service.start();
  await decide(shard);
  await until('refused', async () => (await other.figures()).includes('failures_total 2'));
  await other.service.stop();
  expect(await shard.all(AUDIT_CHECKPOINTS)).toEqual(before);
  expect(before).toHaveLength(1);
});
