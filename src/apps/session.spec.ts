import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_VERSION, wallClock } from './session';

it('stamps records with the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  expect(ENGINE_VERSION).toBe(version);
});

it('tells the wall clock as Python’s isoformat does', () =>
  expect(wallClock()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/));
