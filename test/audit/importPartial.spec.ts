/** `policygate import --partial`: a part of a log can be looked at and verified, and is never taken for a log that was changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { readExportManifest } from '../../src/apps/exporting/checkExport';
import { writeManifestFile } from '../../src/apps/exporting/manifestFile';
import { openEmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import { ENCODINGS } from '../../src/bus/embedded/openLevel';
import type { LevelWrite } from '../../src/bus/embedded/openLevel';
import { HEAD_KEY, numbersOf, numbersRow, PARTIAL_KEY } from '../../src/bus/embedded/rows';
import { command } from '../support/commands';
import { temporaryFolder } from '../support/program';
import { writeTradingDay } from '../support/tradingDay';

jest.setTimeout(60_000);

const folder = temporaryFolder();
afterAll(() => folder.remove());
const log = folder.path('log');
let policy = '';
let run = '';
let made = 0;

const exported = async (...flags: readonly string[]): Promise<string> => {
  const out = folder.path(`export-${++made}`);
  expect(await command('export', '--out', out, '--data-dir', log, ...flags)).toMatchObject({ code: 0, stderr: '' });
  return out;
};
const imported = async (out: string, target = folder.path(`import-${++made}`)): Promise<string> => {
  expect(await command('import', '--from', out, '--data-dir', target, '--partial')).toMatchObject({ code: 0, stderr: '' });
  return target;
};
const partialOf = async (directory: string): Promise<string | undefined> => {
  const bus = await openEmbeddedBus({ directory });
  await bus.close();
  return bus.partial;
};

beforeAll(async () => {
  const day = writeTradingDay((name) => folder.path(name));
  policy = day[day.indexOf('--policy') + 1]!;
  expect((await command('run', ...day, '--data-dir', log)).code).toBe(0);
  const { files } = await readExportManifest(await exported());
  run = files.find(({ topic, run_id }) => topic === 'audit-records' && run_id !== null)!.run_id!;
});

describe('a directory that is an import of a part of a log', () => {
  it('is replayed in no way, which is said in one line', async () => {
    const target = await imported(await exported('--run', run, '--topics', 'audit-records,decisions'));
    const stderr =
      `Error: ${target}: a partial import (topics decisions, audit-records, run \`${run}\` alone): it can be verified, not replayed; ` +
      'import a whole export\n';
    for (const flags of [[], ['--run', run], ['--run', run, '--state-at', '1'], ['--policy', policy], ['--json']])
      expect(await command('replay', '--data-dir', target, ...flags)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('is verified, shown, counted and correlated as the log itself is', async () => {
    const target = await imported(await exported('--run', run));
    for (const args of [['verify'], ['tail', 'audit-records'], ['stats'], ['correlate', '--run', run]]) {
      const { code, stderr } = await command(...args, '--data-dir', log);
      expect([args, await command(...args, '--data-dir', target)]).toMatchObject([args, { code, stderr }]);
    }
    const shown = await command('tail', 'audit-records', '--data-dir', log);
    expect(await command('tail', 'audit-records', '--data-dir', target)).toEqual(shown);
    expect(shown.code).toBe(0);
  });

  it.each<readonly [string, string, (value: Buffer) => LevelWrite]>([
    [
      'altered',
      'does not match its checksum',
      (value) => ({ type: 'put', key: PARTIAL_KEY, value: Buffer.from(value).fill('x', 0, 1) }),
    ],
    ['lost', 'is missing', () => ({ type: 'del', key: PARTIAL_KEY })],
  ])('is damaged when what it says of that is %s', async (_, says, change) => {
    const target = await imported(await exported('--topics', 'audit-records'));
    const level = new ClassicLevel<Buffer, Buffer>(target, ENCODINGS);
    const [commits = 0, records = 0] = numbersOf(HEAD_KEY, (await level.get(HEAD_KEY))!, 2) ?? [];
    const head = { type: 'put', key: HEAD_KEY, value: numbersRow(HEAD_KEY, commits + 1, records) } as const;
    await level.batch([head, change((await level.get(PARTIAL_KEY))!)]);
    await level.close();
    await expect(openEmbeddedBus({ directory: target })).rejects.toThrow(`which part of a log was imported ${says}`);
  });

  it('says of which, whatever it is, also when it is opened again', async () => {
    const target = await imported(await exported('--run', run));
    expect([await partialOf(target), await partialOf(target)]).toEqual([`run \`${run}\` alone`, `run \`${run}\` alone`]);
    const day = '2026-02-24';
    expect(await partialOf(await imported(await exported('--day', day)))).toBe(`day ${day} alone`);
    const out = await exported();
    const manifest = await readExportManifest(out);
    manifest.partitions[0]!.end_offset += 1;
    await writeManifestFile(join(out, 'manifest.json'), { ...manifest, complete: false });
    expect(await partialOf(await imported(out))).toBe('an export that was interrupted');
  });

  it('is the one that was begun last', async () => {
    const part = await exported('--topics', 'audit-records');
    const target = folder.path('twice');
    // A part of which a file is not what the manifest counts: the import ends on the way.
    const path = join(part, 'manifest.json');
    const manifest = await readExportManifest(part);
    const file = structuredClone(manifest.files.find(({ records }) => records > 1)!);
    file.records -= 1;
    file.partitions[0]!.records -= 1;
    await writeManifestFile(path, { ...manifest, files: manifest.files.map((one) => (one.path === file.path ? file : one)) });
    expect((await command('import', '--from', part, '--data-dir', target, '--partial')).code).toBe(2);
    expect(existsSync(target)).toBe(true);
    expect(await partialOf(await imported(await exported(), target))).toBeUndefined();
    expect((await command('replay', '--data-dir', target)).code).toBe(0);
  });
});
