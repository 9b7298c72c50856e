import { Registry } from 'prom-client';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { settled, stopServices, testService, until } from '../../../test/support/services';
import { ORDER_INTENTS } from '../../contracts/topics';
import { ShardSampler } from './shardSampler';
import { processorWork } from './works';

let sampler: ShardSampler | undefined;
afterEach(async () => {
  await stopServices();
  await sampler?.stop();
});

it('shows how far a shard is behind, and nothing of it where the bus does not answer', async () => {
  const shard = new TestShard();
  const registry = new Registry();
  const { codec, bus } = shard;
  await shard.publish(shard.started(), shard.price('AAPL', '200'), shard.intent(intentOf()));
  const processor = testService(bus, (metrics) =>
    processorWork({ codec, batchRecords: 10, metrics, brokerStamps: false, waitMs: 5 }),
  );
  await processor.service.start();
  await settled(bus, [processor]);
  let beyond = 0;
  let fails = false;
  const endOffset: typeof bus.endOffset = async (topic, partition) => {
    if (fails) throw new Error('no answer');
    return (await bus.endOffset(topic, partition)) + (topic === ORDER_INTENTS ? beyond : 0);
  };
  sampler = new ShardSampler({ bus: { endOffset }, services: [processor.service], registry, everyMs: 2 });
  sampler.start();
  const shows = (series: string): Promise<void> =>
    until(series, async () => (await registry.metrics()).includes(`policygate_${series}\n`));
  const lag = 'shard_lag_records{service="processor",shard="0",topic="order-intents"}';
  await shows(`${lag} 0`);
  await shows('restore_left_records{service="processor",shard="0"} 0');
  // The fence of the takeover, at least.
  expect(await registry.metrics()).toMatch(/restore_read_records\{service="processor",shard="0"\} [1-9]/);
  beyond = 7;
  await shows(`${lag} 7`);
  fails = true;
  await until('gone', async () => !(await registry.metrics()).includes(lag));
  expect(await registry.metrics()).toContain('restore_read_records{service="processor"');
});
