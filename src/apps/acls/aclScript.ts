/** The rights as a shell script of `kafka-acls` commands, for clusters whose administrators want to see, keep or change what is granted. */
import type { Operation, Resource, Right } from '../../bus/kafka/acls';

const OPERATIONS: Readonly<Record<Operation, string>> = {
  READ: 'Read',
  WRITE: 'Write',
  CREATE: 'Create',
  ALTER: 'Alter',
  DESCRIBE: 'Describe',
  DESCRIBE_CONFIGS: 'DescribeConfigs',
};
const FLAGS: Readonly<Record<Exclude<Resource, 'cluster'>, string>> = {
  topic: '--topic',
  group: '--group',
  'transactional id': '--transactional-id',
};

const HEAD = `#!/bin/sh
# Rights on Kafka, as \`policygate topics acls\` prints them. Each command may be repeated.
#   sh FILE --bootstrap-server HOST:PORT --command-config ADMIN.properties
# The program is kafka-acls.sh; under another name: KAFKA_ACLS=kafka-acls sh FILE ...
set -eu
add() { "\${KAFKA_ACLS:-kafka-acls.sh}" "$@"; }
`;

export const aclScript = (wanted: ReadonlyMap<string, readonly Right[]>): string =>
  HEAD + [...wanted].map(([principal, rights]) => `\n# ${principal}\n${commandsOf(principal, rights).join('\n')}\n`).join('');

/** One command for all that have the same operations. */
const commandsOf = (principal: string, rights: readonly Right[]): readonly string[] => {
  const byResource = new Map<string, { readonly right: Right; readonly operations: Operation[] }>();
  for (const right of rights) {
    const key = JSON.stringify([right.resource, right.pattern, right.name]);
    const of = byResource.get(key) ?? { right, operations: [] };
    of.operations.push(right.operation);
    byResource.set(key, of);
  }
  const commands = new Map<string, string[]>();
  for (const { right, operations } of byResource.values()) {
    const tail = `${right.pattern === 'prefixed' ? ' --resource-pattern-type prefixed' : ''}${operations.map((one) => ` --operation ${OPERATIONS[one]}`).join('')}`;
    const key = JSON.stringify([right.resource, tail]);
    const flag = right.resource === 'cluster' ? '--cluster' : `${FLAGS[right.resource]} ${quoted(right.name)}`;
    commands.set(key, [...(commands.get(key) ?? [`add "$@" --add --allow-principal ${quoted(principal)}${tail}`]), flag]);
  }
  return [...commands.values()].map((parts) => parts.join(' '));
};

/** Neither names nor principals have quotes in them. */
const quoted = (text: string): string => `'${text}'`;
