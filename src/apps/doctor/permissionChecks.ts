/** What this login may do, compared with what a role needs (src/bus/kafka/roles.ts). */
import type { Right } from '../../bus/kafka/acls';
import type { Permissions } from '../../bus/kafka/permissions';
import { ROLES } from '../../bus/kafka/roles';
import type { Role } from '../../bus/kafka/roles';
import { fail, ok, warn } from './check';
import type { Check } from './check';

const WHAT = 'permissions';

/** `as`: each kind of right that it lacks, or has beyond its role, in a line of its own. Else whether the login is enough for any role. */
export const permissionChecks = ({ missing, surplus }: Permissions, as: Role | undefined): readonly Check[] => {
  if (as === undefined) return [anyRole(missing)];
  const lacking = grouped(missing[as].map(kindAndName));
  const beyond = grouped(surplus[as].map((right) => kindAndName({ ...right, resource: 'topic' })));
  return [
    ...(lacking.length === 0 ? [ok(WHAT, `enough for ${as}`)] : []),
    ...lacking.map((rights) => fail(WHAT, `${as} lacks ${rights}`, grantTo(as))),
    ...beyond.map((rights) =>
      warn(WHAT, `more than ${as} needs: ${rights}`, 'take it away: `policygate topics acls --verify` shows what grants it'),
    ),
  ];
};

const anyRole = (missing: Permissions['missing']): Check => {
  const able = ROLES.filter((role) => missing[role].length === 0);
  if (able.length === ROLES.length) return ok(WHAT, 'enough for every role: a super user, or a cluster without ACLs');
  if (able.length > 0) return ok(WHAT, `enough for ${able.join(', ')}; \`--as ROLE\` says what another one lacks`);
  const nearest = ROLES.reduce((best, role) => (missing[role].length < missing[best].length ? role : best));
  return fail(
    WHAT,
    `enough for no role; ${nearest} lacks ${grouped(missing[nearest].map(kindAndName)).join(' and ')}`,
    'say what the login is for: `policygate doctor --as ROLE`',
  );
};

const grantTo = (role: Role): string => `an administrator grants it: \`policygate topics acls --role ${role} --apply\``;

type KindAndName = readonly [kind: string, name: string];

const kindAndName = ({
  operation,
  resource,
  name,
  pattern = 'literal',
}: {
  readonly operation: string;
  readonly resource: string;
  readonly name: string;
  readonly pattern?: Right['pattern'];
}): KindAndName => [`${operation} on ${resource}`, pattern === 'prefixed' ? `${name}*` : name];

/** `WRITE on topic a, b`: one of each kind. */
const grouped = (rights: readonly KindAndName[]): readonly string[] => {
  const names = new Map<string, string[]>();
  for (const [kind, name] of rights) names.set(kind, [...(names.get(kind) ?? []), name]);
  return [...names].map(([kind, of]) => `${kind} ${of.join(', ')}`);
};
