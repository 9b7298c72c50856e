/** What is behind the brokers: the cluster, its topics, what this user may do there, its clock. */
import { brokerAheadMs } from '../../bus/kafka/brokerClock';
import { listens } from '../../bus/kafka/brokerProbe';
import { openClient } from '../../bus/kafka/client';
import { topicName } from '../../bus/kafka/options';
import type { KafkaOptions } from '../../bus/kafka/options';
import { permissionsOf } from '../../bus/kafka/permissions';
import type { Permissions } from '../../bus/kafka/permissions';
import type { Role } from '../../bus/kafka/roles';
import { verifyTopics } from '../../bus/kafka/topicAdmin';
import type { Topic } from '../../contracts/topics';
import { lineOf } from '../failure';
import { fail, ok, skip, warn, within } from './check';
import type { Check } from './check';
import { permissionChecks } from './permissionChecks';

const WARN_SKEW_MS = 1_000;
const FAIL_SKEW_MS = 10_000;
/** Enough to see what is wrong; `policygate topics verify` lists all. */
const MOST_FINDINGS = 10;

/** All of it in `timeLimitMs`. Never rejects. */
export const clusterChecks = async (
  options: KafkaOptions,
  { group, as }: { readonly group: string; readonly as: Role | undefined },
  timeLimitMs: number,
  report: (check: Check) => void,
): Promise<void> => {
  const until = Date.now() + timeLimitMs;
  const left = (): number => Math.max(100, until - Date.now());
  const client = openClient(options);
  const cluster = await clusterCheck(options, left());
  for (const check of cluster.checks) report(check);
  const [nodeId] = cluster.nodeIds;
  if (nodeId === undefined) {
    for (const what of ['topics', 'permissions', 'clock']) report(skip(what, 'the cluster cannot be used'));
    return;
  }
  const topics = await topicChecks(options, left());
  for (const check of topics) report(check);
  try {
    const permissions = await within(permissionsOf(client, { ...options, group }, nodeId), left());
    for (const check of permissionChecks(permissions, as)) report(check);
    report(await clockCheck(options, permissions, left()));
  } catch (error) {
    report(fail('permissions', lineOf(error), 'look into the log of the broker'));
    report(skip('clock', 'the permissions are not known'));
  }
};

/** A broker tells its clients to dial the addresses that it advertises: they must lead somewhere from here. */
const clusterCheck = async (
  options: KafkaOptions,
  timeLimitMs: number,
): Promise<{ readonly checks: readonly Check[]; readonly nodeIds: readonly number[] }> => {
  const admin = openClient(options).admin();
  try {
    const { brokers, controller } = await within(
      admin.connect().then(() => admin.describeCluster()),
      timeLimitMs,
    );
    const probes = await Promise.all(
      brokers.map(async ({ nodeId, host, port }) => ({
        nodeId,
        address: `${host}:${port}`,
        probe: await listens(`${host}:${port}`),
      })),
    );
    const checks = probes.flatMap(({ nodeId, address, probe }) =>
      probe.ok ? [] : [fail(`broker ${nodeId} of the cluster`, `advertises ${address}: ${probe.found}`, ADVERTISED)],
    );
    if (checks.length > 0) return { checks, nodeIds: [] };
    const counted = `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`;
    const check =
      controller === null
        ? fail('cluster', `${counted}, no controller`, 'look into the logs of its controllers')
        : ok('cluster', `${counted}, controller ${controller}`);
    return { checks: [check], nodeIds: brokers.map(({ nodeId }) => nodeId) };
  } catch (error) {
    return { checks: [unreachable(options, error)], nodeIds: [] };
  } finally {
    await admin.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const ADVERTISED = 'set its advertised.listeners to an address that leads to it from here';

/** The brokers that the settings name have answered: one that is not among them can only come from an advertised address. */
const unreachable = ({ brokers }: KafkaOptions, error: unknown): Check => {
  const broker = dialled(error);
  if (broker === undefined || brokers.includes(broker))
    return fail('cluster', lineOf(error), 'look into the logs of its brokers');
  return fail('cluster', `a broker advertises ${broker}, where none can be reached`, ADVERTISED);
};

/** kafkajs says it in one of its errors, or in one that this was caused by. */
const dialled = (error: unknown): string | undefined => {
  const { broker, cause } = (error ?? {}) as { readonly broker?: unknown; readonly cause?: unknown };
  if (typeof broker === 'string') return broker;
  return cause === undefined || cause === error ? undefined : dialled(cause);
};

const topicChecks = async (options: KafkaOptions, timeLimitMs: number): Promise<readonly Check[]> => {
  try {
    const { findings, shards } = await within(verifyTopics(openClient(options), options), timeLimitMs);
    if (shards !== undefined)
      return [ok('topics', `all there and as they must be, ${shards} ${shards === 1 ? 'shard' : 'shards'}`)];
    const shown = findings
      .slice(0, MOST_FINDINGS)
      .map(({ topic, setting, found, expected, todo }) =>
        fail(`topic ${topic}`, `${setting}: ${found}, expected ${expected}`, todo),
      );
    const more = findings.length - shown.length;
    return more > 0 ? [...shown, fail('topics', `${more} more like these`, 'run `policygate topics verify`')] : shown;
  } catch (error) {
    return [fail('topics', lineOf(error), 'look into the log of the broker')];
  }
};

const clockCheck = async (
  options: KafkaOptions,
  { writable, transactions }: Permissions,
  timeLimitMs: number,
): Promise<Check> => {
  const what = 'clock';
  if (options.inputTimestamps === 'CreateTime') return skip(what, 'the inputs carry the times of their senders');
  const topic: Topic | undefined = writable[0];
  if (topic === undefined) return skip(what, 'this user may write no input topic');
  const [start] = transactions;
  if (start === undefined) return skip(what, 'this user may not use transactions');
  // One of its own for each process: a second doctor would otherwise fence the first.
  const transactionalId = `${start}doctor-${process.pid}`;
  try {
    const ahead = await within(brokerAheadMs(openClient(options), topicName(options, topic), transactionalId), timeLimitMs);
    if (ahead === undefined)
      return warn(what, 'the broker did not say its time', `set message.timestamp.type=LogAppendTime on ${topic}`);
    return skewCheck(ahead);
  } catch (error) {
    return warn(what, `could not be compared (${lineOf(error)})`, 'look into the log of the broker');
  }
};

export const skewCheck = (aheadMs: number): Check => {
  const apart = Math.abs(aheadMs);
  if (apart <= WARN_SKEW_MS) return ok('clock', 'the broker’s is within a second of this machine’s');
  const found = `the broker’s is ${(apart / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine’s`;
  const todo = 'run a time service (NTP) on both: the order limits of a minute go by the broker’s clock';
  return apart > FAIL_SKEW_MS ? fail('clock', found, todo) : warn('clock', found, todo);
};
