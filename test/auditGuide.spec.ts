/**
 * docs/audit.md, step by step as an auditor would take it: each command is run, and prints what the page shows. `UPDATE_GOLDEN=1` writes what they
 * print into the page. Times, keys, signatures and durations differ from run to run, and are compared by their form.
 */
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/program';
import { findPython } from './support/pythonPackages';

const PAGE = join(ROOT, 'docs', 'audit.md');
const STEP = /```sh\n([^]*?)```\n(?:\n```text( figures)?\n([^]*?)```\n)?/g;
const VENV = /^python3 -m venv .*\n.*pip install.*\n/m;
const VENV_PYTHON = 'audit-tour/verifier/bin/python';

const page = readFileSync(PAGE, 'utf8');
const steps = [...page.matchAll(STEP)].map(([whole, command = '', figures, shown]) => ({
  whole,
  command,
  isFigures: figures !== undefined,
  shown,
}));
const [alias] = steps;

const folder = temporaryFolder();
for (const name of ['dist', 'scenarios', 'policies', 'scripts', 'node_modules']) symlinkSync(join(ROOT, name), folder.path(name));
afterAll(() => folder.remove());

const python = findPython(join(ROOT, 'scripts', 'verify', 'requirements.txt'));

/** The step's commands in one shell; Python's packages come from where the tests keep them. */
const run = async (command: string): Promise<string> => {
  const here = 'python' in python ? command.replace(VENV, '').replaceAll(VENV_PYTHON, python.python) : command;
  const script = `set -e; shopt -s expand_aliases\nmkdir -p audit-tour\n${alias?.command ?? ''}\n(\n${here}) 2>&1`;
  return (await promisify(execFile)('bash', ['-c', script], { cwd: folder.path() })).stdout;
};

/** What is the same on every machine. */
const stable = (text: string): string =>
  text
    .replaceAll(/(?!2026-02-24)\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<time>')
    .replaceAll(/\+[0-9a-f]{8}\+[\w+/=]+/g, '<verifier key>')
    .replaceAll(/\(\d+ bytes\)|\d+ bytes/g, '<size>');
/** The bars of the histogram at the end are as many as there were durations. */
const form = (text: string): string =>
  stable(text)
    .replace(/\nevaluations by duration[^]*/, '')
    .replaceAll(/[\d.#]+/g, '#')
    .replaceAll(/[ -]+/g, ' ');

describe('the auditor’s guide', () => {
  it('has its steps', () => expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThanOrEqual(12));

  it.each(steps.slice(1).map((step) => [step.command.split('\n')[0] ?? '', step] as const))(
    '%s',
    async (_, { whole, command, isFigures, shown }) => {
      if (command.includes(VENV_PYTHON) && !('python' in python)) {
        if (['true', '1'].includes(process.env.CI ?? '')) throw new Error(`CI needs Python: ${python.missing}`);
        process.stderr.write(`the auditor’s guide: SKIPPED its step in Python: ${python.missing}\n`);
        return;
      }
      const printed = await run(command);
      if (process.env.UPDATE_GOLDEN === '1' && shown !== undefined) {
        const [head] = whole.split(/```text/);
        const updated = `${head ?? ''}\`\`\`text${isFigures ? ' figures' : ''}\n${printed}\`\`\`\n`;
        writeFileSync(
          PAGE,
          readFileSync(PAGE, 'utf8').replace(whole, () => updated),
        );
        return;
      }
      if (shown === undefined) return;
      const comparable = isFigures ? form : stable;
      expect(comparable(printed)).toBe(comparable(shown));
    },
    60_000,
  );
});
