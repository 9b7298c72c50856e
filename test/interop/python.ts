/** A Python with the packages that the clients of examples/strategy-python-kafka need, and how their scripts, and those of this folder, are run. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TOLD } from '../support/kafka/environment';
import { ROOT } from '../support/program';
import { findPython } from '../support/pythonPackages';
import type { FoundPython } from '../support/pythonPackages';

/** What users copy. */
export const PYTHON_EXAMPLE = join(ROOT, 'examples', 'strategy-python-kafka');
const REQUIREMENTS = join(PYTHON_EXAMPLE, 'requirements.txt');
const SCRIPT_MS = 60_000;

let found: FoundPython | undefined;

/** `describe` for tests with Python clients, inside `describeKafka`. Without Python or PyPI they are skipped, with a line that says so; with CI=true loading fails. */
export const describePython = (name: string, suite: () => void): void => {
  if (process.env[TOLD.kafkaMissing] !== undefined) return describe.skip(name, suite);
  found ??= findPython(REQUIREMENTS);
  if ('python' in found) return describe(name, suite);
  if (['true', '1'].includes(process.env.CI ?? '')) throw new Error(`CI needs the tests with Python clients: ${found.missing}`);
  process.stderr.write(`kafka tests: SKIPPED those with Python clients (${name}): ${found.missing}\n`);
  describe.skip(name, suite);
};

export interface ScriptEnd {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a script of the example, or of this folder, to its end. */
export const python = (
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): Promise<ScriptEnd> =>
  new Promise((resolve, reject) => {
    if (found === undefined || !('python' in found)) throw new TypeError('call it inside describePython');
    const own = join(__dirname, script);
    const child = spawn(found.python, [existsSync(own) ? own : join(PYTHON_EXAMPLE, script), ...args], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment },
      timeout: SCRIPT_MS,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: stdout.split('\n').filter((line) => line !== ''), stderr }));
    child.stdin.end(input);
  });

/** What Python's `to_json` prints of a value: decimals as plain text, digests as hex. Maps are no part of it. */
export const asPythonPrints = (value: unknown, name = ''): unknown => {
  if (typeof value === 'bigint') return plainText(value, name === 'other_gross' || name === 'other_net' ? 36 : 18);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map((one) => asPythonPrints(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, asPythonPrints(one, field)]));
};

const plainText = (units: bigint, places: number): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -places)}${fraction === '' ? '' : `.${fraction}`}`;
};
