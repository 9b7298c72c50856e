import { processIo } from './io';
import { runProgram } from './program';

/** Runs this process's command line after `prefix`: `policygate-eval` is `policygate eval`. */
export const start = (prefix: readonly string[]): void => {
  // Whoever reads our output may stop reading: `policygate ... | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 2);
  });
  void runProgram([...prefix, ...process.argv.slice(2)], processIo).then((code) => {
    process.exitCode = code;
  });
};
