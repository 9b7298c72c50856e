/**
 * The runbooks by the letter: their commands, on a data directory as their conventions say, in the order of the page. What asks a real broker, a cluster or a
 * service that runs is left to a person. A command may find a difference or be refused (1); none may be one that cannot run (2).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/program';

const folder = temporaryFolder();
afterAll(folder.remove);

const RUNBOOKS = join(ROOT, 'docs', 'runbooks');
const DAY = join(ROOT, 'scenarios', 'normal_day');
/** What they need is not here: the broker's account, a cluster, a service, and the letters of a real incident (test/dlq.spec.ts makes those). */
const ELSEWHERE = /alpaca|tradier|policygate (?:topics|doctor|dlq)\b|curl |npx |--bus kafka &|\/bigger\/|^export /;
/** They write on the log, which counts when a processor has read it: the conventions say to start it again. */
const WRITES = /policygate (?:kill-switch (?:trip|reset)|runs (?:start|end)|policy activate|orders resolve|publish)/;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const shell = async (text: string, cwd: string): Promise<Ran> => {
  const alias = `shopt -s expand_aliases\nalias policygate="node ${ROOT}/dist/src/apps/cli/policygate.js"`;
  try {
    const ran = await promisify(execFile)('bash', ['-c', `${alias}\nset -o pipefail\n${text}`], { cwd, maxBuffer: 1 << 26 });
    return { code: 0, ...ran };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
};

/** Blocks of shell of a page: lines that are indented as code, those that go on under an open quote with them. */
const commandsOf = (page: string): readonly string[] => {
  const commands: string[] = [];
  let open = false;
  for (const line of readFileSync(join(RUNBOOKS, page), 'utf8').split('\n')) {
    const isCode = /^ {4,}(?:policygate|cp) /.test(line);
    if (open) commands.push(`${commands.pop() ?? ''}\n${line}`);
    else if (isCode) commands.push(line.trim());
    else continue;
    open = ((commands.at(-1) ?? '').split("'").length - 1) % 2 === 1;
  }
  return commands;
};

/** A run `r-1` that traded a day, with signed checkpoints, and the files that the pages name. */
const prepared = folder.path('prepared');
beforeAll(async () => {
  mkdirSync(prepared);
  for (const name of ['policy.yaml', 'portfolio.json', 'market.json']) cpSync(join(DAY, name), join(prepared, name));
  const policy = readFileSync(join(DAY, 'policy.yaml'), 'utf8');
  writeFileSync(join(prepared, 'new.yaml'), `${policy}# CHG-7\n`);
  const [first = '', ...intents] = readFileSync(join(DAY, 'intents.jsonl'), 'utf8').trim().split('\n');
  writeFileSync(
    join(prepared, 'intents.jsonl'),
    [first.replace(/"intent_id": *"[^"]*"/, '"intent_id":"i-7"'), ...intents].join('\n'),
  );
  const account = { equity: 100_000, start_of_day_equity: 100_000, peak_equity: 100_000, positions: {} };
  const event = { run_id: 'r-1', type: 'PortfolioUpdated', actor: 'alice', reason: 'as the broker shows it', ...account };
  writeFileSync(join(prepared, 'portfolio.jsonl'), `${JSON.stringify(event)}\n`);
  const { code, stderr } = await shell(
    [
      'set -e',
      'policygate checkpoint keygen --name risk.example.com/gate --out gate.key',
      'policygate runs start --run r-1 --policy policy.yaml --portfolio portfolio.json --market market.json --account acct_1 --actor alice --reason day --data-dir ./data',
      'policygate publish intents intents.jsonl --run r-1 --data-dir ./data',
      'policygate processor --gateway sim --drain --data-dir ./data --checkpoint-key gate.key --checkpoint-file checkpoints.jsonl',
      'policygate checkpoint publish --key gate.key --out checkpoints.jsonl --data-dir ./data',
      'policygate export --out ./export --data-dir ./data',
    ].join('\n'),
    prepared,
  );
  expect([code, stderr.split('\n').filter((line) => line.startsWith('Error'))]).toEqual([0, []]);
}, 60_000);

const pages = readdirSync(RUNBOOKS)
  .map((page) => ({ page, commands: commandsOf(page).filter((command) => !ELSEWHERE.test(command)) }))
  .filter(({ commands }) => commands.length > 0);

it('knows the pages', () => {
  expect(pages.map(({ page }) => page)).toEqual(
    expect.arrayContaining(['kill-and-reset.md', 'policy-change-and-rollback.md', 'restore-from-export.md', 'unknown-order.md']),
  );
  expect(pages.flatMap(({ commands }) => commands).length).toBeGreaterThan(40);
});

it.each(pages)(
  '$page',
  async ({ page, commands }) => {
    const own = folder.path(page);
    cpSync(prepared, own, { recursive: true });
    const failed: string[] = [];
    for (const command of commands) {
      // The run of this test is shorter than that of the pages.
      const { code, stderr } = await shell(
        command.replaceAll('--bus kafka', '--data-dir ./data').replace('--state-at 41', '--state-at 20'),
        own,
      );
      if (code > 1 || /^\s+at /m.test(stderr)) failed.push(`${command}\n${code}: ${stderr}`);
      if (WRITES.test(command)) await shell('policygate processor --gateway sim --drain --data-dir ./data', own);
    }
    expect(failed).toEqual([]);
  },
  120_000,
);
