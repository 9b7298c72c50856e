/** The command line: every command, and how its ends become exit codes. */
import { Command, CommanderError } from 'commander';
import { BusError } from '../../processor/bus';
import { lineOf } from '../failure';
import { ENGINE_VERSION } from '../session';
import { correlateCommand } from './commands/correlate';
import { checkpointCommand } from './commands/checkpoint';
import { demoCommand } from './commands/demo';
import { dlqCommand } from './commands/dlq';
import { doctorCommand } from './commands/doctor';
import { evalCommand } from './commands/eval';
import { exportCommand } from './commands/export';
import { gatewayCommand } from './commands/gateway';
import { importCommand } from './commands/import';
import { killSwitchCommand } from './commands/killSwitch';
import { ordersCommand } from './commands/orders';
import { policyCommand } from './commands/policy';
import { processorCommand } from './commands/processor';
import { proveCommand } from './commands/prove';
import { publishCommand } from './commands/publish';
import { reconcileCommand } from './commands/reconcile';
import { replayCommand } from './commands/replay';
import { runCommand } from './commands/run';
import { runsCommand } from './commands/runs';
import { serveCommand } from './commands/serve';
import { statsCommand } from './commands/stats';
import { tailCommand } from './commands/tail';
import { topCommand } from './commands/top';
import { topicsCommand } from './commands/topics';
import { validateCommand } from './commands/validate';
import { verifyCommand } from './commands/verify';
import type { Io } from './io';

/** Runs one command line (without node and script); answers with the exit code: 0 done, 1 denied, 2 could not run. Never rejects. */
export const runProgram = async (args: readonly string[], io: Io): Promise<number> => {
  let code = 0;
  const exit = (with_: number): void => {
    code = with_;
  };
  const program = new Command('policygate')
    .description(
      'The gate between trading strategies and brokers: every order intent is judged against a capital policy, on record.',
    )
    .version(ENGINE_VERSION)
    .addHelpText(
      'after',
      `
Examples:
  policygate demo                                             # seven intents through the gate, printed with their reasons
  policygate run --help                                       # the main job: a file of intents
  policygate policy show policies/base.yaml --symbol AAPL`,
    );
  demoCommand(program, io);
  evalCommand(program, io, exit);
  runCommand(program, io);
  validateCommand(program, io, exit);
  policyCommand(program, io, exit);
  topicsCommand(program, io, exit);
  doctorCommand(program, io, exit);
  processorCommand(program, io);
  gatewayCommand(program, io);
  serveCommand(program, io);
  topCommand(program, io);
  runsCommand(program, io, exit);
  publishCommand(program, io);
  tailCommand(program, io);
  killSwitchCommand(program, io, exit);
  ordersCommand(program, io, exit);
  reconcileCommand(program, io, exit);
  dlqCommand(program, io, exit);
  replayCommand(program, io, exit);
  correlateCommand(program, io, exit);
  statsCommand(program, io, exit);
  exportCommand(program, io);
  importCommand(program, io, exit);
  checkpointCommand(program, io, exit);
  proveCommand(program, io, exit);
  verifyCommand(program, io, exit);
  inherit(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.err(`Error: ${lineOf(error)}\n`);
    if (!isExpected(error) && error instanceof Error) io.err(`${error.stack ?? ''}\n`);
    return 2;
  }
};

/** Commands made by `command()` copy settings when they are made; these are for all of them, and in one place. */
const inherit = (command: Command, io: Io): void => {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      // One line: what was wrong, what may have been meant, where to look.
      outputError: (text, write) =>
        write(
          `Error: ${text
            .replace(/^error: /, '')
            .trim()
            .replace(/\s*\n\s*/g, ' ')}; --help shows what there is\n`,
        ),
    });
  for (const child of command.commands) inherit(child, io);
};

const isExpected = (error: unknown): boolean =>
  error instanceof BusError ||
  (error instanceof Error &&
    [
      'Failure',
      'StateError',
      'SchemaError',
      'DivergenceError',
      'CheckpointError',
      'DecisionError',
      'VenueError',
      'BrokerFailure',
    ].includes(error.name));
