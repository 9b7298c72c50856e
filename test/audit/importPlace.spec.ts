/** Into which directory `policygate import` writes, and of which manifest: what it refuses before anything is made. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { openSession } from '../../src/apps/session';
import type { Manifest } from '../../src/audit/export/manifest';
import { openEmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import { schemaText } from '../../src/contracts/avro/schemas';
import { command } from '../support/commands';
import { add } from '../support/everyRecord';
import { filesOf } from '../support/exports';
import { temporaryFolder } from '../support/program';

const folder = temporaryFolder();
afterAll(() => folder.remove());
let made = 0;
/** A schema under the largest id. */
const LARGEST = schemaText('ControlEvent').replace('{', '{"further":1,');

const exported = async (): Promise<string> => {
  const dataDir = folder.path(`log-${++made}`);
  await (await openSession(dataDir)).bus.close();
  const bus = await openEmbeddedBus({ directory: dataDir });
  await add(bus, [{ topic: 'order-intents', partition: 0, key: Buffer.from('r-1'), value: Buffer.from('v'), timestamp: 0 }]);
  await bus.schemas.put(4_294_967_295, LARGEST);
  await bus.close();
  const out = folder.path(`export-${made}`);
  expect((await command('export', '--out', out, '--data-dir', dataDir)).code).toBe(0);
  return out;
};

describe('an import into its own export', () => {
  it('is refused up front, wherever in it and by whatever way, and the export stays one', async () => {
    const out = await exported();
    const before = filesOf(out);
    symlinkSync(out, folder.path('link'), 'junction');
    mkdirSync(folder.path('beside'));
    const places = [
      out,
      `${out}/`,
      join(out, 'x'),
      join(out, 'order-intents', 'x', 'y'),
      join(relative('.', out), 'x'),
      folder.path('link'),
      join(folder.path('link'), 'x'),
      `${folder.path('beside')}/../link/x`,
    ];
    for (const place of places)
      for (const from of [out, folder.path('link')])
        expect(await command('import', '--from', from, '--data-dir', place)).toEqual({
          code: 2,
          stdout: '',
          stderr: `Error: --data-dir ${place}: it is in the export ${from}; give a directory outside of it\n`,
        });
    expect(filesOf(out)).toEqual(before);
    expect(existsSync(join(out, 'x'))).toBe(false);
  });

  it('is not one where the names only begin alike', async () => {
    const out = await exported();
    for (const place of [`${out}x`, folder.path(`..${made}`)])
      expect((await command('import', '--from', out, '--data-dir', place)).code).toBe(0);
  });
});

describe('a schema id that no record can have', () => {
  it.each<readonly [string, string, (manifest: Manifest) => unknown]>([
    ['in the schemas', 'schemas.4294967296', (one) => ({ ...one, schemas: { ...one.schemas, 4294967296: LARGEST } })],
    ['of ten digits', 'schemas.9999999999', (one) => ({ ...one, schemas: { ...one.schemas, 9999999999: LARGEST } })],
    ['written otherwise', 'schemas.01', (one) => ({ ...one, schemas: { ...one.schemas, '01': LARGEST } })],
    ['of a file', 'files[0].schema_id', (one) => ({ ...one, files: one.files.map((file) => ({ ...file, schema_id: 2 ** 32 })) })],
    [
      'in a header',
      'files[0].schema_ids[0]',
      (one) => ({ ...one, files: one.files.map((file) => ({ ...file, schema_ids: [2 ** 32] })) }),
    ],
  ])('%s is refused in one line, and nothing is made', async (_, at, change) => {
    const out = await exported();
    const path = join(out, 'manifest.json');
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Manifest)));
    const target = folder.path(`never-${made}`);
    for (const flags of [['--data-dir', target], ['--verify-only']])
      expect(await command('import', '--from', out, ...flags)).toEqual({
        code: 2,
        stdout: '',
        stderr: `Error: ${path}: ${at}: expected a schema id: a whole number up to 4294967295, without leading zeros\n`,
      });
    expect(existsSync(target)).toBe(false);
  });

  it('is not the largest', async () => {
    const out = await exported();
    const target = folder.path(`largest-${made}`);
    expect((await command('import', '--from', out, '--data-dir', target)).code).toBe(0);
    const bus = await openEmbeddedBus({ directory: target });
    expect((await bus.schemas.all()).get(4_294_967_295)).toBe(LARGEST);
    await bus.close();
  });
});
