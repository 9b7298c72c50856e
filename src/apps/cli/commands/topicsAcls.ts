import { Option } from 'commander';
import type { Command } from 'commander';
import { compareAcls, grantAcls } from '../../../bus/kafka/aclAdmin';
import type { AclComparison, HeldEntry } from '../../../bus/kafka/aclAdmin';
import { rightsOfHolders } from '../../../bus/kafka/acls';
import type { Right } from '../../../bus/kafka/acls';
import { openClient } from '../../../bus/kafka/client';
import { brokerErrorOf } from '../../../bus/kafka/clusterTopics';
import { ROLES } from '../../../bus/kafka/roles';
import type { Role } from '../../../bus/kafka/roles';
import { aclScript } from '../../acls/aclScript';
import { holdersOf } from '../../acls/holders';
import type { ReadSettings } from '../../config/readSettings';
import { Failure } from '../../failure';
import type { Io } from '../io';

interface AclFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly role?: readonly Role[];
  readonly principal?: readonly string[];
  readonly apply?: boolean;
  readonly verify?: boolean;
}

/** `policygate topics acls`: the rights of each role on Kafka, printed, granted or compared. Exit 1: something is missing, or more than is needed. */
export const aclsCommand = (
  topics: Command,
  settingsOf: (flags: { readonly config?: string }, io: Io) => Promise<ReadSettings>,
  io: Io,
  exit: (code: number) => void,
): void => {
  const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  topics
    .command('acls')
    .description('What each role may do on Kafka: as a script of kafka-acls commands, granted, or compared with what is granted.')
    .option('--config <file>', 'settings, as YAML (default: POLICYGATE_CONFIG)')
    .option('--json', 'for machines')
    .addOption(
      new Option('--role <role...>', 'these roles, each as the principal User:policygate-ROLE (default: all)').choices(ROLES),
    )
    .option('--principal <role=principal>', 'who has a role, as in gateway=User:alice; may be repeated', repeated)
    .addOption(new Option('--apply', 'grant what is missing; nothing is taken away').conflicts('verify'))
    .option('--verify', 'compare with what is granted, and change nothing')
    .addHelpText(
      'after',
      `
Without --apply and --verify it prints a shell script and asks no cluster; the settings must name one all the same. Both need the right to see and change
permissions: the role admin has it, given by a super user of the cluster. Names follow the settings: topic prefix and group.

Exit codes: 0 done, 1 something is missing (--verify), or a principal has more than its roles need, 2 could not run.

Examples:
  policygate topics acls > acls.sh
  policygate topics acls --principal gateway=User:gw-1 --principal strategy=User:alpha --principal strategy=User:beta --apply
  policygate topics acls --role auditor signer --verify`,
    )
    .action(async (flags: AclFlags) => {
      const holders = holdersOf(flags.role ?? [], flags.principal ?? []);
      const { kafka, group } = await settingsOf(flags, io);
      const wanted = rightsOfHolders(holders, { ...kafka, group });
      if (flags.apply !== true && flags.verify !== true) {
        io.out(flags.json === true ? `${JSON.stringify({ wanted: rowsOf(wanted) }, null, 2)}\n` : aclScript(wanted));
        return;
      }
      const ask = flags.apply === true ? grantAcls : compareAcls;
      const found = await ask(openClient(kafka), kafka.brokers, wanted).catch(withoutAuthorizer);
      const missing = flags.apply === true ? [] : found.missing;
      if (missing.length + found.surplus.length > 0) exit(1);
      if (flags.json === true) {
        const granted = flags.apply === true ? rowsOfGrants(found.missing) : [];
        const ok = missing.length + found.surplus.length === 0;
        io.out(`${JSON.stringify({ ok, granted, missing: rowsOfGrants(missing), surplus: found.surplus }, null, 2)}\n`);
      } else report(found, flags.apply === true, io);
    });
};

const rowsOf = (wanted: ReadonlyMap<string, readonly Right[]>) =>
  [...wanted].flatMap(([principal, rights]) => rights.map((right) => ({ principal, ...right })));

const rowsOfGrants = (grants: AclComparison['missing']) => grants.map(({ principal, right }) => ({ principal, ...right }));

const withoutAuthorizer = (error: unknown): never => {
  if (brokerErrorOf(error) === 'SECURITY_DISABLED')
    throw new Failure(
      'the cluster keeps no permissions: everybody may do everything; set authorizer.class.name on its brokers (Kafka: "Authorization and ACLs")',
    );
  if (brokerErrorOf(error) === 'CLUSTER_AUTHORIZATION_FAILED')
    throw new Failure(
      'this login may not see and change permissions; log in as a super user of the cluster, or as one with the role admin',
    );
  throw error;
};

const report = ({ missing, surplus }: AclComparison, applied: boolean, io: Io): void => {
  for (const { principal, right } of applied ? [] : missing)
    io.out(`missing: ${principal}: ${right.operation} on ${right.resource} ${nameOf(right)}; grant it with --apply\n`);
  for (const entry of surplus)
    io.out(`more than needed: ${textOf(entry)}; take it away with kafka-acls --remove, or name its role\n`);
  if (applied)
    io.out(`permissions: ${missing.length} granted${surplus.length === 0 ? '' : `, ${surplus.length} more than needed`}\n`);
  else if (missing.length + surplus.length === 0) io.out('Every permission is as it must be.\n');
};

const nameOf = ({ name, pattern }: { readonly name: string; readonly pattern: string }): string =>
  pattern === 'prefixed' ? `${name}*` : name;

const textOf = (entry: HeldEntry): string => {
  const { principal, host, permission, operation, resource } = entry;
  return `${principal}: ${permission} ${operation} on ${resource} ${nameOf(entry)}${host === '*' ? '' : ` from ${host}`}`;
};
