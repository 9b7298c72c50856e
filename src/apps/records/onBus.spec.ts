import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onBus, onExistingBus } from './onBus';

const folder = mkdtempSync(join(tmpdir(), 'policygate-on-bus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const nothing = (): void => undefined;
const done = (): Promise<string> => Promise.resolve('done');

it('opens a directory that a bus was made in', async () => {
  const dataDir = join(folder, 'made');
  expect(await onBus({ bus: 'embedded', dataDir }, nothing, done)).toBe('done');
  expect(await onExistingBus({ bus: 'embedded', dataDir }, nothing, done)).toBe('done');
});

it.each(['missing', 'empty', 'logs'])('makes no bus where there is none: %s', async (name) => {
  const dataDir = join(folder, name);
  if (name !== 'missing') mkdirSync(dataDir);
  if (name === 'logs') writeFileSync(join(dataDir, 'audit.jsonl'), '');
  await expect(onExistingBus({ bus: 'embedded', dataDir }, nothing, done)).rejects.toThrow(
    `${dataDir}: there is no data directory; expected one that`,
  );
  if (name === 'missing') expect(readdirSync(folder)).not.toContain('missing');
  else expect(readdirSync(dataDir)).toEqual(name === 'logs' ? ['audit.jsonl'] : []);
});
