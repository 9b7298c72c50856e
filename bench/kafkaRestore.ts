/** Taking over a shard on Kafka whose state is large: what `memory` left on the embedded bus, copied. */
import { existsSync } from 'node:fs';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import type { KafkaOptions } from '../src/bus/kafka/options';
import { Codec } from '../src/contracts/avro/codec';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { AUDIT_RECORDS, POLICY_STATE } from '../src/contracts/topics';
import type { Bus, OutgoingRecord } from '../src/processor/bus';
import { recordsTo } from '../src/processor/readTo';
import type { Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { KAFKA_RESTORE, messageOf, runInChild } from './child';
import { takeOver } from './embeddedShard';
import type { KafkaCluster } from './kafkaCluster';
import { openKafkaSession, withWriter } from './kafkaRuns';
import { median, megabytes } from './measure';
import { intentsOf, millionDirectory, POSITIONS } from './million';

const COPIED = 5_000;
/** More than a takeover checks. */
const AUDIT_TAIL = 1_000;

interface RestoreTask {
  readonly options: KafkaOptions;
  readonly rounds: number;
}

export interface Restored {
  readonly seconds: readonly number[];
  readonly entities: number;
  readonly peakMb: number;
}

export const restore = async (cluster: KafkaCluster, setting: Setting): Promise<readonly Figure[]> => {
  const directory = millionDirectory(setting);
  if (!existsSync(directory)) {
    progress('the run to restore is made first, by `memory`');
    await runInChild('memory', setting);
  }
  const options = await cluster.freshTopics(1, 'CreateTime');
  await copyState(directory, options);
  const task: RestoreTask = { options, rounds: sized(setting, 3, 2) };
  const { seconds, entities, peakMb } = await messageOf<Restored>([KAFKA_RESTORE, JSON.stringify(task)], []);
  await cluster.dropTopics(options);
  if (entities < intentsOf(setting) + POSITIONS) throw new Error(`${entities} entities; expected every intent and position`);
  return [
    figure(
      'kafka/restore',
      'how long a shard stands still when its owner is gone: `Processor.takeOver` reads its state back from Kafka',
      [median(seconds), 's'],
      {
        budget: { at_most: 15 },
        details: { entities, first_s: Number(seconds[0]!.toFixed(2)), rounds: seconds.length, peak_rss_mb: peakMb },
      },
    ),
  ];
};

/** The state, the end of the audit log, and positions at the start of the inputs, which are not copied. */
const copyState = async (directory: string, options: KafkaOptions): Promise<void> => {
  const embedded = await openEmbeddedBus({ directory });
  const { bus, codec } = await openKafkaSession(options);
  try {
    await checkSchemas(embedded);
    const audit = Math.max(0, (await embedded.endOffset(AUDIT_RECORDS, 0)) - AUDIT_TAIL);
    await copy(embedded, bus, AUDIT_RECORDS, audit);
    await copy(embedded, bus, POLICY_STATE, 0);
    const positions = { order_intents: 0, market_prices: 0, control_events: 0, execution_events: 0 };
    await withWriter(bus, async (writer) => {
      await writer.commit([
        {
          topic: POLICY_STATE,
          partition: 0,
          key: codec.encodeKey(POLICY_STATE, { run_id: '', kind: 'positions', id: '' }),
          value: codec.encodeValue(POLICY_STATE, { kind: 'positions', positions }),
          timestamp: 0,
        },
      ]);
    });
  } finally {
    await bus.close();
    await embedded.close();
  }
};

/** Records carry schema ids: those of the embedded bus must mean the same on Kafka. */
const checkSchemas = async ({ schemas }: Awaited<ReturnType<typeof openEmbeddedBus>>): Promise<void> => {
  const there = await schemas.all();
  for (const [id, text] of freshSchemas().schemas)
    if (there.get(id) !== text) throw new Error(`schema ${id} of the embedded bus is another one than a fresh registry's`);
};

const copy = async (from: Bus, to: Bus, topic: typeof AUDIT_RECORDS | typeof POLICY_STATE, offset: number): Promise<void> => {
  await withWriter(to, async (writer) => {
    let records: OutgoingRecord[] = [];
    for await (const record of recordsTo(from, { topic, partition: 0, offset })) {
      if (records.push(record) < COPIED) continue;
      await writer.commit(records);
      records = [];
    }
    await writer.commit(records);
  });
};

/** In a child, whose memory is its own. No warm-up: a takeover after a start is cold. */
export const runRestore = async ({ options, rounds }: RestoreTask): Promise<Restored> => {
  const { bus } = await openKafkaSession(options);
  const codec = new Codec(freshSchemas());
  const seconds: number[] = [];
  let entities = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const processor = await takeOver(bus, codec);
    seconds.push((performance.now() - start) / 1_000);
    const { runs, prices } = processor.shard;
    entities = prices.size;
    for (const { state } of runs.values()) entities += state.intents.size + state.exposure.positions.size + 1;
    await processor.close();
    progress(`${entities} entities from Kafka in ${seconds.at(-1)!.toFixed(1)} s`);
  }
  await bus.close();
  return { seconds, entities, peakMb: megabytes(process.resourceUsage().maxRSS * 1_024) };
};
