/** Docker and Docker Compose as a person's shell has them, for the tests of the image. They run where IMAGE_TESTS is set: CONTRIBUTING.md. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../support/program';

export const asked = (process.env.IMAGE_TESTS ?? '') !== '';
if (!asked) process.stderr.write('the image is not built: set IMAGE_TESTS=1 where Docker and Docker Compose are installed\n');

const LARGEST_OUTPUT = 64 * 1024 * 1024;

/** What it prints on stdout. Rejects with what it said where it ends with another code than 0, or takes longer than `seconds`. */
export const run = async (
  command: string,
  args: readonly string[],
  { env = {}, seconds = 60 }: { readonly env?: Readonly<Record<string, string>>; readonly seconds?: number } = {},
): Promise<string> => {
  const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: seconds * 1_000, maxBuffer: LARGEST_OUTPUT };
  const { stdout } = await promisify(execFile)(command, [...args], options);
  return stdout;
};

/** DOCKER_COMPOSE names another one than the client's plugin. */
export const compose = (args: readonly string[], env: Readonly<Record<string, string>>, seconds = 60): Promise<string> => {
  const [command = 'docker', ...words] = (process.env.DOCKER_COMPOSE ?? 'docker compose').split(' ');
  return run(command, [...words, ...args], { env, seconds });
};
