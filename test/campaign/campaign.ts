/** One campaign: topics, services, load and faults; then the checks on what is on the log. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Codec } from '../../src/contracts/avro/codec';
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { createTopics } from '../../src/bus/kafka/topicAdmin';
import type { Bus } from '../../src/processor/bus';
import { programOf } from './builtProgram';
import { checkLog } from '../checks/checkLog';
import type { CheckOutcome } from '../checks/checkLog';
import { Findings } from '../checks/findings';
import type { Cluster } from './cluster';
import type { Faults } from './faults';
import { Fleet } from './fleet';
import { logByJava, NoCompiler } from './javaTool';
import { Publisher } from './publisher';
import { Random } from '../support/random';
import type { RawLog } from '../checks/rawLog';
import { logOf } from '../checks/rawLog';
import { Watcher } from './watcher';
import { Workload } from './workload';

export interface CampaignOptions {
  readonly cluster: Cluster;
  /** As `buildProgram` left it. */
  readonly program: string;
  /** For the services' logs. */
  readonly folder: string;
  readonly topicPrefix: string;
  readonly seed: number;
  readonly shards: number;
  readonly runs: number;
  /** Intents at least; spread over the steps. */
  readonly intents: number;
  /** Intents a second. */
  readonly rate: number;
  readonly processors: number;
  readonly sessionMs: number;
  /** Inputs that one transaction folds at most. */
  readonly batchRecords: number;
  /** How long everything may take to be decided after the last fault. */
  readonly livenessMs: number;
  readonly steps: readonly Step[];
  readonly say: (line: string) => void;
}

export interface Step {
  readonly name: string;
  readonly run: (faults: Faults) => Promise<void>;
}

export interface CampaignOutcome extends CheckOutcome {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly missed: readonly string[];
  readonly published: Readonly<Record<string, number>>;
  /** Services that ended by themselves because no broker answered: started again, as by design. */
  readonly restarts: number;
  /** Records that the second client has confirmed; undefined: it could not be run here. */
  readonly secondReader: boolean;
  /** From the end of the last fault to the last decision and execution. */
  readonly drainedMs: number | null;
  readonly durationMs: number;
}

const ATTEMPTS = 5;
const LOAD_DECISIONS = 25;
const LOAD_MS = 20_000;

export const runCampaign = async (options: CampaignOptions): Promise<CampaignOutcome> => {
  const startedAt = performance.now();
  mkdirSync(options.folder, { recursive: true });
  const kafka: KafkaOptions = {
    ...{ brokers: [options.cluster.bootstrap], clientId: 'campaign', topicPrefix: options.topicPrefix },
    ...{ bufferBytes: 8 * 1024 * 1024, inputTimestamps: 'LogAppendTime' },
  };
  const registry = { url: options.cluster.registryUrl };
  await createTopics(openClient(kafka), kafka, { partitions: options.shards, replication: 1 });
  await again(() => registerSchemas(registry, options.topicPrefix));
  const codec = new Codec(await registeredSchemas(registry, options.topicPrefix));
  const bus = await openKafkaBus(kafka);
  try {
    return await underway(options, bus, codec, startedAt);
  } finally {
    await bus.close();
  }
};

/** A registry that has just started, on a busy machine, takes its time for the first answers. */
const again = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
};

