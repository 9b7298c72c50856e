/** What the README shows is what happens: its demo output to the letter, and every command of its tour. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/program';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs a shell text in the project's folder, with what it would leave behind kept in the temporary folder. */
const shell = async (text: string): Promise<string> => {
  const here = text.replaceAll('/tmp/', `${folder.path()}/`).replaceAll('.policygate/', `${folder.path('policygate')}/`);
  const demo = here.replaceAll('policygate demo', `policygate demo --data-dir ${folder.path('policygate', 'demo')}`);
  const script = `set -e; shopt -s expand_aliases\n${demo}`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: ROOT });
  return stdout;
};

it('shows what the demo prints', () => {
  const [, shown] = /<!-- demo-output -->\n```\n([^]*?)```\n<!-- \/demo-output -->/.exec(readme) ?? [];
  const golden = readFileSync(join(__dirname, 'golden', 'demo-output.txt'), 'utf8');
  expect(shown).toBe(golden.replaceAll('DIR', '.policygate/demo'));
});

describe('the tour', () => {
  const [, tour = ''] = /\n## Five minutes\n([^]*?)\n## /.exec(readme) ?? [];
  const blocks = [...tour.matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text ?? '');
  const [alias = '', ...steps] = blocks;

  it('has its steps', () => expect(steps.length).toBeGreaterThanOrEqual(5));

  it.each(steps)('%s', async (step) => {
    expect((await shell(`${alias}\n${step}`)).length).toBeGreaterThan(50);
  });
});

it('links to files that are there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !target.includes('://'));
  expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
});
