/** Keeps the table of rights in docs/deployment-kafka.md equal to the rights. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RIGHTS, ROLES } from '../../bus/kafka/roles';
import type { Role } from '../../bus/kafka/roles';
import { INPUT_TOPICS, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';

const page = readFileSync(join(__dirname, '../../../docs/deployment-kafka.md'), 'utf8');

const topics = (names: readonly Topic[]): string => {
  if (names.length === TOPICS.length) return 'all nine';
  const inputs: readonly Topic[] = INPUT_TOPICS;
  const allInputs = inputs.every((topic) => names.includes(topic));
  const rest = names.filter((topic) => !allInputs || !inputs.includes(topic)).map((topic) => `\`${topic}\``);
  return [...(allInputs ? ['the four inputs'] : []), ...rest].join(', ');
};

const row = (role: Role): string => {
  const { about, reads, writes, transactions, creates, grants } = RIGHTS[role];
  const group = role === 'processor' || role === 'gateway' ? `\`<prefix><group>-${role}\`` : '';
  const besides = [...(creates ? ['CREATE on the nine topics'] : []), ...(grants ? ['ALTER and DESCRIBE on the cluster'] : [])];
  const ids = transactions.map((start) => `\`<prefix>${start}*\``);
  const cells = [`\`${role}\``, about, topics(reads), topics(writes), group, [...ids, ...besides].join(', ')];
  return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
};

it('the page has the table of rights, row by row', () => {
  const [, table = ''] = /\n\| role \|[^\n]*\n\|[-|]+\|\n([^]*?)\n\n/.exec(page) ?? [];
  expect(table.split('\n')).toEqual(ROLES.map(row));
});
