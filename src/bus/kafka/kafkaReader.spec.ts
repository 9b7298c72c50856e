import { CONTROL_EVENTS, ORDER_INTENTS } from '../../contracts/topics';
import type { FetchResponse } from './fetchProtocol';
import type { Broker, OwnCluster } from './internals';
import { KafkaReader } from './kafkaReader';
import { sleep } from './waiting';

const nothingNew: FetchResponse = {
  clientSideThrottleTime: 0,
  errorCode: 0,
  partitions: [{ topic: ORDER_INTENTS, partition: 0, errorCode: 0, aborted: [], recordSet: Buffer.alloc(0) }],
};

/** The intents' leader answers, with nothing new; that of the control events cannot be reached. */
const halfReachable = (): OwnCluster => {
  const send = async (): Promise<FetchResponse> => {
    await sleep(250);
    return nothingNew;
  };
  return {
    discard: () => undefined,
    cluster: {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      refreshMetadata: () => Promise.resolve(),
      addMultipleTargetTopics: () => Promise.resolve(),
      findTopicPartitionMetadata: (topic) => [{ partitionId: 0, leader: topic === ORDER_INTENTS ? 1 : 2, partitionErrorCode: 0 }],
      findBroker: async ({ nodeId }) => {
        if (nodeId === 1) return { nodeId, connectionPool: { send } } as unknown as Broker;
        await sleep(3_000);
        throw new Error('Connection timeout');
      },
      findGroupCoordinator: () => Promise.reject(new Error('not asked for')),
    },
  };
};

describe('a reader of two leaders', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('says so when one of them is silent, though the other answers', async () => {
    const reader = new KafkaReader(
      [
        { topic: ORDER_INTENTS, partition: 0, offset: 0 },
        { topic: CONTROL_EVENTS, partition: 0, offset: 0 },
      ],
      { createCluster: halfReachable, nameOf: (topic) => topic, bufferBytes: 1e6, onClose: () => undefined },
    );
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await reader.poll({ maxRecords: 1, maxWaitMs: 0 })).toEqual([]);
    await jest.advanceTimersByTimeAsync(10_000);
    await expect(reader.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toThrow(
      /BUS_UNREACHABLE at control-events\/0@0 .*Connection timeout/,
    );
    const closed = reader.close();
    await jest.advanceTimersByTimeAsync(5_000);
    await closed;
  });
});
