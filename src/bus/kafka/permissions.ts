/**
 * What this user may do, as the broker itself answers it (KIP-430): the operations on each topic and group that its authorizer would allow. Asking
 * changes nothing. Where the cluster has no ACLs, everything is allowed.
 */
import { setTimeout } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { brokerErrorOf } from './clusterTopics';
import {
  CONTROL_EVENTS,
  DEAD_LETTERS,
  EXECUTION_EVENTS,
  AUDIT_RECORDS,
  DECISIONS,
  INPUT_TOPICS,
  POLICY_STATE,
  TOPICS,
} from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { createCluster } from './internals';
import type { Broker, Cluster } from './internals';
import { topicName } from './options';
import { GROUP_COORDINATOR, groupOperations, mayFind, topicOperations, TRANSACTION_COORDINATOR } from './operationsProtocol';

/** Bits of Kafka's AclOperation. */
const OPERATIONS = { READ: 3, WRITE: 4, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 } as const;
export type Operation = keyof typeof OPERATIONS;

/** One thing that a user needs and does not have. */
export interface Missing {
  readonly operation: Operation;
  readonly resource: 'topic' | 'group' | 'transactional id';
  /** On the cluster. */
  readonly name: string;
}

export type Role = 'processor' | 'gateway';
export const ROLES: readonly Role[] = ['processor', 'gateway'];

/** What each service does with the topics. */
const NEEDS: Readonly<Record<Role, { readonly reads: readonly Topic[]; readonly writes: readonly Topic[] }>> = {
  processor: {
    reads: [...INPUT_TOPICS, AUDIT_RECORDS, POLICY_STATE],
    writes: [DECISIONS, AUDIT_RECORDS, POLICY_STATE, DEAD_LETTERS],
  },
  gateway: { reads: [DECISIONS, EXECUTION_EVENTS, CONTROL_EVENTS], writes: [EXECUTION_EVENTS, CONTROL_EVENTS] },
};

export interface Permissions {
  readonly missing: Readonly<Record<Role, readonly Missing[]>>;
  /** The input topics that this user may write. */
  readonly writable: readonly Topic[];
}

/** `nodeId`: of any broker. `transactionalId`: one of the asker's own; it is taken over and nothing is written. Rejects with what kafkajs throws. */
export const permissionsOf = async (
  client: Kafka,
  options: { readonly topicPrefix: string },
  nodeId: number,
  group: string,
  transactionalId: string,
): Promise<Permissions> => {
  const cluster = createCluster(client);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const broker = await cluster.findBroker({ nodeId });
    const transactions = await transactionFault(client, broker, transactionalId);
    return await askedOf(cluster, broker, options, group, transactions);
  } finally {
    await cluster.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const askedOf = async (
  cluster: Cluster,
  broker: Broker,
  options: { readonly topicPrefix: string },
  group: string,
  transactions: readonly Missing[],
): Promise<Permissions> => {
  const topics = await broker.connectionPool.send(topicOperations(TOPICS.map((topic) => topicName(options, topic))));
  // What is missing cannot be judged; that it is missing is another finding.
  const operationsOn = (topic: Topic): number | undefined => topics.get(topicName(options, topic));
  const missingOf = async (role: Role): Promise<readonly Missing[]> => {
    const lacking = (topic: Topic, operation: Operation): readonly Missing[] =>
      includes(operationsOn(topic) ?? EVERYTHING, operation)
        ? []
        : [{ operation, resource: 'topic', name: topicName(options, topic) }];
    const { reads, writes } = NEEDS[role];
    return [
      ...reads.flatMap((topic) => lacking(topic, 'READ')),
      ...writes.flatMap((topic) => lacking(topic, 'WRITE')),
      // Each start verifies every topic.
      ...TOPICS.flatMap((topic) => lacking(topic, 'DESCRIBE_CONFIGS')),
      ...(await groupMissing(cluster, broker, `${group}-${role}`)),
      ...transactions,
    ];
  };
  const [processor, gateway] = await Promise.all([missingOf('processor'), missingOf('gateway')]);
  return {
    missing: { processor, gateway },
    writable: INPUT_TOPICS.filter((topic) => includes(operationsOn(topic) ?? 0, 'WRITE')),
  };
};

const EVERYTHING = ~0;

const includes = (operations: number, operation: Operation): boolean => (operations & (1 << OPERATIONS[operation])) !== 0;

const groupMissing = async (cluster: Cluster, broker: Broker, group: string): Promise<readonly Missing[]> => {
  const missing: readonly Missing[] = [{ operation: 'READ', resource: 'group', name: group }];
  try {
    await broker.connectionPool.send(mayFind(group, GROUP_COORDINATOR));
    return includes(await groupOperationsOf(cluster, group), 'READ') ? [] : missing;
  } catch (error) {
    if (isRefusal(error)) return missing;
    throw error;
  }
};

const groupOperationsOf = (cluster: Cluster, group: string): Promise<number> =>
  onceCoordinated(async () => {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group, coordinatorType: GROUP_COORDINATOR });
    return coordinator.connectionPool.send(groupOperations(group));
  });

const LOADING = /COORDINATOR|LOAD_IN_PROGRESS/;
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

/** Really taken, since the broker says nothing of transactional ids; no transaction is begun. */
const transactionFault = async (client: Kafka, broker: Broker, transactionalId: string): Promise<readonly Missing[]> => {
  const producer = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 10_000 });
  try {
    await broker.connectionPool.send(mayFind(transactionalId, TRANSACTION_COORDINATOR));
    await onceCoordinated(() => producer.connect());
    return [];
  } catch (error) {
    if (isRefusal(error)) return [{ operation: 'WRITE', resource: 'transactional id', name: transactionalId }];
    throw error;
  } finally {
    await producer.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const isRefusal = (error: unknown): boolean => brokerErrorOf(error)?.endsWith('AUTHORIZATION_FAILED') === true;
