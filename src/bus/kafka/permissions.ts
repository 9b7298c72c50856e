/**
 * What this user may do, as the broker itself answers it (KIP-430): the operations on each topic and group that its authorizer would allow. Asking
 * changes nothing. Where the cluster has no ACLs, everything is allowed.
 */
import type { Kafka } from 'kafkajs';
import {
  CONTROL_EVENTS,
  DEAD_LETTERS,
  EXECUTION_EVENTS,
  AUDIT_RECORDS,
  DECISIONS,
  INPUT_TOPICS,
  POLICY_STATE,
} from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { createCluster } from './internals';
import type { Cluster } from './internals';
import { topicName } from './options';
import { groupOperations, topicOperations } from './operationsProtocol';

const GROUP_COORDINATOR = 0;

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
  processor: { reads: [...INPUT_TOPICS, POLICY_STATE], writes: [DECISIONS, AUDIT_RECORDS, POLICY_STATE, DEAD_LETTERS] },
  gateway: { reads: [DECISIONS, EXECUTION_EVENTS, CONTROL_EVENTS], writes: [EXECUTION_EVENTS, DEAD_LETTERS] },
};

export interface Permissions {
  readonly missing: Readonly<Record<Role, readonly Missing[]>>;
  /** The input topics that this user may write. */
  readonly writable: readonly Topic[];
}

/** `transactionalId`: one of the asker's own; it is taken over and nothing is written. Rejects with what kafkajs throws. */
export const permissionsOf = async (
  client: Kafka,
  options: { readonly topicPrefix: string },
  group: string,
  transactionalId: string,
): Promise<Permissions> => {
  const transactions = await transactionFault(client, transactionalId);
  const cluster = createCluster(client);
  try {
    await cluster.connect();
    return await askedOf(cluster, options, group, transactions);
  } finally {
    await cluster.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const askedOf = async (
  cluster: Cluster,
  options: { readonly topicPrefix: string },
  group: string,
  transactions: readonly Missing[],
): Promise<Permissions> => {
  const names = [...new Set(ROLES.flatMap((role) => [...NEEDS[role].reads, ...NEEDS[role].writes]))];
  // Whichever broker answers for the group answers for the topics, too.
  const broker = await cluster.findGroupCoordinator({ groupId: `${group}-processor`, coordinatorType: GROUP_COORDINATOR });
  const topics = await broker.connectionPool.send(topicOperations(names.map((topic) => topicName(options, topic))));
  const allowed = (topic: Topic, operation: Operation): boolean =>
    includes(topics.get(topicName(options, topic)) ?? 0, operation);
  const missingOf = async (role: Role): Promise<readonly Missing[]> => {
    const lacking = (topic: Topic, operations: readonly Operation[]): readonly Missing[] =>
      operations
        .filter((operation) => !allowed(topic, operation))
        .map((operation) => ({ operation, resource: 'topic', name: topicName(options, topic) }));
    const { reads, writes } = NEEDS[role];
    return [
      ...reads.flatMap((topic) => lacking(topic, ['READ'])),
      ...writes.flatMap((topic) => lacking(topic, ['WRITE'])),
      ...[...new Set([...reads, ...writes])].flatMap((topic) => lacking(topic, ['DESCRIBE_CONFIGS'])),
      ...(await groupMissing(cluster, `${group}-${role}`)),
      ...transactions,
    ];
  };
  const [processor, gateway] = await Promise.all([missingOf('processor'), missingOf('gateway')]);
  return { missing: { processor, gateway }, writable: INPUT_TOPICS.filter((topic) => allowed(topic, 'WRITE')) };
};

const includes = (operations: number, operation: Operation): boolean => (operations & (1 << OPERATIONS[operation])) !== 0;

const groupMissing = async (cluster: Cluster, group: string): Promise<readonly Missing[]> => {
  const missing: readonly Missing[] = [{ operation: 'READ', resource: 'group', name: group }];
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group, coordinatorType: GROUP_COORDINATOR });
    return includes(await coordinator.connectionPool.send(groupOperations(group)), 'READ') ? [] : missing;
  } catch (error) {
    if (isRefusal(error)) return missing;
    throw error;
  }
};

/** Really taken, since the broker says nothing of transactional ids; no transaction is begun. */
const transactionFault = async (client: Kafka, transactionalId: string): Promise<readonly Missing[]> => {
  const producer = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 10_000 });
  try {
    await producer.connect();
    return [];
  } catch (error) {
    if (isRefusal(error)) return [{ operation: 'WRITE', resource: 'transactional id', name: transactionalId }];
    throw error;
  } finally {
    await producer.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const isRefusal = (error: unknown): boolean => {
  const { type, cause } = (error ?? {}) as { readonly type?: unknown; readonly cause?: unknown };
  if (typeof type === 'string') return type.endsWith('AUTHORIZATION_FAILED');
  return cause !== undefined && cause !== error && isRefusal(cause);
};
