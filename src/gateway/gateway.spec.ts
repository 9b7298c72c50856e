import { TestShard } from '../../test/support/shard';
import { GATEWAY_SETTINGS, SILENT } from '../../test/support/trading';
import { intentOf } from '../../test/support/situations';
import { DECISIONS } from '../contracts/topics';
import type { Broker } from './broker';
import { simBroker } from './brokers/sim';
import { Gateway } from './gateway';

describe('the gateway', () => {
  it('sends nothing of a batch in which a decision cannot be read', async () => {
    const shard = new TestShard();
    await shard.takeOver();
    await shard.feed(shard.started(), shard.price('AAPL', '100'), shard.intent(intentOf()));
    await shard.publish(shard.record(DECISIONS, null, Buffer.from('no decision')));
    let submitted = 0;
    const counting: Broker = {
      ...simBroker,
      submit: (order) => {
        submitted += 1;
        return simBroker.submit(order);
      },
    };
    const gateway = await Gateway.takeOver({
      bus: shard.bus,
      codec: shard.codec,
      partition: 0,
      broker: counting,
      now: () => '',
      wallMs: () => 0,
      monotonic: () => 0,
      settings: GATEWAY_SETTINGS,
      log: SILENT,
    });
    await expect(gateway.step({ maxRecords: 10, maxWaitMs: 0 })).rejects.toThrow(/^decisions\/0@1: .*the first byte is 110/);
    expect(submitted).toBe(0);
  });
});
