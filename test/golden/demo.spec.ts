/**
 * The demo, byte for byte: what it prints, and its audit log without the wall-clock figures (`recorded_at`, `eval_ms`, and `line_sha256`, which has them in it). The hashes in it cover the Avro
 * bytes of every record. A change here is a change of what replay sees: review it like code.
 *
 * To accept new bytes: UPDATE_GOLDEN=1 npx jest test/golden --selectProjects system
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/apps/cli/program';

const golden = (name: string): string => join(__dirname, name);

const expectGolden = (name: string, actual: string): void => {
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden(name), actual);
  expect(actual).toBe(readFileSync(golden(name), 'utf8'));
};

const withoutWallClock = (line: string): string =>
  line.replace(/"eval_ms":[0-9.]+,?/g, '').replace(/"(?:line_sha256|recorded_at)":"[^"]*",?/g, '');

describe('the demo', () => {
  let directory: string;
  const demo = async (): Promise<string> => {
    let printed = '';
    const io = { out: (text: string) => (printed += text), err: (text: string) => (printed += text), interactive: false };
    expect(await runProgram(['demo', '--data-dir', directory], io)).toBe(0);
    return printed.replaceAll(directory, 'DIR');
  };
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'policygate-demo-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('prints the same table, first and again, and leaves the same audit log', async () => {
    const printed = await demo();
    expectGolden('demo-output.txt', printed);
    const audit = readFileSync(join(directory, 'audit.jsonl'), 'utf8');
    expectGolden('demo-audit.jsonl', audit.split('\n').map(withoutWallClock).join('\n'));

    expect(await demo()).toBe(printed);
    expect(readFileSync(join(directory, 'audit.jsonl'), 'utf8')).toBe(audit);
  });
});
