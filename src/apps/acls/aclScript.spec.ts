import { rightsOf, rightsOfHolders } from '../../bus/kafka/acls';
import { RIGHTS, ROLES } from '../../bus/kafka/roles';
import { TOPICS } from '../../contracts/topics';
import { Failure } from '../failure';
import { aclScript } from './aclScript';
import { holdersOf } from './holders';

const NAMING = { topicPrefix: 'desk-', group: 'gate' };

it('prints the rights as commands that a shell can run', () => {
  const script = aclScript(rightsOfHolders(holdersOf([], ['gateway=User:CN=gw,O=desk', 'admin=User:root']), NAMING));
  const commands = script.split('\n').filter((line) => line.startsWith('add "$@"'));
  const gateway = `add "$@" --add --allow-principal 'User:CN=gw,O=desk'`;
  const admin = `add "$@" --add --allow-principal 'User:root'`;
  const topics = TOPICS.map((topic) => `--topic 'desk-${topic}'`).join(' ');
  expect(commands).toEqual([
    `${gateway} --operation Describe --operation DescribeConfigs --topic 'desk-order-intents' --topic 'desk-market-prices' --topic 'desk-audit-records' --topic 'desk-policy-state' --topic 'desk-dead-letters' --topic 'desk-audit-checkpoints'`,
    `${gateway} --operation Read --operation Write --operation DescribeConfigs --topic 'desk-control-events' --topic 'desk-execution-events'`,
    `${gateway} --operation Read --operation DescribeConfigs --topic 'desk-decisions'`,
    `${gateway} --operation Read --group 'desk-gate-gateway'`,
    `${gateway} --resource-pattern-type prefixed --operation Write --transactional-id 'desk-policygate-gateway-'`,
    `${admin} --operation Create --operation Describe --operation DescribeConfigs ${topics}`,
    `${admin} --operation Alter --operation Describe --cluster`,
  ]);
});

describe('who has a role', () => {
  it('is a principal called after it, unless others are named', () => {
    expect(holdersOf([], []).map(({ role }) => role)).toEqual(ROLES);
    expect(holdersOf(['strategy', 'signer'], ['strategy=User:b', 'strategy=User:a'])).toEqual([
      { role: 'strategy', principal: 'User:b' },
      { role: 'strategy', principal: 'User:a' },
      { role: 'signer', principal: 'User:policygate-signer' },
    ]);
  });
  it('may be one principal for several, with the rights of all of them, each once', () => {
    const both = rightsOfHolders(holdersOf([], ['auditor=User:a', 'signer=User:a']), NAMING).get('User:a') ?? [];
    const names = both.map((right) => JSON.stringify(right));
    expect(new Set(names).size).toBe(names.length);
    for (const role of ['auditor', 'signer'] as const)
      expect(names).toEqual(expect.arrayContaining(rightsOf(role, NAMING).map((right) => JSON.stringify(right))));
  });
  it.each([
    ['gatway=User:a', 'did you mean gateway?'],
    ['User:a', 'expected ROLE=User:NAME'],
    ['gateway=alice', 'no principal; expected TYPE:NAME, as in gateway=User:alice'],
    ['gateway=User:*', 'not everybody'],
    ["gateway=User:a'; rm -rf /", 'no principal'],
  ])('refuses %s', (principal, line) => {
    expect(() => holdersOf([], [principal])).toThrow(Failure);
    expect(() => holdersOf([], [principal])).toThrow(line);
  });
});

describe('the rights', () => {
  it.each(ROLES)('of %s are for this gate alone', (role) => {
    const names = new Set<string>(TOPICS.map((topic) => `desk-${topic}`));
    for (const { resource, name, pattern } of rightsOf(role, NAMING)) {
      expect(resource === 'cluster' || name.startsWith('desk-')).toBe(true);
      if (resource === 'topic') expect([names.has(name), pattern]).toEqual([true, 'literal']);
    }
  });
  it('to write what is decided are one role’s alone', () => {
    const writers = (topic: (typeof TOPICS)[number]): readonly string[] =>
      ROLES.filter((role) => RIGHTS[role].writes.includes(topic));
    expect([writers('decisions'), writers('audit-records'), writers('policy-state')]).toEqual([
      ['processor'],
      ['processor'],
      ['processor'],
    ]);
    expect(writers('audit-checkpoints')).toEqual(['signer']);
    expect(writers('execution-events')).toEqual(['gateway', 'dead-letters']);
  });
});
