/** `policygate export` and `policygate import`: what is exported is the log, and what is imported is the log again. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readExportManifest } from '../../src/apps/exporting/checkExport';
import { openExportDirectory } from '../../src/apps/exporting/exportDirectory';
import { exportLog } from '../../src/apps/exporting/exportLog';
import { logAtStart } from '../../src/apps/exporting/logAtStart';
import { openSession } from '../../src/apps/session';
import type { ExportFormat, Manifest } from '../../src/audit/export/manifest';
import { openEmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import { createFileDecoder } from 'avsc';
import { command } from '../support/commands';
import { add, directoryOfEverything, logInDirectory } from '../support/everyRecord';
import { filesOf, recordsOf } from '../support/exports';
import { temporaryFolder } from '../support/program';
import { randomFrom, writeTradingDay } from '../support/tradingDay';

// Hundreds of files are written, and synced, in most of them.
jest.setTimeout(60_000);

const folder = temporaryFolder();
afterAll(() => folder.remove());
let made = 0;
const fresh = (name: string): string => folder.path(`${name}-${++made}`);

const everything = folder.path('everything');
beforeAll(() => directoryOfEverything(everything, 600));

const exported = async (out: string, ...flags: readonly string[]): Promise<void> => {
  const { code, stderr } = await command('export', '--out', out, '--data-dir', everything, ...flags);
  expect([code, stderr]).toEqual([0, '']);
};
const whole = async (format: ExportFormat = 'avro'): Promise<string> => {
  const out = fresh('whole');
  await exported(out, '--format', format);
  return out;
};
/** One line on stderr, no stack. */
const refused = ({
  code,
  stdout,
  stderr,
}: {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}): string => {
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Error: [^\n]+\n$/);
  return stderr;
};

describe('an export', () => {
  it.each<ExportFormat>(['avro', 'jsonl'])('as %s holds every record of every topic, exactly', async (format) => {
    const log = await logInDirectory(everything);
    expect(log.records.length).toBeGreaterThan(500);
    const out = await whole(format);
    expect([...(await recordsOf(out))].sort()).toEqual([...log.records].sort());
    const { complete, files, partitions } = await readExportManifest(out);
    expect(complete).toBe(true);
    expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(log.records.length);
    expect(partitions.map(({ exported_to }) => exported_to)).toEqual(log.ends);
  });

  it('has the same bytes each time', async () => {
    for (const format of ['avro', 'jsonl'] as const) expect(filesOf(await whole(format))).toEqual(filesOf(await whole(format)));
  });

  it('is read by avsc, the values of one schema typed', async () => {
    const out = await whole();
    let typed = 0;
    for (const { path, records, schema_id } of (await readExportManifest(out)).files) {
      const found = await decoded(join(out, path));
      expect(found).toHaveLength(records);
      for (const one of found) {
        if (one.schema_id === null) continue;
        expect([one.schema_id, Buffer.isBuffer(one.value), typeof one.value]).toEqual([schema_id, false, 'object']);
        typed += 1;
      }
    }
    expect(typed).toBeGreaterThan(300);
  });

  it('types the values of a log that an earlier version wrote by its schema', async () => {
    const out = await whole();
    const file = (await readExportManifest(out)).files.find(({ run_id }) => run_id === 'run-0');
    expect(file).toMatchObject({ topic: 'control-events', day: '2026-02-24', records: 1, schema_id: 1 });
    const [record] = await decoded(join(out, file?.path ?? ''));
    expect(record).toMatchObject({ schema_id: 1, value: { actor: 'a', reason: 'r' } });
  });

  it('is of what was asked for alone', async () => {
    const out = fresh('asked');
    await exported(out, '--topics', 'order-intents, control-events', '--run', 'r-1', '--day', '2026-02-24');
    const { files, filter, complete } = await readExportManifest(out);
    expect(filter).toEqual({ topics: ['order-intents', 'control-events'], run_id: 'r-1', day: '2026-02-24' });
    expect(complete).toBe(true);
    expect(files.map(({ path }) => path)).toEqual([
      'control-events/_/2026-02-24.avro',
      'control-events/r-1/2026-02-24.avro',
      'order-intents/r-1/2026-02-24.avro',
    ]);
  });

  it('gives no two runs one file, whatever they are called and whether or not the disk tells case apart', async () => {
    const { files } = await readExportManifest(await whole());
    const paths = files.map(({ path }) => path.toLowerCase());
    expect(new Set(paths).size).toBe(paths.length);
    expect(files.every(({ path }) => !path.split('/').some((part) => part === '.' || part === '..' || part.endsWith('.')))).toBe(
      true,
    );
    expect(new Set(files.map(({ run_id }) => run_id))).toEqual(expect.objectContaining({ size: expect.any(Number) as number }));
    expect(files.filter(({ day }) => day === null).length).toBeGreaterThan(0);
  });
});

