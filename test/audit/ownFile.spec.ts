/** What a command writes is never what it reads, and what stood there before stays until all is written. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { command } from '../support/commands';
import type { DemoLogs } from '../support/demoRun';
import { runDemo } from '../support/demoRun';
import { temporaryFolder } from '../support/program';

jest.setTimeout(30_000);

const folder = temporaryFolder();
afterAll(folder.remove);

let logs: DemoLogs;
beforeAll(async () => {
  logs = await runDemo(folder.path);
});

const read = (file: string): string => readFileSync(file, 'utf8');

it('refuses a log that it reads, by whatever name', async () => {
  symlinkSync(logs.audit, folder.path('symbolic'));
  linkSync(logs.exec, folder.path('hard'));
  const [audit, exec] = [read(logs.audit), read(logs.exec)];
  for (const out of [logs.audit, logs.exec, folder.path('symbolic'), folder.path('hard')]) {
    const { code, stderr } = await command('correlate', '--audit', logs.audit, '--exec', logs.exec, '--out', out);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`--out ${out}: is read by this command`) });
  }
  const { code, stderr } = await command('stats', '--audit', logs.audit, '--svg', folder.path('symbolic'));
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('is read by this command') });
  expect([read(logs.audit), read(logs.exec)]).toEqual([audit, exec]);
});

it('refuses a place in a folder that it reads, and what is no file', async () => {
  mkdirSync(folder.path('given'));
  writeFileSync(folder.path('given', 'manifest.json'), '{}');
  const inside = await command('stats', '--audit', folder.path('given'), '--svg', folder.path('given', 'stats.svg'));
  expect(inside).toMatchObject({ code: 2, stderr: expect.stringContaining('is read by this command') });
  const notAFile = await command('stats', '--audit', logs.audit, '--svg', folder.path('given'));
  expect(notAFile).toMatchObject({ code: 2, stderr: expect.stringContaining('is no regular file') });
});

it('leaves the file as it was where the command cannot end', async () => {
  writeFileSync(folder.path('timeline.jsonl'), 'of yesterday\n');
  writeFileSync(folder.path('bad.jsonl'), `${read(logs.audit)}{\n`);
  const bad = ['--audit', folder.path('bad.jsonl'), '--exec', logs.exec];
  expect((await command('correlate', ...bad, '--out', folder.path('timeline.jsonl'))).code).toBe(2);
  expect(read(folder.path('timeline.jsonl'))).toBe('of yesterday\n');
  expect(readdirSync(folder.path()).filter((name) => name.endsWith('.part'))).toEqual([]);
  const good = ['--audit', logs.audit, '--exec', logs.exec];
  expect((await command('correlate', ...good, '--out', folder.path('timeline.jsonl'))).code).toBe(0);
  expect(read(folder.path('timeline.jsonl')).split('\n').length).toBeGreaterThan(5);
});
