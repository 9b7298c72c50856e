/** Runs on Kafka, one at home in each partition, and the intents that wait for them. */
import { openKafkaBus } from '../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../src/bus/kafka/options';
import { Codec } from '../src/contracts/avro/codec';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { partitionOf } from '../src/contracts/topics';
import type { Bus, TransactionalWriter } from '../src/processor/bus';
import { takeOver } from './embeddedShard';
import type { Home } from './inputs';
import { intentRecords, openingRecords } from './inputs';

export const SYMBOLS = 1_000;
/** Inputs of one transaction: what `limits.batch_records` is by default. */
export const BATCH = 1_000;
const PUBLISH = 10_000;

export interface KafkaSession {
  readonly bus: Bus;
  readonly codec: Codec;
}

/** With the ids that a fresh registry would give: a registry answers once, when a process starts, and is not measured. */
export const openKafkaSession = async (options: KafkaOptions): Promise<KafkaSession> => ({
  bus: await openKafkaBus(options),
  codec: new Codec(freshSchemas()),
});

/** One run for each partition, by the partitioner that strategies use. */
export const homesOf = (partitions: number): readonly Home[] =>
  Array.from({ length: partitions }, (_, partition) => {
    for (let number = 0; ; number++) {
      const runId = `bench-${number}`;
      if (partitionOf(Buffer.from(runId), partitions) === partition) return { runId, partition };
    }
  });

/** Starts the runs, and has them taken in: what is measured afterwards is intents only. */
export const startRuns = async ({ bus, codec }: KafkaSession, homes: readonly Home[]): Promise<void> => {
  await withWriter(bus, async (writer) => {
    for (const home of homes) {
      const opening = openingRecords(codec, SYMBOLS, home);
      await writer.commit(opening);
      const processor = await takeOver(bus, codec, {}, home.partition);
      for (let left = opening.length; left > 0;) left -= await processor.step({ maxRecords: BATCH, maxWaitMs: 1_000 });
      const status = processor.shard.runs.get(home.runId)?.state.status;
      await processor.close();
      if (status !== 'ACTIVE') throw new Error(`the run ${home.runId} is ${status ?? 'missing'}; expected ACTIVE`);
    }
  });
};

/** The same number of intents for each run, one run's after another's in turns. */
export const publishIntents = async ({ bus, codec }: KafkaSession, homes: readonly Home[], each: number): Promise<void> => {
  await withWriter(bus, async (writer) => {
    for (let next = 0; next < each; next += PUBLISH) {
      const count = Math.min(PUBLISH, each - next);
      for (const home of homes) await writer.commit(intentRecords(codec, next, count, SYMBOLS, home));
    }
  });
};

export const withWriter = async (bus: Bus, work: (writer: TransactionalWriter) => Promise<void>): Promise<void> => {
  const writer = await bus.writer('bench-feeder');
  try {
    await work(writer);
  } finally {
    await writer.close();
  }
};