/** What avsc makes of a container, with its own reader. */
const decoded = (path: string): Promise<readonly { readonly schema_id: number | null; readonly value: unknown }[]> =>
  new Promise((resolve, reject) => {
    const found: { readonly schema_id: number | null; readonly value: unknown }[] = [];
    createFileDecoder(path)
      .on('data', (one: { readonly schema_id: number | null; readonly value: unknown }) => found.push(one))
      .on('error', reject)
      .on('end', () => resolve(found));
  });

describe('an export that is ended half way', () => {
  const STRIDE = 16;
  class Killed extends Error {}

  const request = (file_format: ExportFormat) => ({ file_format, filter: { topics: null, run_id: null, day: null } });

  /** What the command does, with smaller strides; ends it at a step, as a kill would. */
  const attempt = async (
    out: string,
    format: ExportFormat,
    dataDir: string,
    manifestMs: number,
    killAt = Infinity,
  ): Promise<Manifest> => {
    const session = await openSession(dataDir);
    try {
      let steps = 0;
      for (;;) {
        const { manifest, interrupted } = await openExportDirectory(out, request(format), await logAtStart(session));
        const onStep = (): void => {
          if (++steps >= killAt) throw new Killed();
        };
        const done = await exportLog({ session, directory: out, manifest, onStep, manifestMs, stride: STRIDE });
        if (!interrupted) return done.manifest;
      }
    } finally {
      await session.bus.close();
    }
  };

  it.each<ExportFormat>(['avro', 'jsonl'])('ends as %s with the same bytes, wherever it was ended', async (format) => {
    const undisturbed = fresh('undisturbed');
    await attempt(undisturbed, format, everything, Infinity);
    const random = randomFrom(5);
    const log = await logInDirectory(everything);
    for (let trial = 0; trial < 4; trial++) {
      const out = fresh('killed');
      for (let kill = 0; kill < 3; kill++) {
        const killAt = 1 + Math.floor(random() * log.records.length * 0.6);
        const run = attempt(out, format, everything, random() < 0.7 ? 0 : Infinity, killAt);
        await run.catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        // What a kill can leave behind: a block that was written and is not in the manifest, or half of one.
        if (existsSync(join(out, 'manifest.json')) && !(await readExportManifest(out)).complete) leaveRests(out, random);
      }
      await attempt(out, format, everything, 0);
      expect(filesOf(out)).toEqual(filesOf(undisturbed));
    }
  });

  const leaveRests = (out: string, random: () => number): void => {
    for (const path of Object.keys(filesOf(out)))
      if (path !== 'manifest.json' && random() < 0.3) appendFileSync(join(out, path), 'half a blo');
    mkdirSync(join(out, 'decisions', 'begun'), { recursive: true });
    writeFileSync(join(out, 'decisions', 'begun', '2026-02-24.avro'), 'Obj');
    writeFileSync(join(out, 'manifest.json.new'), '{"format"');
  };

  it('goes on to where it was to end, and then to where the log ends now', async () => {
    const dataDir = fresh('growing');
    cpSync(everything, dataDir, { recursive: true });
    const early = fresh('early');
    await attempt(early, 'avro', dataDir, 0);
    const out = fresh('late');
    await attempt(out, 'avro', dataDir, 0, 200).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
    await grow(dataDir);
    await attempt(early, 'avro', dataDir, 0);
    await attempt(out, 'avro', dataDir, 0);
    expect(filesOf(out)).toEqual(filesOf(early));
    expect([...(await recordsOf(out))].sort()).toEqual([...(await logInDirectory(dataDir)).records].sort());
  });

  it('is no whole log before it has been gone on with', async () => {
    const out = fresh('half');
    await attempt(out, 'avro', everything, 0, 300).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
    expect((await readExportManifest(out)).complete).toBe(false);
    expect(refused(await command('import', '--from', out, '--data-dir', fresh('never')))).toContain('it was interrupted');
  });
});

