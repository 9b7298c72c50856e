/** Who has which role: `--role` and `--principal` as a list of holders. */
import type { Holder } from '../../bus/kafka/acls';
import { ROLES } from '../../bus/kafka/roles';
import type { Role } from '../../bus/kafka/roles';
import { nearest } from '../../contracts/nearest';
import { Failure } from '../failure';

/** The principal of a role for which none is named. */
const standardPrincipal = (role: Role): string => `User:policygate-${role}`;

/** `principals`: `ROLE=TYPE:NAME`. Neither given: every role. Throws a Failure. */
export const holdersOf = (roles: readonly Role[], principals: readonly string[]): readonly Holder[] => {
  const named = principals.map(holderOf);
  const standard =
    roles.length + named.length === 0 ? ROLES : roles.filter((role) => !named.some((holder) => holder.role === role));
  return [...standard.map((role) => ({ role, principal: standardPrincipal(role) })), ...named].sort(
    (a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role),
  );
};

/** Everybody is nobody's role; line ends and quotes are in no name of a user. */
const PRINCIPAL = /^[A-Za-z]+:(?!\*$)[^\p{Cc}'"]{1,200}$/u;

const holderOf = (text: string): Holder => {
  const at = text.indexOf('=');
  const [name, principal] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  const role = ROLES.find((one) => one === name);
  if (role === undefined) {
    const close = nearest(name, ROLES);
    throw new Failure(
      `--principal ${text}: no role \`${name}\`; ${close === undefined ? `expected ROLE=User:NAME, where ROLE is one of ${ROLES.join(', ')}` : `did you mean ${close}?`}`,
    );
  }
  if (!PRINCIPAL.test(principal))
    throw new Failure(
      `--principal ${text}: no principal; expected TYPE:NAME, as in ${role}=User:alice, and not everybody (User:*)`,
    );
  return { role, principal };
};
