/** What is done to the system under load. Each function returns when the fault has happened, and counts it only then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WRITER_FAULT_POINTS } from '../../src/bus/kafka/kafkaWriter';
import { GATEWAY_FAULT_POINTS } from '../../src/gateway/gateway';
import { PROCESSOR_FAULT_POINTS } from '../../src/processor/processor';
import { API } from '../support/kafka/faultyProxy';
import type { Cluster } from './cluster';
import type { Fleet, Member, Service } from './fleet';
import type { Poison } from '../checks/evidence';
import { publishPoison } from './poison';
import type { PoisonOptions } from './poison';
import type { Publisher } from './publisher';
import type { Random } from '../support/random';
import type { Watcher } from './watcher';

export interface FaultPoint {
  readonly service: Service;
  readonly point: string;
}

/** Every point at which a process can be told to die. */
export const FAULT_POINTS: readonly FaultPoint[] = [
  ...[...PROCESSOR_FAULT_POINTS, ...WRITER_FAULT_POINTS].map((point) => ({ service: 'processor' as const, point })),
  ...GATEWAY_FAULT_POINTS.map((point) => ({ service: 'gateway' as const, point })),
];

/** Points that a process passes when it takes a shard over, and not again. */
const TAKEOVER_POINTS = new Set<string>(['after-fence', 'during-restore', 'after-restore']);

export interface Faults {
  readonly fleet: Fleet;
  readonly cluster: Cluster;
  readonly publisher: Publisher;
  readonly watcher: Watcher;
  readonly random: Random;
  readonly poisonOptions: PoisonOptions;
  readonly processors: number;
  readonly gateways: number;
  readonly sessionMs: number;
  /** What has really happened, by name. */
  readonly happened: Map<string, number>;
  /** What was planned and did not happen. */
  readonly missed: string[];
  readonly poison: Poison[];
  readonly say: (line: string) => void;
}

const REACH_MS = 60_000;
/** Beyond kafkajs's time limit for an answer, so that writers give up, and below the session's end where that is longer. */
const PAUSE_OF_BROKER_MS = 6_500;
const LOST_ANSWERS = 6;

const count = ({ happened }: Faults, what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1);

/** A member that dies by its own hand at a point takes the place of one that runs; that one is killed to make room if there is no gap. */
export const killAt = async (faults: Faults, { service, point }: FaultPoint): Promise<void> => {
  const { fleet, random } = faults;
  const wanted = service === 'processor' ? faults.processors : faults.gateways;
  const running = fleet.running(service);
  const [oldest] = running;
  if (running.length >= wanted && oldest !== undefined) await fleet.stop(oldest);
  const times = TAKEOVER_POINTS.has(point) ? 1 : point.startsWith('gateway') ? random.between(1, 12) : random.between(1, 25);
  const victim = fleet.start(service, `${point}@${times}`);
  await keepLoaded(faults, victim);
  if (victim.outcome?.signal === 'SIGKILL') count(faults, `kill at ${point}`);
  else {
    faults.missed.push(`${point}@${times} was not reached by ${victim.name} within ${REACH_MS / 1_000} s`);
    if (victim.outcome === undefined) await fleet.kill(victim);
  }
  fleet.fill(faults.processors, faults.gateways);
};

/** Until it has ended, or for REACH_MS; more is published where nothing is left to do. */
const keepLoaded = async ({ publisher }: Faults, victim: Member): Promise<void> => {
  const until = performance.now() + REACH_MS;
  while (victim.outcome === undefined && performance.now() < until) {
    if (publisher.left === 0) publisher.allow(30);
    await Promise.race([victim.ended, sleep(250)]);
  }
};

export const killAtRandom = async (faults: Faults): Promise<void> => {
  const { fleet, random } = faults;
  await sleep(random.between(200, 2_500));
  const running = fleet.running();
  if (running.length === 0) throw new Error('nothing runs that could be killed');
  const victim = random.pick(running);
  await fleet.kill(victim);
  count(faults, `kill at a random time (${victim.service})`);
  fleet.fill(faults.processors, faults.gateways);
};

