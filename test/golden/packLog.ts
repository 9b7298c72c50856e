/**
 * Makes a golden log of a data directory that recordLog.ts has written: its export, packed, and golden.json with what every later version must find in
 * it. Usage: `npm run golden:pack -- DIRECTORY "WHAT IS IN IT"`. How and when: docs/log-versions.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../support/commands';
import { GOLDEN_LOGS, verifiedRuns, whatIsRecorded } from './goldenLog';
import type { GoldenLog } from './goldenLog';

const pack = async (directory: string, what: string): Promise<void> => {
  const temporary = mkdtempSync(join(tmpdir(), 'policygate-golden-'));
  try {
    const exported = await command('export', '--data-dir', directory, '--out', join(temporary, 'export'));
    if (exported.code !== 0) throw new Error(exported.stderr);
    const { version, verdicts, rules } = await whatIsRecorded(directory);
    const golden: GoldenLog = { version, what, changes: [], runs: await verifiedRuns(directory), verdicts, rules };
    const folder = join(GOLDEN_LOGS, version);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-czf', join(folder, 'export.tar.gz'), '-C', temporary, 'export']);
    writeFileSync(join(folder, 'golden.json'), `${JSON.stringify(golden, undefined, 2)}\n`);
  } finally {
    rmSync(temporary, { recursive: true });
  }
};

const [directory, what] = process.argv.slice(2);
if (directory === undefined || what === undefined) throw new Error('usage: packLog.ts DIRECTORY "WHAT IS IN IT"');
void pack(directory, what);
