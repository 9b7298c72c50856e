/** The commands that work on a bus, run in this process; and a processor that folds, between two of them, what a data directory holds. */
import { runProgram } from '../../src/apps/cli/program';
import { openSession, realStopwatch } from '../../src/apps/session';
import type { Session } from '../../src/apps/session';
import { Processor } from '../../src/processor/processor';

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line. */
export const command = async (...args: readonly string[]): Promise<CommandOutcome> => {
  let stdout = '';
  let stderr = '';
  const out = (text: string): void => void (stdout += text);
  const err = (text: string): void => void (stderr += text);
  const code = await runProgram(args, { out, err, interactive: false });
  return { code, stdout, stderr };
};

let takeovers = 0;

/** A processor of this shard. */
export const processorOf = ({ bus, codec }: Session, partition: number): Promise<Processor> =>
  Processor.takeOver({
    bus,
    codec,
    partition,
    owner: `test-${++takeovers}`,
    engineVersion: '0.0.0-test',
    stopwatch: realStopwatch,
  });

/** Folds everything that the directory holds, as the next processor on it would. */
export const foldDirectory = async (dataDir: string): Promise<void> => {
  const session = await openSession(dataDir);
  try {
    for (let partition = 0; partition < session.bus.shards; partition++) {
      const processor = await processorOf(session, partition);
      while ((await processor.step({ maxRecords: 500, maxWaitMs: 0 })) > 0);
      await processor.close();
    }
  } finally {
    await session.bus.close();
  }
};
