/** The access control lists of the cluster: compared with the rights that are wanted, and what is missing granted. Nothing is ever taken away here. */
import { setTimeout } from 'node:timers/promises';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import type { AclEntry, Admin, Kafka } from 'kafkajs';
import { keyOfRight } from './acls';
import type { Operation, Resource, Right } from './acls';
import { withAdmin } from './withAdmin';

/** An entry as the cluster has it. */
export interface HeldEntry {
  readonly principal: string;
  /** `*`: from anywhere. */
  readonly host: string;
  readonly permission: string;
  readonly operation: string;
  readonly resource: string;
  readonly name: string;
  readonly pattern: string;
}

export interface Grant {
  readonly principal: string;
  readonly right: Right;
}

export interface AclComparison {
  readonly missing: readonly Grant[];
  /** What these principals, or all (`User:*`), have beyond what is wanted; denials too. */
  readonly surplus: readonly HeldEntry[];
}

type Wanted = ReadonlyMap<string, readonly Right[]>;

/** Rejects with a BusError; its cause has the type SECURITY_DISABLED where the cluster keeps no lists. */
export const compareAcls = (client: Kafka, brokers: readonly string[], wanted: Wanted): Promise<AclComparison> =>
  withAdmin(client, brokers, async (admin) => compared(await heldEntries(admin), wanted));

/** Adds what is missing, and waits until the broker knows of it. Answers with the comparison from before. */
export const grantAcls = (client: Kafka, brokers: readonly string[], wanted: Wanted): Promise<AclComparison> =>
  withAdmin(client, brokers, async (admin) => {
    const before = compared(await heldEntries(admin), wanted);
    if (before.missing.length === 0) return before;
    await admin.createAcls({ acl: before.missing.map(entryOf) });
    for (let tries = 0; tries < VISIBLE_TRIES; tries++) {
      if (compared(await heldEntries(admin), wanted).missing.length === 0) return before;
      await setTimeout(VISIBLE_WAIT_MS);
    }
    throw new Error('the permissions were granted, and the broker does not show them yet');
  });

const VISIBLE_TRIES = 50;
const VISIBLE_WAIT_MS = 100;
const EVERYBODY = 'User:*';
const ANYWHERE = '*';

const compared = (held: readonly HeldEntry[], wanted: Wanted): AclComparison => {
  const has = new Set(held.filter(isPlainGrant).map(keyOfEntry));
  const wants = new Set([...wanted].flatMap(([principal, rights]) => rights.map((right) => keyOf(principal, right))));
  return {
    missing: [...wanted].flatMap(([principal, rights]) =>
      rights.filter((right) => !has.has(keyOf(principal, right))).map((right) => ({ principal, right })),
    ),
    surplus: held.filter(
      (entry) =>
        (wanted.has(entry.principal) || entry.principal === EVERYBODY) && !(isPlainGrant(entry) && wants.has(keyOfEntry(entry))),
    ),
  };
};

const isPlainGrant = ({ permission, host }: HeldEntry): boolean => permission === 'ALLOW' && host === ANYWHERE;

const keyOf = (principal: string, right: Right): string => `${principal} ${keyOfRight(right)}`;

const keyOfEntry = ({ principal, operation, resource, name, pattern }: HeldEntry): string =>
  `${principal} ${JSON.stringify([operation, resource, name, pattern])}`;

const heldEntries = async (admin: Admin): Promise<readonly HeldEntry[]> => {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
    acls.map(({ principal, host, operation, permissionType }) => ({
      ...{ principal, host, name: resourceName },
      permission: nameIn(AclPermissionTypes, permissionType),
      operation: nameIn(AclOperationTypes, operation),
      resource: nameIn(AclResourceTypes, resourceType).toLowerCase().replaceAll('_', ' '),
      pattern: nameIn(ResourcePatternTypes, resourcePatternType).toLowerCase(),
    })),
  );
};

/** kafkajs's enumerations lead from names to numbers only. A number that it does not know stays one: brokers are newer than it. */
const nameIn = (numbers: object, value: number): string =>
  Object.entries(numbers).find(([, number]) => number === value)?.[0] ?? String(value);

const TYPES: Readonly<Record<Resource, AclResourceTypes>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
  cluster: AclResourceTypes.CLUSTER,
};
const OPERATIONS: Readonly<Record<Operation, AclOperationTypes>> = {
  READ: AclOperationTypes.READ,
  WRITE: AclOperationTypes.WRITE,
  CREATE: AclOperationTypes.CREATE,
  ALTER: AclOperationTypes.ALTER,
  DESCRIBE: AclOperationTypes.DESCRIBE,
  DESCRIBE_CONFIGS: AclOperationTypes.DESCRIBE_CONFIGS,
};

const entryOf = ({ principal, right: { operation, resource, name, pattern } }: Grant): AclEntry => ({
  resourceType: TYPES[resource],
  resourceName: name,
  resourcePatternType: pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
  principal,
  host: ANYWHERE,
  operation: OPERATIONS[operation],
  permissionType: AclPermissionTypes.ALLOW,
});
