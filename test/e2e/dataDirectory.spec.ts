/** Whose data directory, whose log file: what a run finds must be its own, or it refuses. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { policygate, readLines, ROOT, temporaryFolder } from '../support/program';
import type { Outcome } from '../support/program';
import { writeTradingDay } from '../support/tradingDay';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const fileOf = (args: readonly string[], option: string): string => args[args.indexOf(option) + 1] ?? '';
const withFile = (args: readonly string[], option: string, file: string): readonly string[] =>
  args.map((arg, index) => (args[index - 1] === option ? file : arg));
const shell = async (script: string): Promise<string> =>
  (await promisify(execFile)('bash', ['-c', script], { cwd: ROOT })).stdout;
const refusal = ({ code, stderr, stdout }: Outcome): string => {
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr;
};

let day: readonly string[];
beforeAll(() => {
  day = writeTradingDay(folder.path);
});

it('refuses another run while one is not finished, and finishes that one as if nothing had been', async () => {
  const directory = ['--data-dir', folder.path('shared')];
  expect((await policygate(['run', ...day, ...directory], { POLICYGATE_FAULT_POINT: 'before-commit@60' })).signal).toBe(
    'SIGKILL',
  );
  const market = folder.path('other-market.json');
  const prices = JSON.parse(readFileSync(fileOf(day, '--market'), 'utf8')) as { prices: Record<string, number> };
  for (const symbol of Object.keys(prices.prices)) prices.prices[symbol] = 1;
  writeFileSync(market, JSON.stringify(prices));

  expect(refusal(await policygate(['run', ...withFile(day, '--market', market), ...directory]))).toContain('is not finished');
  const finished = await policygate(['run', ...day, ...directory]);
  expect(finished.code).toBe(0);
  const alone = await policygate(['run', ...day, '--data-dir', folder.path('alone')]);
  expect(finished.stdout).toBe(alone.stdout);
  expect((await policygate(['run', ...withFile(day, '--market', market), ...directory])).code).toBe(0);
});

it('refuses a run id that was begun with other inputs', async () => {
  const named = ['--run-id', 'day', '--data-dir', folder.path('named')];
  expect((await policygate(['run', ...day, ...named])).code).toBe(0);
  expect((await policygate(['run', ...day, ...named])).code).toBe(0);
  const intents = folder.path('fewer.jsonl');
  writeFileSync(intents, `${readFileSync(fileOf(day, '--intents'), 'utf8').split('\n').slice(0, 3).join('\n')}\n`);
  expect(refusal(await policygate(['run', ...withFile(day, '--intents', intents), ...named]))).toContain('other inputs');
});

it('tells inputs apart that come through a pipe', async () => {
  const script = (limit: string): string =>
    `node dist/src/apps/cli/policygate.js run ${withFile(day, '--policy', `<(sed 's/max_position_pct: [0-9.]*/max_position_pct: ${limit}/' ${fileOf(day, '--policy')})`).join(' ')} --data-dir ${folder.path('piped')}`;
  const [first, second] = [await shell(script('0.1')), await shell(script('0.001'))];
  expect(JSON.parse(first).run_id).not.toBe(JSON.parse(second).run_id);
  expect(JSON.parse(first).decisions).not.toEqual(JSON.parse(second).decisions);
});

describe('a log file that is somebody else’s', () => {
  it.each(['precious line without its end', '{"a":1}\nprecious', 'precious\n{"a":1}\n', '{"a":1}\n{"torn\nmore\n'])(
    'is refused and left as it is: %j',
    async (text) => {
      const file = folder.path('foreign.txt');
      writeFileSync(file, text);
      expect(refusal(await policygate(['run', ...day, '--audit-log', file]))).toContain('not JSON');
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );
});

it('eval mends a torn last line before it appends', async () => {
  const file = folder.path('torn.jsonl');
  writeFileSync(file, '{"a":1}\n{"torn');
  const intent = folder.path('intent.json');
  writeFileSync(intent, readFileSync(fileOf(day, '--intents'), 'utf8').split('\n')[0] ?? '');
  const documents = ['--policy', '--portfolio', '--market'].flatMap((option) => [option, fileOf(day, option)]);
  await policygate(['eval', ...documents, '--intent', intent, '--audit-log', file]);
  expect(readLines(file).map((line) => Object.keys(line).length > 1)).toEqual([false, true]);
});
