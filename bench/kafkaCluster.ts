/** The broker that the Kafka benchmarks run on: the one that KAFKA_BROKERS names, else one of their own with its data on the disk that is measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaJars } from '../infra/native/artifacts';
import { startNativeBroker } from '../infra/native/broker';
import { openClient } from '../src/bus/kafka/client';
import { openKafkaBus } from '../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../src/bus/kafka/options';
import { topicName } from '../src/bus/kafka/options';
import { createTopics } from '../src/bus/kafka/topicAdmin';
import { TOPICS } from '../src/contracts/topics';
import type { Setting } from './benchmark';

export interface KafkaCluster {
  /** For a report: which broker this is. */
  readonly from: string;
  /** Makes all topics, with a prefix of their own. */
  freshTopics(partitions: number, inputTimestamps: KafkaOptions['inputTimestamps']): Promise<KafkaOptions>;
  dropTopics(options: KafkaOptions): Promise<void>;
  /** That the broker has used since it started; undefined: it is not ours, or this is not Linux. */
  cpuSeconds(): number | undefined;
  stop(): Promise<void>;
}

/** As the configuration has it by default. */
const BUFFER_BYTES = 8 * 1024 * 1024;

/** Kafka's defaults again: what helps a test that kills its broker would have a busy one taken for dead. */
const SETTINGS = { 'broker.session.timeout.ms': 9_000, 'broker.heartbeat.interval.ms': 2_000 };

/** Why there is no broker to measure, in one line; undefined: there is one. Fetches Kafka's jars the first time. */
export const kafkaMissing = async (): Promise<string | undefined> => {
  if (namedBrokers().length > 0) return undefined;
  try {
    await kafkaJars();
    return undefined;
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}; install it, or name a broker in KAFKA_BROKERS`;
  }
};

const namedBrokers = (): readonly string[] =>
  (process.env.KAFKA_BROKERS ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');

export const openCluster = async ({ directory }: Setting): Promise<KafkaCluster> => {
  const named = namedBrokers();
  const own = named.length > 0 ? undefined : await startNativeBroker({ directory: join(directory, 'kafka'), settings: SETTINGS });
  const brokers = own === undefined ? named : [own.bootstrap];
  let made = 0;
  return {
    from: own === undefined ? 'KAFKA_BROKERS' : 'one of its own',
    freshTopics: async (partitions, inputTimestamps) => {
      made += 1;
      const topicPrefix = `bench-${process.pid}-${Date.now()}-${made}-`;
      const options: KafkaOptions = {
        brokers,
        clientId: 'policygate-bench',
        topicPrefix,
        bufferBytes: BUFFER_BYTES,
        inputTimestamps,
      };
      await createTopics(openClient(options), options, { partitions });
      await untilLed(options);
      return options;
    },
    dropTopics: async (options) => {
      const admin = openClient(options).admin();
      try {
        await admin.connect();
        await admin.deleteTopics({ topics: TOPICS.map((topic) => topicName(options, topic)) });
      } finally {
        await admin.disconnect();
      }
    },
    cpuSeconds: () => (own === undefined ? undefined : cpuSecondsOf(own.pid)),
    stop: async () => own?.stop(),
  };
};

/** A broker lists new topics some moments before it takes records for them. */
const untilLed = async (options: KafkaOptions): Promise<void> => {
  const bus = await openKafkaBus(options);
  try {
    for (const topic of TOPICS)
      for (let partition = 0; partition < bus.shards; partition++) await bus.endOffset(topic, partition);
  } finally {
    await bus.close();
  }
};

/** Clock ticks are hundredths of a second on every Linux that Node runs on. Source: proc(5), fields 14 and 15. */
const cpuSecondsOf = (pid: number): number | undefined => {
  try {
    const [, behindName = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
    const fields = behindName.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
};