/** More of the same runs, and a new one. */
const grow = async (dataDir: string): Promise<void> => {
  const bus = await openEmbeddedBus({ directory: dataDir });
  const more = ['r-1', 'new'].flatMap((run) =>
    [0, 1, 2].map((partition) => ({
      topic: 'order-intents' as const,
      partition,
      key: Buffer.from(run),
      value: Buffer.from(`later ${partition}`),
      timestamp: 1_771_925_400_000 + partition,
    })),
  );
  await add(bus, more);
  await bus.close();
};

describe('an export into a directory that holds one', () => {
  it('adds what came since, and nothing where nothing did', async () => {
    const dataDir = fresh('growing');
    cpSync(everything, dataDir, { recursive: true });
    const out = fresh('added');
    const again = async (): Promise<unknown> =>
      JSON.parse((await command('export', '--out', out, '--data-dir', dataDir, '--json')).stdout);
    await again();
    const before = filesOf(out);
    const early = fresh('early');
    cpSync(out, early, { recursive: true });
    expect(await again()).toMatchObject({ added: 0, complete: true });
    expect(filesOf(out)).toEqual(before);
    await grow(dataDir);
    expect(await again()).toMatchObject({ added: 6, complete: true });
    for (const path of Object.keys(before)) {
      const bytes = readFileSync(join(early, path));
      if (path !== 'manifest.json') expect(readFileSync(join(out, path)).subarray(0, bytes.length).equals(bytes)).toBe(true);
    }
    expect([...(await recordsOf(out))].sort()).toEqual([...(await logInDirectory(dataDir)).records].sort());
    expect((await command('import', '--from', out, '--verify-only')).code).toBe(0);
  });

  it('begins a further part where the log has a schema by now that the file does not tell of', async () => {
    const dataDir = fresh('growing');
    cpSync(everything, dataDir, { recursive: true });
    const out = fresh('parts');
    await command('export', '--out', out, '--data-dir', dataDir);
    const bus = await openEmbeddedBus({ directory: dataDir });
    const [id, text] = [...(await bus.schemas.all())].find(([, one]) => one.includes('"name":"OrderIntent"')) ?? [0, ''];
    await bus.schemas.put(100, text.replace('What a strategy', 'All that a strategy'));
    await bus.close();
    await grow(dataDir);
    expect((await command('export', '--out', out, '--data-dir', dataDir)).code).toBe(0);
    const parts = (await readExportManifest(out)).files.filter(({ part }) => part > 1);
    expect(parts.map(({ path }) => path)).toEqual(['order-intents/r-1/2026-02-24.2.avro']);
    expect(parts[0]).toMatchObject({ schema_ids: [id, 100], records: 3 });
    expect([...(await recordsOf(out))].sort()).toEqual([...(await logInDirectory(dataDir)).records].sort());
    expect((await command('import', '--from', out, '--data-dir', fresh('parts'))).code).toBe(0);
  });

  it('refuses what is no export, one of another log, and one that was made otherwise, and changes nothing', async () => {
    const other = fresh('something');
    mkdirSync(other);
    writeFileSync(join(other, 'notes.txt'), 'mine');
    const out = await whole();
    const before = filesOf(out);
    const day = folder.path('other-log');
    await command('run', ...writeTradingDay((name) => folder.path(name)), '--data-dir', day);
    const toOut = (...flags: string[]) => command('export', '--out', out, ...flags);
    expect(refused(await command('export', '--out', other, '--data-dir', everything))).toContain('something else (notes.txt)');
    expect(refused(await toOut('--data-dir', day))).toContain('of another log (3 shards, not 1)');
    expect(refused(await toOut('--data-dir', everything, '--run', 'r-1'))).toContain('of everything, not of run r-1');
    expect(refused(await toOut('--data-dir', everything, '--format', 'jsonl'))).toContain('as avro, not jsonl');
    const twin = fresh('twin');
    await directoryOfEverything(twin, 600, 8);
    expect(refused(await toOut('--data-dir', twin))).toContain('of another log');
    expect(refused(await toOut('--data-dir', everything, '--topics', 'decision'))).toContain('did you mean `decisions`');
    expect(refused(await toOut('--data-dir', everything, '--day', '2026-02-30'))).toContain('--day 2026-02-30');
    expect(filesOf(out)).toEqual(before);
    writeFileSync(join(out, 'decisions', 'mine.txt'), 'mine');
    expect(refused(await toOut('--data-dir', everything))).toContain('no part of the export');
  });

  it('refuses to add to a file that was altered', async () => {
    const dataDir = fresh('growing');
    cpSync(everything, dataDir, { recursive: true });
    const out = await whole();
    await grow(dataDir);
    const { files } = await readExportManifest(out);
    const file = files.find(({ topic, run_id, day }) => topic === 'order-intents' && run_id === 'r-1' && day === '2026-02-24');
    const path = join(out, file?.path ?? '');
    const bytes = readFileSync(path);
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(path, bytes);
    expect(refused(await command('export', '--out', out, '--data-dir', dataDir))).toContain('are not what the manifest says');
  });
});

