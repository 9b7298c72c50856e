/** The rights of roles.ts as entries of a cluster's access control lists: for this prefix, this group and these principals. */
import { TOPICS } from '../../contracts/topics';
import { topicName } from './options';
import { RIGHTS } from './roles';
import type { Role } from './roles';

export type Operation = 'READ' | 'WRITE' | 'CREATE' | 'ALTER' | 'DESCRIBE' | 'DESCRIBE_CONFIGS';
export type Resource = 'topic' | 'group' | 'transactional id' | 'cluster';

/** One right: what may be done to what. */
export interface Right {
  readonly operation: Operation;
  readonly resource: Resource;
  /** On the cluster. */
  readonly name: string;
  /** `prefixed`: to all whose names begin so. */
  readonly pattern: 'literal' | 'prefixed';
}

/** How things are called on the cluster. */
export interface Naming {
  readonly topicPrefix: string;
  /** As the settings give it. */
  readonly group: string;
}

/** Kafka's name of the one resource of its kind. */
const CLUSTER = 'kafka-cluster';

/** The consumer group of a service. Named after the topics too: two gates on one cluster share no group by accident. */
export const groupOf = (role: 'processor' | 'gateway', { topicPrefix, group }: Naming): string =>
  `${topicPrefix}${group}-${role}`;

/** Everything that the role needs, and nothing that comes with it anyway. Topics by their whole names: another gate's prefix may begin like this one's. */
export const rightsOf = (role: Role, naming: Naming): readonly Right[] => {
  const { reads, writes, transactions, creates, grants } = RIGHTS[role];
  return [
    ...TOPICS.flatMap((topic) => {
      const on = (operation: Operation): Right => ({
        ...{ operation, resource: 'topic', name: topicName(naming, topic), pattern: 'literal' },
      });
      const [read, written] = [reads.includes(topic), writes.includes(topic)];
      return [
        ...(read ? [on('READ')] : []),
        ...(written ? [on('WRITE')] : []),
        ...(creates ? [on('CREATE')] : []),
        ...(read || written ? [] : [on('DESCRIBE')]),
        on('DESCRIBE_CONFIGS'),
      ];
    }),
    ...(role === 'processor' || role === 'gateway' ? [literal('READ', 'group', groupOf(role, naming))] : []),
    ...transactions.map((start): Right => ({
      ...{ operation: 'WRITE', resource: 'transactional id', name: `${naming.topicPrefix}${start}`, pattern: 'prefixed' },
    })),
    ...(grants ? [literal('ALTER', 'cluster', CLUSTER), literal('DESCRIBE', 'cluster', CLUSTER)] : []),
  ];
};

const literal = (operation: Operation, resource: Resource, name: string): Right => ({
  ...{ operation, resource, name, pattern: 'literal' },
});

/** Who logs in as what: `User:alice` on the cluster. Several may have one role, and one several roles. */
export interface Holder {
  readonly role: Role;
  readonly principal: string;
}

/** By principal, without repeats. */
export const rightsOfHolders = (holders: readonly Holder[], naming: Naming): ReadonlyMap<string, readonly Right[]> => {
  const wanted = new Map<string, Map<string, Right>>();
  for (const { role, principal } of holders) {
    const of = wanted.get(principal) ?? new Map<string, Right>();
    for (const right of rightsOf(role, naming)) of.set(keyOfRight(right), right);
    wanted.set(principal, of);
  }
  return new Map([...wanted].map(([principal, of]) => [principal, [...of.values()]]));
};

export const keyOfRight = ({ operation, resource, name, pattern }: Right): string =>
  JSON.stringify([operation, resource, name, pattern]);
