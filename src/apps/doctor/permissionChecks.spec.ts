import { ROLES } from '../../bus/kafka/roles';
import type { Right } from '../../bus/kafka/acls';
import { lineOfCheck } from './check';
import { permissionChecks } from './permissionChecks';

const right = (operation: Right['operation'], name: string, resource: Right['resource'] = 'topic'): Right => ({
  ...{ operation, name, resource, pattern: resource === 'transactional id' ? 'prefixed' : 'literal' },
});
const none = Object.fromEntries(ROLES.map((role) => [role, []])) as unknown as Record<(typeof ROLES)[number], readonly Right[]>;
const lines = (missing: Partial<typeof none>, as?: (typeof ROLES)[number], surplus: object = {}): readonly string[] =>
  permissionChecks(
    { missing: { ...none, ...missing }, surplus: { ...none, ...surplus } as never, writable: [], transactions: [] },
    as,
  ).map(lineOfCheck);
const every = Object.fromEntries(
  ROLES.map((role) => [role, [right('READ', 'a'), right('WRITE', 'b')]]),
) as unknown as typeof none;

it('without a role, is content with a login that is good for something', () => {
  expect(lines({})).toEqual(['ok   permissions: enough for every role: a super user, or a cluster without ACLs']);
  expect(lines({ ...every, auditor: [], signer: [] })).toEqual([
    'ok   permissions: enough for signer, auditor; `--as ROLE` says what another one lacks',
  ]);
  expect(lines({ ...every, strategy: [right('WRITE', 'b')] })).toEqual([
    'FAIL permissions: enough for no role; strategy lacks WRITE on topic b; say what the login is for: `policygate doctor --as ROLE`',
  ]);
});

it('with a role, names each kind of right that is missing or too much in a line of its own', () => {
  expect(lines({}, 'gateway')).toEqual(['ok   permissions: enough for gateway']);
  const lacking = [right('READ', 'a'), right('READ', 'b'), right('READ', 'g', 'group'), right('WRITE', 't-', 'transactional id')];
  const grant = 'an administrator grants it: `policygate topics acls --role gateway --apply`';
  expect(lines({ gateway: lacking }, 'gateway', { gateway: [{ operation: 'DELETE', name: 'a' }] })).toEqual([
    `FAIL permissions: gateway lacks READ on topic a, b; ${grant}`,
    `FAIL permissions: gateway lacks READ on group g; ${grant}`,
    `FAIL permissions: gateway lacks WRITE on transactional id t-*; ${grant}`,
    'warn permissions: more than gateway needs: DELETE on topic a; take it away: `policygate topics acls --verify` shows what grants it',
  ]);
});
