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
    endWithin(END_MS);
  });
};

const END_MS = 2_000;

/** A connection that somebody forgot keeps nobody waiting; output that is still being read does. The timer itself keeps nothing alive. */
const endWithin = (ms: number): void => {
  setTimeout(() => {
    if (process.stdout.writableLength + process.stderr.writableLength > 0) endWithin(ms);
    else process.exit();
  }, ms).unref();
};
