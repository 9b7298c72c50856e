/** The soak on Kafka: two processors, a gateway, `serve` with tokens in front of them; load over Kafka and over HTTP. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../infra/native/ports';
import type { NativeRegistry } from '../../infra/native/registry';
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { createTopics } from '../../src/bus/kafka/topicAdmin';
import { Codec } from '../../src/contracts/avro/codec';
import type { Bus } from '../../src/processor/bus';
import { programOf } from '../campaign/builtProgram';
import type { Cluster } from '../campaign/cluster';
import type { Faults } from '../campaign/faults';
import { Fleet } from '../campaign/fleet';
import { Publisher } from '../campaign/publisher';
import { Watcher } from '../campaign/watcher';
import { Workload } from '../campaign/workload';
import { checkLog } from '../checks/checkLog';
import { Findings } from '../checks/findings';
import { logOf } from '../checks/rawLog';
import { Random } from '../support/random';
import { checkTold } from './checkTold';
import type { Desk } from './desk';
import { scraped, untilReady } from './desk';
import { EventReaders } from './eventReaders';
import { judge } from './judge';
import { kafkaFaults } from './kafkaFaults';
import type { SoakOutcome } from './outcome';
import { commandsOf } from './programCommand';
import { writeRunFiles, writeTokens } from './runFiles';
import { RunTurns } from './runTurns';
import { Sampler } from './sampler';
import { carryOut, planned } from './schedule';
import { Strategies } from './strategies';

export interface KafkaSoakOptions {
  readonly cluster: Cluster;
  readonly registry: NativeRegistry;
  /** As `buildProgram` left it. */
  readonly program: string;
  readonly folder: string;
  readonly topicPrefix: string;
  readonly seed: number;
  readonly minutes: number;
  readonly rate: number;
  readonly say: (line: string) => void;
}

export const PROBE = join(__dirname, 'probe.cjs');
const SHARDS = 2;
const PROCESSORS = 2;
/** Runs that trade over Kafka at a time. */
const RUNS = 3;
/** Of a shard, by its gateway: src/gateway/orders.ts. */
const ORDERS_REMEMBERED = 10_000;
const SESSION_MS = 6_000;
const BATCH_RECORDS = 100;
const DRAIN_MS = 60_000;
const SUPERVISED_EVERY_MS = 500;
const SCRAPED_EVERY_MS = 5_000;
const READY_MS = 60_000;

export const soakOnKafka = async (options: KafkaSoakOptions): Promise<SoakOutcome> => {
  const { cluster, registry, topicPrefix, folder } = options;
  mkdirSync(folder, { recursive: true });
  const kafka: KafkaOptions = {
    ...{ brokers: [cluster.bootstrap], clientId: 'soak', topicPrefix },
    ...{ bufferBytes: 8 * 1024 * 1024, inputTimestamps: 'LogAppendTime' },
  };
  await createTopics(openClient(kafka), kafka, { partitions: SHARDS, replication: 1 });
  await registerSchemas(registry, topicPrefix);
  const codec = new Codec(await registeredSchemas(registry, topicPrefix));
  const bus = await openKafkaBus(kafka);
  try {
    return await underway(options, bus, codec);
  } finally {
    await bus.close();
  }
};

