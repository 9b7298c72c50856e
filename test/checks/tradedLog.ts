/** A log to try the checks on: one shard in memory, a seeded workload, strangers' bytes, takeovers of processor and paper gateway; and its commits. */
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import type { MemoryBus } from '../../src/bus/memory/memoryBus';
import type { Codec } from '../../src/contracts/avro/codec';
import { INPUT_TOPICS } from '../../src/contracts/topics';
import { Gateway } from '../../src/gateway/gateway';
import type { BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { Workload } from '../campaign/workload';
import { Random } from '../support/random';
import { START, TestShard } from '../support/shard';
import { PAPER, SILENT } from '../support/trading';
import type { Commit } from './commits';
import type { Acknowledged, Poison } from './evidence';
import type { RawLog } from './rawLog';
import { logOf } from './rawLog';

export interface TradedLog {
  readonly log: RawLog;
  readonly codec: Codec;
  readonly acknowledged: readonly Acknowledged[];
  readonly poison: readonly Poison[];
  readonly commits: readonly Commit[];
}

const STEP_MS = 700;
const POISONED = 0.03;
const TAKEN_OVER = 0.04;

/** Plays so many events of the workload. The same seed, the same log. */
export const tradedLog = async (seed: number, events: number): Promise<TradedLog> => {
  const commits: Commit[] = [];
  const process = { name: 'desk' };
  let now = START;
  const shard = new TestShard(recordingBus(openMemoryBus({ shards: 1 }), commits, () => ({ at: now, process: process.name })));
  const random = new Random(seed);
  const workload = new Workload(random.fork(), shard.codec, 1, 3);
  const acknowledged: Acknowledged[] = [];
  const poison: Poison[] = [];
  const publish = async (records: readonly OutgoingRecord[]): Promise<void> => {
    process.name = 'desk';
    for (const given of records) {
      const record = { ...given, timestamp: now };
      const offset = await shard.bus.endOffset(record.topic, 0);
      await shard.publish(record);
      acknowledged.push({ record, offset });
    }
  };
  let takeovers = 0;
  const gatewayName = (): string => `gateway-${takeovers}`;
  const processorName = (): string => `processor-${takeovers}`;
  const openGateway = (): Promise<Gateway> => {
    process.name = gatewayName();
    const { bus, codec } = shard;
    return Gateway.takeOver({
      ...{ ...PAPER, bus, codec, partition: 0, log: SILENT },
      ...{ now: () => '', monotonic: () => now, wallMs: () => now },
    });
  };
  const takeOver = async (): Promise<Gateway> => {
    takeovers += 1;
    process.name = processorName();
    await shard.takeOver();
    return openGateway();
  };
  const work = async (gateway: Gateway): Promise<void> => {
    process.name = processorName();
    await shard.settle(20);
    process.name = gatewayName();
    while ((await gateway.step({ maxRecords: 20, maxWaitMs: 0 })).read > 0);
  };
  await publish(workload.opening().flatMap(({ records }) => records));
  let gateway = await takeOver();
  for (let event = 0; event < events; event += 1) {
    now += STEP_MS;
    await publish(workload.next().records);
    if (random.chance(POISONED)) poison.push(await strangersBytes(shard, random, publish));
    if (random.chance(TAKEN_OVER)) gateway = await takeOver();
    if (event % 5 === 4) await work(gateway);
  }
  await work(gateway);
  await work(gateway);
  return { log: await logOf(shard.bus), codec: shard.codec, acknowledged, poison, commits };
};

const strangersBytes = async (
  shard: TestShard,
  random: Random,
  publish: (records: readonly OutgoingRecord[]) => Promise<void>,
): Promise<Poison> => {
  const topic = random.pick(INPUT_TOPICS);
  const offset = await shard.bus.endOffset(topic, 0);
  const value = random.chance(0.3) ? null : random.bytes(random.between(0, 40));
  await publish([{ ...{ topic, partition: 0, key: Buffer.from('run-1'), value }, timestamp: 0 }]);
  return { what: 'bytes of a stranger', topic, partition: 0, offset };
};

/** Notes what became visible, with the offsets that it came to have. */
const recordingBus = (
  bus: MemoryBus,
  commits: Commit[],
  now: () => { readonly at: number; readonly process: string },
): MemoryBus => {
  const opened = new Map<string, number>();
  return {
    ...{ shards: bus.shards, schemas: bus.schemas, reader: bus.reader.bind(bus), endOffset: bus.endOffset.bind(bus) },
    ...{ offsetAt: bus.offsetAt.bind(bus), close: bus.close.bind(bus) },
    writer: async (transactionalId) => {
      const writer = (opened.get(transactionalId) ?? 0) + 1;
      opened.set(transactionalId, writer);
      const inner = await bus.writer(transactionalId);
      return {
        commit: async (records) => {
          const offsets = await inner.commit(records);
          const visible = records.map((record, at): BusRecord => ({ headers: {}, ...record, offset: offsets[at] ?? -1 }));
          commits.push({ ...now(), transactionalId, writer, records: visible });
          return offsets;
        },
        close: () => inner.close(),
      };
    },
  };
};
