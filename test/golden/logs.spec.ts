/**
 * Golden logs: what each version wrote is read, verified and replayed by this one, for ever. A failure here is a change that the owners of old logs see:
 * docs/log-versions.md says what to do about it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_VERSION } from '../../src/apps/session';
import { RULE_IDS } from '../../src/contracts/messages';
import { command } from '../support/commands';
import { ROOT, temporaryFolder } from '../support/program';
import { GOLDEN_LOGS, goldenLogs, inDirectory, verifiedRuns, whatIsRecorded } from './goldenLog';
import { CHANGE_NUMBERS, differencesOf } from './knownChanges';

const folder = temporaryFolder();
afterAll(folder.remove);

const logs = goldenLogs();

describe.each(logs)('the log of version $version', (golden) => {
  const directory = folder.path(golden.version, 'data');

  beforeAll(async () => {
    const unpacked = folder.path(golden.version);
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', join(GOLDEN_LOGS, golden.version, 'export.tar.gz'), '-C', unpacked]);
    const imported = await command('import', '--from', join(unpacked, 'export'), '--data-dir', directory);
    expect([imported.code, imported.stderr]).toEqual([0, '']);
  }, 60_000);

  it('is whole: every chain, every decision derived again', async () => {
    expect(await verifiedRuns(directory)).toEqual(golden.runs);
  }, 60_000);

  it('says what it said', async () => {
    const { version, verdicts, rules } = golden;
    expect(await whatIsRecorded(directory)).toEqual({ version, verdicts, rules });
    expect(Object.keys(rules)).toEqual([...RULE_IDS].sort());
  });

  it('replays byte for byte, or differs by numbered changes alone', async () => {
    const { code, stdout } = await command('replay', '--data-dir', directory, '--json');
    expect((JSON.parse(stdout) as { same: boolean }).same).toBe(golden.changes.length === 0);
    expect(code).toBe(golden.changes.length === 0 ? 0 : 1);
    const { counts, unexplained } = await inDirectory(directory, differencesOf);
    expect(unexplained).toEqual([]);
    expect([...counts].sort().map(([number, records]) => ({ number, records }))).toEqual(golden.changes);
  }, 60_000);

  it('can be asked what another policy would have decided, where its decisions still follow from it', async () => {
    const whatIf = ['replay', '--data-dir', directory, '--policy', join(ROOT, 'policies', 'base.yaml'), '--json'];
    expect(await command(...whatIf, '--run', 'trading-day')).toMatchObject({ code: 1, stderr: '' });
    const follows = golden.changes.every(({ number }) => number === 1);
    expect((await command(...whatIf)).code).toBe(follows ? 1 : 2);
  }, 60_000);
});

it('has a log of this version', () => {
  expect(logs.map(({ version }) => version)).toContain(ENGINE_VERSION);
});

it('has every numbered change in docs/log-versions.md, with the logs that show it', () => {
  const page = readFileSync(join(ROOT, 'docs', 'log-versions.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\d+) \| (\S+) \| ([^|]+) \|/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(CHANGE_NUMBERS);
  const shown = CHANGE_NUMBERS.map((number) =>
    logs.filter(({ changes }) => changes.some((change) => change.number === number)).map(({ version }) => version),
  );
  expect(rows.map(([, , , versions = '']) => versions.trim().split(', '))).toEqual(shown);
});
