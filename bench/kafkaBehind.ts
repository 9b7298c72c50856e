/** How fast processors decide intents that wait already, exactly once: each transaction carries decisions, audit records, state and positions. */
import type { Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import type { KafkaCluster } from './kafkaCluster';
import { ProcessorProcess } from './kafkaProcessor';
import type { ProcessorDone, ProcessorTask } from './kafkaProcessor';
import { homesOf, openKafkaSession, publishIntents, startRuns } from './kafkaRuns';
import { median, spread } from './measure';

export interface Layout {
  readonly partitions: number;
  readonly processes: number;
}

const LAYOUTS: readonly Layout[] = [
  { partitions: 1, processes: 1 },
  { partitions: 4, processes: 1 },
  { partitions: 4, processes: 2 },
];

const MEANING: Readonly<Record<string, string>> = {
  '1/1': 'how fast a shard catches up: intents read, decided and committed, exactly once, with audit record, state and positions',
  '4/1': 'the same with four shards in one process: whether their waits for the broker hide behind each other’s work',
  '4/2': 'the same with two processes, as far as the machine has cores for them beside the broker',
};

export const behind = async (cluster: KafkaCluster, setting: Setting): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const layout of LAYOUTS) figures.push(await behindOn(cluster, setting, layout));
  return figures;
};

const behindOn = async (cluster: KafkaCluster, setting: Setting, { partitions, processes }: Layout): Promise<Figure> => {
  const { rate, details } = await decidedBehind(cluster, setting, { partitions, processes });
  return figure(`kafka/behind, ${nameOf({ partitions, processes })}`, MEANING[`${partitions}/${processes}`] ?? '', [rate, '/s'], {
    ...(partitions === 1 ? { budget: { at_least: 20_000 } } : {}),
    details,
  });
};

/** The round with the median rate, with how far the others lie apart. */
export const decidedBehind = async (cluster: KafkaCluster, setting: Setting, layout: Layout): Promise<Round> => {
  const intents = sized(setting, 200_000, 10_000);
  const rounds: Round[] = [];
  for (let round = 0; round < sized(setting, 3, 1); round++) {
    const measured = await oneRound(cluster, layout, Math.ceil(intents / layout.partitions));
    rounds.push(measured);
    progress(`${nameOf(layout)}: ${Math.round(measured.rate)}/s`);
  }
  const rates = rounds.map(({ rate }) => rate);
  const middle = rounds[rates.indexOf(median(rates))]!;
  return { rate: middle.rate, details: { ...spread(rates), intents, ...middle.details } };
};

export const nameOf = ({ partitions, processes }: Layout): string =>
  `${partitions} ${partitions === 1 ? 'shard' : 'shards'}, ${processes} ${processes === 1 ? 'process' : 'processes'}`;

interface Round {
  readonly rate: number;
  readonly details: Readonly<Record<string, number>>;
}

/** Intents carry the times at which they were made, 10 ms apart: windows and limits see the day that the backlog is of. */
const oneRound = async (cluster: KafkaCluster, { partitions, processes }: Layout, intents: number): Promise<Round> => {
  const options = await cluster.freshTopics(partitions, 'CreateTime');
  const session = await openKafkaSession(options);
  const homes = homesOf(partitions);
  await startRuns(session, homes);
  await publishIntents(session, homes, intents);
  await session.bus.close();
  const tasks = Array.from({ length: processes }, (_, at): ProcessorTask => ({
    options,
    shards: homes.map(({ partition }) => partition).filter((partition) => partition % processes === at),
    intents,
    warmUp: Math.ceil(intents / 10),
  }));
  const round = await processed(cluster, tasks);
  await cluster.dropTopics(options);
  return round;
};

const processed = async (cluster: KafkaCluster, tasks: readonly ProcessorTask[]): Promise<Round> => {
  const started = await Promise.all(tasks.map((task) => ProcessorProcess.start(task)));
  const brokerBefore = cluster.cpuSeconds();
  const wentAt = Date.now();
  for (const one of started) one.go();
  let done: readonly ProcessorDone[];
  try {
    done = await Promise.all(started.map((one) => one.done));
  } catch (error) {
    for (const one of started) one.kill();
    throw error;
  }
  const brokerAfter = cluster.cpuSeconds();
  const shards = done.flatMap((one) => one.shards);
  const earliest = (of: (times: (typeof shards)[number]) => number): number => Math.min(...shards.map(of));
  const endAt = Math.max(...shards.map(({ doneAt }) => doneAt));
  const warmAt = earliest((one) => one.warmAt);
  const counted = shards.reduce((sum, one) => sum + one.counted, 0);
  const all = tasks.reduce((sum, { shards: of, intents }) => sum + of.length * intents, 0);
  const seconds = (endAt - wentAt) / 1_000;
  const mean = (of: (one: ProcessorDone) => number): number => done.reduce((sum, one) => sum + of(one), 0) / done.length;
  const processorSeconds = done.reduce((sum, one) => sum + one.cpuSeconds, 0);
  const brokerSeconds = brokerBefore === undefined || brokerAfter === undefined ? undefined : brokerAfter - brokerBefore;
  return {
    rate: (counted / (endAt - warmAt)) * 1_000,
    details: {
      with_warm_up_per_s: Math.round((all / (endAt - earliest((one) => one.tookOverAt))) * 1_000),
      from_process_start_s: hundredths((endAt - Math.min(...started.map(({ forkedAt }) => forkedAt))) / 1_000),
      takeover_ms: Math.round(earliest((one) => one.tookOverAt) - wentAt),
      processor_cpu_cores: hundredths(processorSeconds / seconds),
      processor_cpu_us_each: hundredths((processorSeconds * 1e6) / all),
      ...(brokerSeconds === undefined
        ? {}
        : { broker_cpu_cores: hundredths(brokerSeconds / seconds), broker_cpu_us_each: hundredths((brokerSeconds * 1e6) / all) }),
      commit_share: hundredths(mean((one) => one.commitShare)),
      input_wait_share: hundredths(mean((one) => one.pollShare)),
      transactions: done.reduce((sum, one) => sum + one.transactions, 0),
      peak_rss_mb: Math.max(...done.map(({ peakMb }) => peakMb)),
    },
  };
};

export const hundredths = (value: number): number => Math.round(value * 100) / 100;
