/**
 * What this user may do, as the broker itself answers it (KIP-430): the operations on topics, groups and the cluster that its authorizer would allow,
 * compared with the rights of each role. Asking changes nothing. Where the cluster has no ACLs, everything is allowed.
 */
import { setTimeout } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { INPUT_TOPICS, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { groupOf, keyOfRight, rightsOf } from './acls';
import type { Naming, Operation, Right } from './acls';
import { brokerErrorOf } from './clusterTopics';
import { createCluster } from './internals';
import type { Broker, Cluster } from './internals';
import { topicName } from './options';
import { allowedOperations, GROUP_COORDINATOR, groupOperations, mayFind, TRANSACTION_COORDINATOR } from './operationsProtocol';
import { RIGHTS, ROLES } from './roles';
import type { Role } from './roles';

/** Bits of Kafka's AclOperation: those that rights are made of, and others that nobody needs. */
const OPERATIONS = { READ: 3, WRITE: 4, CREATE: 5, ALTER: 7, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 } as const satisfies Record<
  Operation,
  number
>;
const HARMFUL = { READ: 3, WRITE: 4, DELETE: 6, ALTER: 7, ALTER_CONFIGS: 11 } as const;

/** A right to a topic that a role does not need. */
export interface Surplus {
  readonly operation: keyof typeof HARMFUL;
  readonly name: string;
}

export interface Permissions {
  readonly missing: Readonly<Record<Role, readonly Right[]>>;
  readonly surplus: Readonly<Record<Role, readonly Surplus[]>>;
  /** The input topics that this user may write. */
  readonly writable: readonly Topic[];
  /** What transactional ids may begin with; with the prefix of the topics. */
  readonly transactions: readonly string[];
}

/** `nodeId`: of any broker. Takes over one transactional id of each kind that is the doctor's own; nothing is written. Rejects with what kafkajs throws. */
export const permissionsOf = async (client: Kafka, naming: Naming, nodeId: number): Promise<Permissions> => {
  const cluster = createCluster(client);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const broker = await cluster.findBroker({ nodeId });
    const topics = TOPICS.map((topic) => topicName(naming, topic));
    const allowed = await broker.connectionPool.send(allowedOperations(topics));
    const groups = await granted([groupOf('processor', naming), groupOf('gateway', naming)], (group) =>
      mayJoin(cluster, broker, group),
    );
    const starts = new Set(ROLES.flatMap((role) => RIGHTS[role].transactions));
    const transactions = await granted(
      [...starts].map((start) => `${naming.topicPrefix}${start}`),
      (start) => mayTransact(cluster, broker, start),
    );
    // A topic that is missing cannot be judged; that it is missing is another finding.
    const onTopic = (name: string): number => (allowed.topics.has(name) ? (allowed.topics.get(name) ?? EVERYTHING) : EVERYTHING);
    const has = ({ operation, resource, name }: Right): boolean => {
      if (resource === 'group') return groups.has(name);
      if (resource === 'transactional id') return transactions.has(name);
      return includes(resource === 'topic' ? onTopic(name) : allowed.cluster, OPERATIONS[operation]);
    };
    const surplusOf = (role: Role): readonly Surplus[] => {
      const needed = new Set(rightsOf(role, naming).map(keyOfRight));
      return topics.flatMap((name) =>
        (Object.keys(HARMFUL) as (keyof typeof HARMFUL)[]).flatMap((operation) => {
          const right = { operation, resource: 'topic', name, pattern: 'literal' } as Right;
          return includes(allowed.topics.get(name) ?? 0, HARMFUL[operation]) && !needed.has(keyOfRight(right))
            ? [{ operation, name }]
            : [];
        }),
      );
    };
    return {
      missing: byRole((role) => rightsOf(role, naming).filter((right) => !has(right))),
      surplus: byRole(surplusOf),
      writable: INPUT_TOPICS.filter((topic) => includes(allowed.topics.get(topicName(naming, topic)) ?? 0, OPERATIONS.WRITE)),
      transactions: [...transactions],
    };
  } finally {
    await cluster.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const byRole = <T>(of: (role: Role) => T): Readonly<Record<Role, T>> =>
  Object.fromEntries(ROLES.map((role) => [role, of(role)])) as Record<Role, T>;

const EVERYTHING = ~0;

const includes = (operations: number, bit: number): boolean => (operations & (1 << bit)) !== 0;

/** Those that may be used. One after the other: the first question on a new cluster makes the topic that the others need, too. */
const granted = async (names: readonly string[], may: (name: string) => Promise<boolean>): Promise<ReadonlySet<string>> => {
  const allowed = new Set<string>();
  for (const name of names) if (await unlessRefused(may(name))) allowed.add(name);
  return allowed;
};

const unlessRefused = async (answer: Promise<boolean>): Promise<boolean> => {
  try {
    return await answer;
  } catch (error) {
    if (brokerErrorOf(error)?.endsWith('AUTHORIZATION_FAILED') === true) return false;
    throw error;
  }
};

const mayJoin = async (cluster: Cluster, broker: Broker, group: string): Promise<boolean> => {
  await broker.connectionPool.send(mayFind(group, GROUP_COORDINATOR));
  const operations = await onceCoordinated(async () => {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group, coordinatorType: GROUP_COORDINATOR });
    return coordinator.connectionPool.send(groupOperations(group));
  });
  return includes(operations, OPERATIONS.READ);
};

const TRANSACTION_TIMEOUT_MS = 10_000;

/** Really taken, since the broker says nothing of transactional ids; no transaction is begun, and whoever else asks takes the same one. */
const mayTransact = async (cluster: Cluster, broker: Broker, start: string): Promise<boolean> => {
  const transactionalId = `${start}doctor`;
  await broker.connectionPool.send(mayFind(transactionalId, TRANSACTION_COORDINATOR));
  await onceCoordinated(async () => {
    const coordinator = await cluster.findGroupCoordinator({
      groupId: transactionalId,
      coordinatorType: TRANSACTION_COORDINATOR,
    });
    await coordinator.initProducerId({ transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS });
  });
  return true;
};

const LOADING = /COORDINATOR|LOAD_IN_PROGRESS|CONCURRENT_TRANSACTIONS/;
const COORDINATOR_TRIES = 20;
const COORDINATOR_WAIT_MS = 100;

/** On a new cluster the first question for a group or a transaction makes the topic that they are kept in; until it is loaded nobody coordinates. */
const onceCoordinated = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!LOADING.test(brokerErrorOf(error) ?? '') || tries === COORDINATOR_TRIES) throw error;
      await setTimeout(COORDINATOR_WAIT_MS);
    }
  }
};
