/** What a login might try on a broker, each thing as one request of the protocol, and what the broker says to it. */
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { openClient } from '../../../src/bus/kafka/client';
import { fetchOf } from '../../../src/bus/kafka/fetchProtocol';
import { createCluster } from '../../../src/bus/kafka/internals';
import type { Broker } from '../../../src/bus/kafka/internals';
import { topicName } from '../../../src/bus/kafka/options';
import { RIGHTS, ROLES } from '../../../src/bus/kafka/roles';
import type { Role } from '../../../src/bus/kafka/roles';
import { TOPICS } from '../../../src/contracts/topics';
import type { SecuredBroker } from './securedBroker';

export interface Attempt {
  readonly what: string;
  /** It belongs to the work of the role. */
  readonly allowed: boolean;
  /** `done`, `refused`, or another error. */
  readonly outcome: string;
}

/** Methods of kafkajs's broker that the product does not use. */
type Request = 'produce' | 'deleteRecords' | 'deleteTopics' | 'alterConfigs' | 'createPartitions' | 'joinGroup' | 'deleteGroups';
type AclRequest = 'createTopics' | 'describeAcls' | 'createAcls';
type AnyBroker = Broker & Readonly<Record<Request | AclRequest, (request: object) => Promise<unknown>>>;

type Plan = Omit<Attempt, 'outcome'> & { readonly attempt: (broker: AnyBroker) => Promise<unknown> };

/** A topic of somebody else, and one whose name begins like one of ours: no role may do anything to either. */
const strangers = (topicPrefix: string): readonly string[] => [`payroll-${topicPrefix}`, `${topicPrefix}order-intents-copy`];

/** Made by the super user, so that they are there to be refused. */
export const makeStrangers = async (secured: SecuredBroker): Promise<void> => {
  const admin = openClient(secured.options('root')).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: strangers(secured.topicPrefix).map((topic) => ({ topic })) });
  await admin.disconnect();
};

/** Everything is tried, one after the other. What is not refused is done: READ and WRITE only where they are allowed, if all is well. */
export const attemptsOf = async (secured: SecuredBroker, role: Role): Promise<readonly Attempt[]> => {
  const cluster = createCluster(openClient(secured.options(role)));
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const broker = (await cluster.findBroker({ nodeId: 1 })) as AnyBroker;
    const attempts: Attempt[] = [];
    for (const { what, allowed, attempt } of plansOf(secured.topicPrefix, role))
      attempts.push({ what: `${role}: ${what}`, allowed, outcome: await outcomeOf(attempt(broker)) });
    return attempts;
  } finally {
    await cluster.disconnect();
  }
};

const plansOf = (topicPrefix: string, role: Role): readonly Plan[] => {
  const { reads, writes, transactions, creates, grants } = RIGHTS[role];
  const ours = TOPICS.map((topic) => ({
    name: topicName({ topicPrefix }, topic),
    read: reads.includes(topic),
    write: writes.includes(topic),
  }));
  const others = strangers(topicPrefix).map((name) => ({ name, read: false, write: false }));
  const starts = [...new Set(ROLES.flatMap((one) => RIGHTS[one].transactions)), 'payroll-'];
  return [
    ...[...ours, ...others].flatMap(({ name, read, write }) => topicPlans(name, read, write)),
    ...starts.map((start) => transactionPlan(`${topicPrefix}${start}0`, transactions.includes(start))),
    ...(['processor', 'gateway', 'payroll'] as const).flatMap((group) =>
      groupPlans(`${topicPrefix}policygate-${group}`, group === role),
    ),
    ...clusterPlans(topicPrefix, creates, grants),
  ];
};

const topicPlans = (name: string, read: boolean, write: boolean): readonly Plan[] => [
  { what: `read ${name}`, allowed: read, attempt: (broker) => fetched(broker, name) },
  {
    what: `write ${name}`,
    allowed: write,
    attempt: (broker) =>
      broker.produce({
        acks: -1,
        timeout: 5_000,
        topicData: [
          {
            topic: name,
            partitions: [{ partition: 0, messages: [{ key: 'k', value: 'v', headers: {}, timestamp: String(Date.now()) }] }],
          },
        ],
      }),
  },
  {
    what: `delete records of ${name}`,
    allowed: false,
    attempt: (broker) => broker.deleteRecords({ topics: [{ topic: name, partitions: [{ partition: 0, offset: '0' }] }] }),
  },
  { what: `delete ${name}`, allowed: false, attempt: (broker) => broker.deleteTopics({ topics: [name] }) },
  {
    what: `change the settings of ${name}`,
    allowed: false,
    attempt: (broker) => broker.alterConfigs({ validateOnly: true, resources: [retention(ConfigResourceTypes.TOPIC, name)] }),
  },
  {
    what: `add partitions to ${name}`,
    allowed: false,
    attempt: (broker) => broker.createPartitions({ validateOnly: true, topicPartitions: [{ topic: name, count: 5 }] }),
  },
];