const underway = async (options: KafkaSoakOptions, bus: Bus, codec: Codec): Promise<SoakOutcome> => {
  const { cluster, folder, topicPrefix, seed, minutes, rate, say } = options;
  const startedAt = performance.now();
  const [loadBefore = 0] = loadavg();
  const random = new Random(seed);
  const [port = 0] = await freePorts(1);
  const env = environmentOf(options);
  const program = programOf(options.program);
  const files = writeRunFiles(folder);
  const tokens = writeTokens(folder);
  const serve = ['--bus', 'kafka', '--port', String(port), '--tokens', tokens.file];
  const probed = { NODE_OPTIONS: `--require ${PROBE}`, SOAK_PROBE_FOLDER: folder };
  const fleet = new Fleet({ program, folder, env: { ...env, ...probed }, serve: () => serve });
  const workload = new Workload(random.fork(), codec, SHARDS, RUNS);
  const publisher = new Publisher(bus, workload, rate / 2);
  const watcher = new Watcher(bus, codec);
  const turns = new RunTurns(commandsOf(program, env), files.flags, say);
  const url = (): string => `http://127.0.0.1:${port}`;
  const desk: Desk = { url, token: tokens.operate, run: () => turns.now };
  const http = { url, run: () => turns.now, prices: false, random: random.fork() };
  const strategies = new Strategies({ ...http, token: tokens.submit, rate: rate / 2 });
  const readers = new EventReaders({ url, token: tokens.read, random: random.fork() });
  const sampler = new Sampler(() =>
    fleet.running().flatMap(({ name, child: { pid } }) => (pid === undefined ? [] : [{ name, pid }])),
  );
  const faults: Faults = {
    ...{ fleet, cluster, publisher, watcher, processors: PROCESSORS, sessionMs: SESSION_MS, gateways: 1, random: random.fork() },
    poisonOptions: { bootstrap: cluster.bootstrap, topicPrefix, shards: SHARDS, codec, random: random.fork() },
    ...{ happened: new Map(), missed: [], poison: [], say },
  };
  const findings: string[] = [];
  const note = (line: string): void => {
    appendFileSync(join(folder, 'soak.log'), `${((performance.now() - startedAt) / 1_000).toFixed(1)} ${line}\n`);
    say(line);
  };
  const supervising = new AbortController();
  let drainedMs: number | undefined;
  let loadedMinutes = 0;
  try {
    await publisher.publish(workload.opening());
    const supervised = supervise(fleet, supervising.signal);
    watcher.start();
    await untilReady({ url, token: tokens.read }, READY_MS);
    await turns.next();
    const scraping = setInterval(() => void scraped(desk), SCRAPED_EVERY_MS);
    const turning = turns.eachMinute(supervising.signal);
    // So much is always left that it does not run dry, and so little that it ends soon when it is told to.
    const feeding = setInterval(() => publisher.allow(Math.max(0, rate - publisher.left)), 500);
    publisher.start();
    strategies.start();
    readers.start();
    sampler.start();
    const loadedFrom = performance.now();
    await carryOut({
      plan: planned(kafkaFaults(faults, { desk, registry: options.registry }), minutes, random.fork()),
      began: (minute, { name }) => note(`minute ${minute + 1}/${minutes}: ${name} (${watcher.decisions} decisions)`),
      ended: ({ name }, error) => {
        if (error !== undefined) findings.push(`${name}: ${error.message}`);
      },
    });
    loadedMinutes = (performance.now() - loadedFrom) / 60_000;
    clearInterval(scraping);
    clearInterval(feeding);
    await Promise.all([strategies.stop(), readers.stop(), publisher.finish()]);
    await publisher.publish(workload.recovery());
    drainedMs = await watcher.drained(DRAIN_MS);
    if (drainedMs === undefined) findings.push(`not all was decided within ${DRAIN_MS / 1_000} s: ${await watcher.backlog()}`);
    note(drainedMs === undefined ? 'not drained' : `drained in ${(drainedMs / 1_000).toFixed(1)} s`);
    sampler.stop(folder);
    supervising.abort();
    await Promise.all([supervised, turning]);
    await fleet.stopAll();
    await watcher.close();
  } finally {
    supervising.abort();
    fleet.killAll();
    cluster.proxy.fate = () => 'pass';
    publisher.abandon();
  }
  const { restarts, ends } = serviceEnds(fleet);
  findings.push(...ends, ...faults.missed, ...strategies.unexpected.slice(0, 5));
  note('checking');
  const told = await checkTold(bus, codec, strategies.told);
  findings.push(...told.findings.map((what) => `told by HTTP: ${what}`));
  const command = commandsOf(program, env);
  for (const name of ['verify', 'replay']) {
    const { code, text } = await command([name, '--bus', 'kafka']);
    if (code !== 0) findings.push(`${name} ended with ${code}: ${text}`);
  }
  const checked = await checkLog({
    ...{ log: await logOf(bus), codec, findings: new Findings(), acknowledged: publisher.acknowledged, poison: faults.poison },
    model: false,
  });
  findings.push(...checked.told.map(({ check, what }) => `${check}: ${what}`));
  // Runs end each minute, and their intents are forgotten: nothing is kept for longer.
  const pace = { auditRecords: told.auditRecords / loadedMinutes, intentsKept: 0, ordersRemembered: SHARDS * ORDERS_REMEMBERED };
  const processes = sampler.watched.map((one) => judge(one, pace));
  return {
    ...{ bus: 'kafka', seed, minutes, rate, restarts, loadBefore, drainedMs: drainedMs ?? null, processes },
    findings: [...findings, ...processes.flatMap((one) => one.findings)],
    faults: Object.fromEntries(faults.happened),
    load: {
      'runs by HTTP': turns.begun,
      ...Object.fromEntries(Object.entries(strategies.answers).map(([status, count]) => [`HTTP ${status}`, count])),
      ...{ 'readers of events': readers.opened, 'events read': readers.events },
      ...Object.fromEntries([...workload.counts].map(([kind, count]) => [`${kind} over Kafka`, count])),
    },
    log: checked.counts,
    durationMs: performance.now() - startedAt,
  };
};

/** As a supervisor does: who is missing is started. */
const supervise = async (fleet: Fleet, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    fleet.fill(PROCESSORS, 1);
    if (fleet.running('serve').length === 0) fleet.start('serve');
    await sleep(SUPERVISED_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
};

/** A service that finds no broker or registry when it starts says so and ends; every other end that nobody asked for is a finding. */
const serviceEnds = ({ surprises }: Fleet): { readonly restarts: number; readonly ends: readonly string[] } => {
  const ends = surprises.filter((one) => !/BUS_UNREACHABLE|BUS_NOT_READY|schema registry/.test(one));
  return { restarts: surprises.length - ends.length, ends };
};

const environmentOf = ({ cluster, registry, topicPrefix }: KafkaSoakOptions): Record<string, string> => ({
  KAFKA_BROKERS: cluster.bootstrap,
  SCHEMA_REGISTRY_URL: registry.url,
  POLICYGATE_TOPIC_PREFIX: topicPrefix,
  POLICYGATE_SESSION_TIMEOUT_MS: String(SESSION_MS),
  POLICYGATE_BATCH_RECORDS: String(BATCH_RECORDS),
  KAFKAJS_NO_PARTITIONER_WARNING: '1',
});
