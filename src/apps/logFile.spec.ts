import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './logFile';

const folder = fs.mkdtempSync(join(tmpdir(), 'policygate-log-'));
afterAll(() => {
  jest.restoreAllMocks();
  fs.rmSync(folder, { recursive: true });
});

it('goes on with a write that failed half way, and writes nothing twice', async () => {
  const file = join(folder, 'audit.jsonl');
  const log = await LogFile.open(file, false, () => true);
  log.add('{"a":1}');
  log.add('{"b":2}');
  log.commit();
  const write = fs.writeSync;
  let calls = 0;
  jest.spyOn(fs, 'writeSync').mockImplementation(((descriptor: number, buffer: Buffer, at: number) => {
    calls += 1;
    if (calls === 2) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    return calls === 1 ? write(descriptor, buffer, at, 5) : write(descriptor, buffer, at, 16 - at);
  }) as unknown as typeof fs.writeSync);
  expect(() => log.flush()).toThrow('ENOSPC');
  log.close();
  expect(fs.readFileSync(file, 'utf8')).toBe('{"a":1}\n{"b":2}\n');
});
