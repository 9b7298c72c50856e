/**
 * What more shards and more processes bring on this machine, and what a shard costs: how fast it is decided behind, in processor time an intent, and how long a
 * takeover takes by the size of the state. Source of docs/scale-out.md.
 */
import type { Benchmark, Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { KAFKA_RESTORE, messageOf } from './child';
import { decidedBehind, nameOf } from './kafkaBehind';
import type { Layout } from './kafkaBehind';
import type { KafkaCluster } from './kafkaCluster';
import { kafkaMissing, openCluster } from './kafkaCluster';
import { ProcessorProcess } from './kafkaProcessor';
import type { Restored } from './kafkaRestore';
import { homesOf, openKafkaSession, publishIntents, startRuns } from './kafkaRuns';
import { median } from './measure';

const LAYOUTS: readonly Layout[] = [
  { partitions: 1, processes: 1 },
  { partitions: 2, processes: 1 },
  { partitions: 2, processes: 2 },
  { partitions: 4, processes: 1 },
  { partitions: 4, processes: 2 },
];
/** Intents of one run that is active: with its positions they are most of what is restored. */
const STATES = [10_000, 50_000, 200_000] as const;
const SMALL_STATES = [2_000, 5_000] as const;

export const scaleBenchmark: Benchmark = {
  name: 'scale',
  what: 'deciding on Kafka by shards and processes, and taking a shard over by the size of its state',
  missing: kafkaMissing,
  run: async (setting) => {
    const cluster = await openCluster(setting);
    try {
      const figures: Figure[] = [];
      for (const layout of LAYOUTS) {
        const { rate, details } = await decidedBehind(cluster, setting, layout);
        const what = 'intents that wait already, decided and committed exactly once';
        figures.push(figure(`scale/${nameOf(layout)}`, what, [rate, '/s'], { details }));
      }
      for (const intents of setting.quick ? SMALL_STATES : STATES) figures.push(await takeover(cluster, setting, intents));
      return figures.map((one) => ({ ...one, details: { ...one.details, broker: cluster.from } }));
    } finally {
      await cluster.stop();
    }
  },
};

/** From a processor that is gone to one that may decide, which had nothing in its memory before. */
const takeover = async (cluster: KafkaCluster, setting: Setting, intents: number): Promise<Figure> => {
  const options = await cluster.freshTopics(1, 'CreateTime');
  const session = await openKafkaSession(options);
  const homes = homesOf(1);
  await startRuns(session, homes);
  await publishIntents(session, homes, intents);
  await session.bus.close();
  const processor = await ProcessorProcess.start({ options, shards: [0], intents, warmUp: 0 });
  processor.go();
  await processor.done;
  const task = JSON.stringify({ options, rounds: sized(setting, 5, 1) });
  const { seconds, entities, peakMb } = await messageOf<Restored>([KAFKA_RESTORE, task], []);
  await cluster.dropTopics(options);
  progress(`takeover of ${entities} entities: ${median(seconds).toFixed(2)} s`);
  return figure(`scale/takeover, ${intents} intents`, 'fence, read the state back from Kafka, check it', [median(seconds), 's'], {
    details: { entities, first_s: Number((seconds[0] ?? 0).toFixed(2)), rounds: seconds.length, peak_rss_mb: peakMb },
  });
};