const underway = async (options: CampaignOptions, bus: Bus, codec: Codec, startedAt: number): Promise<CampaignOutcome> => {
  const { cluster, folder, topicPrefix, seed, shards, sessionMs, processors } = options;
  const findings = new Findings();
  const random = new Random(seed);
  const fleet = new Fleet({ program: programOf(options.program), folder, env: serviceEnvironment(options) });
  const workload = new Workload(random.fork(), codec, shards, options.runs);
  const publisher = new Publisher(bus, workload, options.rate);
  const watcher = new Watcher(bus, codec);
  const faults: Faults = {
    ...{ fleet, cluster, publisher, watcher, processors, sessionMs, gateways: 1, random: random.fork() },
    poisonOptions: { bootstrap: cluster.bootstrap, topicPrefix, shards, codec, random: random.fork() },
    ...{ happened: new Map(), missed: [], poison: [], say: options.say },
  };
  const note = (line: string): void => {
    appendFileSync(join(folder, 'campaign.log'), `${((performance.now() - startedAt) / 1_000).toFixed(1)} ${line}\n`);
    options.say(line);
  };
  let drainedMs: number | undefined;
  let stopped: Promise<void> | undefined;
  try {
    await publisher.publish(workload.opening());
    fleet.fill(processors, 1);
    watcher.start();
    publisher.start();
    publisher.allow(Math.ceil(options.intents / (options.steps.length + 2)));
    for (const [at, step] of options.steps.entries()) {
      publisher.allow(Math.ceil(options.intents / (options.steps.length + 2)));
      note(`${at + 1}/${options.steps.length} ${step.name} (${publisher.intents} intents, ${watcher.decisions} decisions)`);
      await underLoad(faults);
      await step.run(faults);
    }
    publisher.allow(options.intents - publisher.intents - publisher.left);
    fleet.fill(processors, 1);
    await publisher.finish();
    await publisher.publish(workload.recovery());
    drainedMs = await drain(faults, options.livenessMs);
    if (drainedMs === undefined)
      findings.add(
        'liveness',
        `not everything was decided and executed ${options.livenessMs / 1_000} s after the last fault: ${await watcher.backlog()}`,
      );
    note(drainedMs === undefined ? 'not drained' : `drained in ${(drainedMs / 1_000).toFixed(1)} s`);
    stopped = fleet.stopAll();
    await stopped;
    await watcher.close();
  } finally {
    fleet.killAll();
    cluster.proxy.fate = () => 'pass';
    publisher.abandon();
  }
  const restarts = serviceEnds(fleet, findings);
  const second = await secondLog(options, shards);
  const log = await logOf(bus);
  note('checking');
  const outcome = await checkLog({
    ...{ log, second, codec, findings, acknowledged: publisher.acknowledged, poison: faults.poison },
  });
  return {
    ...outcome,
    ...{ seed, missed: faults.missed, restarts, secondReader: second !== undefined, drainedMs: drainedMs ?? null },
    faults: Object.fromEntries([...faults.happened].sort(([a], [b]) => (a < b ? -1 : 1))),
    published: Object.fromEntries(workload.counts),
    durationMs: performance.now() - startedAt,
  };
};

/** A fault while nothing is being decided shows nothing. */
const underLoad = async ({ watcher, publisher, fleet, processors, gateways }: Faults): Promise<void> => {
  const before = watcher.decisions;
  const until = performance.now() + LOAD_MS;
  while (watcher.decisions < before + LOAD_DECISIONS && performance.now() < until) {
    if (publisher.left === 0) publisher.allow(LOAD_DECISIONS);
    fleet.fill(processors, gateways);
    await sleep(50);
  }
};

/** Nobody who gave up stays down while the backlog is waited for. */
const drain = async (faults: Faults, limitMs: number): Promise<number | undefined> => {
  const waiting = new AbortController();
  const supervised = (async () => {
    while (!waiting.signal.aborted) {
      faults.fleet.fill(faults.processors, faults.gateways);
      await sleep(500, undefined, { signal: waiting.signal }).catch(() => undefined);
    }
  })();
  const drained = await faults.watcher.drained(limitMs);
  waiting.abort();
  await supervised;
  return drained;
};

/** A service that finds no broker when it starts says so and ends; every other end that nobody asked for is a finding. */
const serviceEnds = (fleet: Fleet, findings: Findings): number => {
  let restarts = 0;
  for (const surprise of fleet.surprises) {
    if (/BUS_UNREACHABLE|BUS_NOT_READY/.test(surprise)) restarts += 1;
    else findings.add('services', surprise);
  }
  return restarts;
};

const secondLog = async ({ cluster, topicPrefix }: CampaignOptions, shards: number): Promise<RawLog | undefined> => {
  try {
    return await logByJava(cluster.bootstrap, topicPrefix, shards);
  } catch (error) {
    if (error instanceof NoCompiler) return undefined;
    throw error;
  }
};

const serviceEnvironment = ({ cluster, topicPrefix, sessionMs, batchRecords }: CampaignOptions): Record<string, string> => ({
  KAFKA_BROKERS: cluster.bootstrap,
  SCHEMA_REGISTRY_URL: cluster.registryUrl,
  POLICYGATE_TOPIC_PREFIX: topicPrefix,
  POLICYGATE_SESSION_TIMEOUT_MS: String(sessionMs),
  POLICYGATE_BATCH_RECORDS: String(batchRecords),
  POLICYGATE_LOG_LEVEL: 'info',
  KAFKAJS_NO_PARTITIONER_WARNING: '1',
});