describe('runs whose ids differ in case alone', () => {
  const DAY = 86_400_000;
  const intent = (run: string, day: number) => ({
    topic: 'order-intents' as const,
    partition: 0,
    key: Buffer.from(run),
    value: Buffer.from(`${run} ${day}`),
    timestamp: 1_771_925_400_000 + day * DAY,
  });
  const put = async (dataDir: string, ...records: readonly ReturnType<typeof intent>[]): Promise<void> => {
    const bus = await openEmbeddedBus({ directory: dataDir });
    await add(bus, records);
    await bus.close();
  };
  /** The run by its folder, as a disk that does not tell case apart has them; each is there for one run. */
  const foldersOf = async (out: string): Promise<Readonly<Record<string, string | null>>> => {
    const folders: Record<string, string | null> = {};
    for (const { path, run_id } of (await readExportManifest(out)).files) {
      const name = path.split('/')[1] ?? '';
      const known = Object.keys(folders).find((one) => one.toLowerCase() === name.toLowerCase());
      if (known !== undefined) expect([known, folders[known]]).toEqual([name, run_id]);
      folders[name] = run_id;
    }
    return folders;
  };

  it('have folders of their own, whatever their days are and by however many commands they came', async () => {
    const dataDir = fresh('cased');
    const out = fresh('cased');
    const again = async (): Promise<void> => expect((await command('export', '--out', out, '--data-dir', dataDir)).code).toBe(0);
    const first = { case: 'case', 'CASE~d35114736c127b0a': 'CASE' };
    await put(dataDir, intent('case', 0), intent('CASE', 1));
    await again();
    expect(await foldersOf(out)).toEqual(first);
    await put(dataDir, intent('CASE', 0), intent('case', 1), intent('CASE', 2), intent('case', 3));
    await again();
    expect(await foldersOf(out)).toEqual(first);
    await put(dataDir, intent('Case', 4), intent('CASE', 4), intent('case', 4));
    await again();
    expect(await foldersOf(out)).toEqual({ ...first, 'Case~15f86e24ed25aed1': 'Case' });
    expect([...(await recordsOf(out))].sort()).toEqual([...(await logInDirectory(dataDir)).records].sort());
    const once = fresh('cased');
    expect((await command('export', '--out', once, '--data-dir', dataDir)).code).toBe(0);
    expect(Object.keys(filesOf(once))).toEqual(Object.keys(filesOf(out)));
    expect((await command('import', '--from', out, '--verify-only')).code).toBe(0);
  });
});