const retention = (type: ConfigResourceTypes, name: string): object => ({
  ...{
    type,
    name,
    configEntries: [{ name: type === ConfigResourceTypes.TOPIC ? 'retention.ms' : 'log.retention.ms', value: '1000' }],
  },
});

const fetched = async (broker: AnyBroker, topic: string): Promise<void> => {
  const limits = { maxWaitMs: 1, maxBytes: 1_024, maxPartitionBytes: 1_024 };
  const { partitions } = await broker.connectionPool.send(fetchOf([{ topic, partition: 0, offset: 0 }], limits));
  const errorCode = partitions[0]?.errorCode;
  if (errorCode === TOPIC_AUTHORIZATION_FAILED) throw Object.assign(new Error(), { type: 'TOPIC_AUTHORIZATION_FAILED' });
  if (errorCode !== 0) throw new Error(`error code ${errorCode ?? 'none'}`);
};

const TOPIC_AUTHORIZATION_FAILED = 29;

/** Whoever takes an id over fences its owner. */
const transactionPlan = (transactionalId: string, allowed: boolean): Plan => ({
  what: `take over the transactional id ${transactionalId}`,
  allowed,
  attempt: (broker) => broker.initProducerId({ transactionalId, transactionTimeout: 10_000 }),
});

const groupPlans = (groupId: string, member: boolean): readonly Plan[] => [
  {
    what: `join ${groupId}`,
    allowed: member,
    attempt: (broker) =>
      broker.joinGroup({
        ...{ groupId, sessionTimeout: 10_000, rebalanceTimeout: 10_000 },
        groupProtocols: [{ name: 'policygate-shards', metadata: Buffer.alloc(0) }],
      }),
  },
  {
    what: `delete the group ${groupId}`,
    allowed: false,
    attempt: async (broker) => deletedGroup(await broker.deleteGroups([groupId])),
  },
];

const deletedGroup = (answer: unknown): void => {
  const { results } = answer as { readonly results: readonly { readonly error?: Error }[] };
  if (results[0]?.error !== undefined) throw results[0].error;
};

const clusterPlans = (topicPrefix: string, creates: boolean, grants: boolean): readonly Plan[] => [
  {
    what: 'create our topics',
    allowed: creates,
    attempt: (broker) => broker.createTopics({ validateOnly: true, topics: [{ topic: `${topicPrefix}decisions` }] }),
  },
  {
    what: 'create another topic',
    allowed: false,
    attempt: (broker) => broker.createTopics({ validateOnly: true, topics: [{ topic: `${topicPrefix}other` }] }),
  },
  {
    what: 'change the settings of the brokers',
    allowed: false,
    attempt: (broker) => broker.alterConfigs({ validateOnly: true, resources: [retention(ConfigResourceTypes.BROKER, '1')] }),
  },
  {
    what: 'see permissions',
    allowed: grants,
    attempt: (broker) =>
      broker.describeAcls({
        ...{ resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY },
        ...{ operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY },
      }),
  },
  {
    what: 'grant permissions',
    allowed: grants,
    attempt: (broker) =>
      broker.createAcls({
        acl: [
          {
            ...{
              resourceType: AclResourceTypes.TOPIC,
              resourceName: 'nothing',
              resourcePatternType: ResourcePatternTypes.LITERAL,
            },
            ...{
              principal: 'User:nobody',
              host: '*',
              operation: AclOperationTypes.READ,
              permissionType: AclPermissionTypes.ALLOW,
            },
          },
        ],
      }),
  },
];

/** Said only to those who may; the third by a broker that is still ending a transaction of this id. */
const HARMLESS = new Set(['MEMBER_ID_REQUIRED', 'TOPIC_ALREADY_EXISTS', 'CONCURRENT_TRANSACTIONS']);

const outcomeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'done';
  } catch (error) {
    const type = typeOf(error);
    if (type.endsWith('AUTHORIZATION_FAILED')) return 'refused';
    return HARMLESS.has(type) ? 'done' : type;
  }
};

/** kafkajs puts the errors of single topics and partitions a level deeper. */
const typeOf = (error: unknown): string => {
  const { type, message, errors, partitions } = error as {
    readonly type?: string;
    readonly message?: string;
    readonly errors?: readonly unknown[];
    readonly partitions?: readonly { readonly error: unknown }[];
  };
  const inner = errors?.[0] ?? partitions?.[0]?.error;
  return inner === undefined ? (type ?? message ?? String(error)) : typeOf(inner);
};
