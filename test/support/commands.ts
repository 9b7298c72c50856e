/** The commands that work on a bus, run in this process; and a processor that folds, between two of them, what a data directory holds. */
import { Command, CommanderError } from 'commander';
import { killSwitchCommand } from '../../src/apps/cli/commands/killSwitch';
import { policyCommand } from '../../src/apps/cli/commands/policy';
import { publishCommand } from '../../src/apps/cli/commands/publish';
import { runsCommand } from '../../src/apps/cli/commands/runs';
import { tailCommand } from '../../src/apps/cli/commands/tail';
import { lineOf } from '../../src/apps/failure';
import { openSession, realStopwatch } from '../../src/apps/session';
import type { Session } from '../../src/apps/session';
import { Processor } from '../../src/processor/processor';

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line, as `runProgram` does. */
export const command = async (...args: readonly string[]): Promise<CommandOutcome> => {
  let code = 0;
  let stdout = '';
  let stderr = '';
  const io = { out: (text: string) => void (stdout += text), err: (text: string) => void (stderr += text), interactive: false };
  const exit = (given: number): void => void (code = given);
  const program = new Command('policygate');
  publishCommand(program, io);
  tailCommand(program, io);
  runsCommand(program, io, exit);
  policyCommand(program, io, exit);
  killSwitchCommand(program, io, exit);
  quiet(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    code = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof CommanderError)) stderr += `Error: ${lineOf(error)}\n`;
  }
  return { code, stdout, stderr };
};

const quiet = (program: Command, io: { readonly out: (text: string) => void; readonly err: (text: string) => void }): void => {
  program.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const child of program.commands) quiet(child, io);
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