/** Paused for longer than its session, so that another takes its shards; then it wakes up in the belief that it owns them. */
export const zombie = async (faults: Faults, service: Service): Promise<void> => {
  const { fleet, random, watcher, sessionMs } = faults;
  fleet.fill(faults.processors, faults.gateways);
  const victim = random.pick(fleet.running(service));
  const before = watcher.takeovers;
  victim.child.kill('SIGSTOP');
  // Another processor is there already; a gateway that stands alone gets one.
  const spare = service === 'gateway' ? fleet.start('gateway') : undefined;
  const until = performance.now() + sessionMs + 15_000;
  await sleep(sessionMs + 1_000);
  while (service === 'processor' && watcher.takeovers === before && performance.now() < until) await sleep(200);
  if (spare !== undefined) await sleep(2_000);
  const decided = watcher.takeovers > before || service === 'gateway';
  victim.child.kill('SIGCONT');
  await sleep(1_500);
  if (decided && victim.outcome === undefined) count(faults, `zombie (${service})`);
  else faults.missed.push(`${victim.name} was paused and nobody took its shards over`);
  if (spare !== undefined) await fleet.stop(victim);
  fleet.fill(faults.processors, faults.gateways);
};

export const killBroker = async (faults: Faults): Promise<void> => {
  const { cluster, random } = faults;
  await sleep(random.between(300, 1_500));
  await cluster.broker.kill();
  count(faults, 'broker killed');
  await sleep(random.between(200, 2_000));
  await cluster.broker.restart();
  await settle(faults);
};

export const pauseBroker = async (faults: Faults): Promise<void> => {
  const { cluster, random } = faults;
  await sleep(random.between(300, 1_500));
  process.kill(cluster.broker.pid, 'SIGSTOP');
  await sleep(PAUSE_OF_BROKER_MS);
  process.kill(cluster.broker.pid, 'SIGCONT');
  count(faults, 'broker paused');
  await settle(faults);
};

/** The broker does what it was asked, and the answers to the next few requests of a kind never arrive. */
export const loseAnswers = async (faults: Faults, kind: keyof typeof API): Promise<void> => {
  const { cluster, publisher } = faults;
  let left = LOST_ANSWERS;
  cluster.proxy.fate = (apiKey) => {
    if (apiKey !== API[kind] || left === 0) return 'pass';
    left -= 1;
    return 'lose-response';
  };
  const until = performance.now() + REACH_MS;
  while (left > 0 && performance.now() < until) {
    if (publisher.left === 0) publisher.allow(30);
    await sleep(100);
  }
  cluster.proxy.fate = () => 'pass';
  if (left === 0) count(faults, `answers lost (${kind})`);
  else faults.missed.push(`only ${LOST_ANSWERS - left} requests of ${kind} came`);
  await settle(faults);
};

/** One joins, another leaves, it comes back, the first leaves: shards move four times under load. */
export const rebalance = async (faults: Faults): Promise<void> => {
  const { fleet } = faults;
  fleet.fill(faults.processors, faults.gateways);
  const [oldest] = fleet.running('processor');
  const extra = fleet.start('processor');
  await sleep(4_000);
  if (oldest !== undefined) await fleet.stop(oldest);
  await sleep(1_500);
  fleet.start('processor');
  await sleep(3_000);
  await fleet.stop(extra);
  count(faults, 'processors joined and left');
  fleet.fill(faults.processors, faults.gateways);
};

export const poison = async (faults: Faults): Promise<void> => {
  const { poison: set, compressions, abortedTransactions } = await publishPoison(faults.poisonOptions);
  faults.poison.push(...set);
  const { happened } = faults;
  happened.set('poison records', (happened.get('poison records') ?? 0) + set.length);
  happened.set('foreign transactions aborted', (happened.get('foreign transactions aborted') ?? 0) + abortedTransactions);
  for (const compression of compressions) count(faults, `poison in ${compression} batches`);
};

/** Whoever could not start while there was no broker is started again, as its supervisor would. */
const settle = async (faults: Faults): Promise<void> => {
  const { fleet, watcher, publisher } = faults;
  const before = watcher.decisions;
  const until = performance.now() + REACH_MS;
  do {
    fleet.fill(faults.processors, faults.gateways);
    if (publisher.left === 0) publisher.allow(20);
    await sleep(500);
  } while (watcher.decisions === before && performance.now() < until);
};