describe('many runs and days', () => {
  it('come in as many files, within bounded memory and file handles', async () => {
    const dataDir = fresh('many');
    const bus = await openEmbeddedBus({ directory: dataDir, shards: 2 });
    const records = Array.from({ length: 1_600 }, (_, number) => ({
      topic: 'order-intents' as const,
      partition: number % 2,
      key: Buffer.from(`run-${number % 400}`),
      value: Buffer.from(`intent ${number}`),
      timestamp: 1_771_925_400_000 + Math.floor(number / 800) * 86_400_000,
    }));
    await add(bus, records);
    await bus.close();
    const out = fresh('many');
    const { code, stdout } = await command('export', '--out', out, '--data-dir', dataDir, '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { added: 1_600, files: 800, records: 1_600 }]);
    const target = fresh('many');
    expect((await command('import', '--from', out, '--data-dir', target)).code).toBe(0);
    expect(await logInDirectory(target)).toEqual(await logInDirectory(dataDir));
  });
});

describe('an import', () => {
  it.each<ExportFormat>(['avro', 'jsonl'])('of %s is the same log, which exports to the same bytes', async (format) => {
    const out = await whole(format);
    const target = fresh('copy');
    expect((await command('import', '--from', out, '--data-dir', target)).code).toBe(0);
    expect(await logInDirectory(target)).toEqual(await logInDirectory(everything));
    const again = fresh('again');
    expect((await command('export', '--out', again, '--data-dir', target, '--format', format)).code).toBe(0);
    expect(filesOf(again)).toEqual(filesOf(out));
  });

  it('has the schema ids of the log', async () => {
    const target = fresh('copy');
    await command('import', '--from', await whole(), '--data-dir', target);
    const schemas = async (directory: string) => {
      const bus = await openEmbeddedBus({ directory });
      const all = await bus.schemas.all();
      await bus.close();
      return all;
    };
    expect(await schemas(target)).toEqual(await schemas(everything));
  });

  it('refuses every altered, missing, cut or added file by its name, and imports nothing', async () => {
    const out = await whole();
    const { files } = await readExportManifest(out);
    const random = randomFrom(3);
    for (let trial = 0; trial < 8; trial++) {
      const damaged = fresh('damaged');
      cpSync(out, damaged, { recursive: true });
      const file = files[Math.floor(random() * files.length)]!;
      const path = join(damaged, file.path);
      const bytes = readFileSync(path);
      const kind = trial % 4;
      if (kind === 0) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      if (kind === 0) writeFileSync(path, bytes);
      if (kind === 1) rmSync(path);
      if (kind === 2) writeFileSync(path, bytes.subarray(0, Math.floor(random() * bytes.length)));
      if (kind === 3) writeFileSync(`${path}.avro`, bytes);
      const target = fresh('never');
      const { code, stderr, stdout } = await command('import', '--from', damaged, '--data-dir', target);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^Error: [^\n]+\n$/);
      expect(stderr).toContain(kind === 3 ? `${path}.avro` : path);
      expect(stdout).toContain('nothing was imported');
      expect(existsSync(target)).toBe(false);
      expect((await command('import', '--from', damaged, '--verify-only')).code).toBe(1);
      rmSync(damaged, { recursive: true });
    }
  });

  it('refuses a manifest that cannot be, in one line', async () => {
    const out = await whole();
    const text = readFileSync(join(out, 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as Record<string, unknown>;
    const [file] = manifest.files as { path: string; records: number }[];
    const [part] = manifest.partitions as object[];
    const wrong: readonly (readonly [string, string])[] = [
      [text.slice(0, 500), 'no JSON'],
      ...Object.keys(manifest).map((field) => [JSON.stringify({ ...manifest, [field]: undefined }), field] as const),
      [JSON.stringify({ ...manifest, format_version: 2 }), 'format_version'],
      [JSON.stringify({ ...manifest, further: 1 }), 'further'],
      [JSON.stringify({ ...manifest, complete: false }), 'complete'],
      [JSON.stringify({ ...manifest, partitions: [part, part] }), 'twice'],
      [JSON.stringify({ ...manifest, files: [{ ...file, path: '../../etc/passwd' }] }), 'expected audit'],
      [JSON.stringify({ ...manifest, files: [{ ...file, records: (file?.records ?? 0) + 1 }] }), 'its partitions have'],
      [JSON.stringify({ ...manifest, files: [file, file] }), 'twice'],
    ];
    for (const [damaged, says] of wrong) {
      writeFileSync(join(out, 'manifest.json'), damaged);
      const line = refused(await command('import', '--from', out, '--data-dir', fresh('never')));
      expect(line).toContain('manifest.json');
      expect(line).toContain(says);
    }
  });

  it('imports a part of a log only when asked to', async () => {
    const out = fresh('part');
    await exported(out, '--topics', 'audit-records');
    const target = fresh('part');
    expect(refused(await command('import', '--from', out, '--data-dir', target))).toContain('topics audit-records alone');
    expect((await command('import', '--from', out, '--data-dir', target, '--partial')).code).toBe(0);
    const { records } = await logInDirectory(everything);
    expect((await logInDirectory(target)).records).toEqual(records.filter((record) => record.startsWith('["audit-records"')));
  });

  it('refuses a directory that holds anything, and flags that do not go together', async () => {
    const out = await whole();
    const mine = fresh('mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'notes.txt'), '');
    const into = (target: string) => command('import', '--from', out, '--data-dir', target);
    expect(refused(await into(mine))).toContain('it holds notes.txt');
    expect(refused(await into(everything))).toContain('it holds a log');
    expect(refused(await command('import', '--from', out))).toContain('--verify-only');
    expect(refused(await command('import', '--from', out, '--data-dir', fresh('x'), '--verify-only'))).toContain('either');
    expect(refused(await command('import', '--from', fresh('none'), '--verify-only'))).toContain('no such file');
  });

  it('that was ended half way is opened by nothing, and begun anew by the same command', async () => {
    const out = await whole();
    const target = fresh('unfinished');
    const damaged = fresh('damaged');
    cpSync(out, damaged, { recursive: true });
    // A manifest with the right checksums of a file that cannot be read to its end: the import fails on the way.
    const manifest = await readExportManifest(damaged);
    const file = manifest.files.find(({ records, topic }) => records > 3 && topic === 'policy-state')!;
    file.records -= 1;
    file.partitions[0]!.records -= 1;
    writeFileSync(join(damaged, 'manifest.json'), JSON.stringify(manifest));
    expect(refused(await command('import', '--from', damaged, '--data-dir', target))).toContain(
      'not those that the manifest counts',
    );
    expect(refused(await command('tail', 'decisions', '--data-dir', target))).toContain('an import into it was not finished');
    await expect(openEmbeddedBus({ directory: target })).rejects.toMatchObject({ code: 'BUS_UNUSABLE' });
    expect((await command('import', '--from', out, '--data-dir', target)).code).toBe(0);
    expect(await logInDirectory(target)).toEqual(await logInDirectory(everything));
  });

  it('may be traded on', async () => {
    const target = fresh('traded');
    await command('import', '--from', await whole(), '--data-dir', target);
    const before = await logInDirectory(target);
    await grow(target);
    const after = await logInDirectory(target);
    expect(after.records).toHaveLength(before.records.length + 6);
    expect(after.records).toEqual(expect.arrayContaining([...before.records]));
  });
});

describe('a line of a JSONL export', () => {
  it('that says something else than its bytes is refused by file and line', async () => {
    const out = await whole('jsonl');
    const path = join(out, 'market-prices', '_', '2026-02-24.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes('"price":'));
    const edited = lines.with(at, lines[at]!.replace(/"price":[^}]+/, '"price":1'));
    writeFileSync(path, edited.join('\n'));
    const read = async (): Promise<void> => {
      for (const record of await recordsOf(out)) expect(record).not.toBe('');
    };
    await expect(read()).rejects.toThrow(`${path} line ${at + 1}: what it says is not what its bytes say`);
  });
});
