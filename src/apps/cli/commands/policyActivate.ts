import type { Command } from 'commander';
import { readPolicy } from '../../../contracts/policyDocument';
import { EVERY_RUN } from '../../../contracts/topics';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { errorsInOneLine, readBytes } from '../../files';
import { runOption, sendControl, signatureOf, withControlOptions } from '../../publishing/controlCommand';
import type { ControlFlags } from '../../publishing/controlCommand';
import { timeOption } from '../../publishing/recordTimes';
import { onBus } from '../../records/onBus';
import type { Io } from '../io';

interface ActivateFlags extends ControlFlags {
  readonly run: string;
  readonly force?: boolean;
}

/** `policygate policy activate`: another policy for runs that are active. */
export const policyActivateCommand = (policy: Command, io: Io, exit: (code: number) => void): void => {
  withControlOptions(withBusOptions(policy.command('activate')))
    .description('Put a policy in force for active runs, from one exact point of their streams on.')
    .argument('<file>', 'capital policy (YAML)')
    .option('--run <id>', 'for this run (default: every active run)', EVERY_RUN)
    .option('--force', 'publish a policy that is invalid: it is refused, and the attempt is on record')
    .addHelpText(
      'after',
      `
Exit codes: 0 in force, 1 refused, or no run is active, 2 could not run (an invalid policy: nothing is published), or nobody answered.

Examples:
  policygate policy activate policies/base.yaml --actor alice --reason "tighter limits" --data-dir ./data
  policygate policy activate policies/base.yaml --run r-1 --actor alice --reason "tighter limits" --bus kafka`,
    )
    .action(async (file: string, flags: ActivateFlags) => exit(await activate(file, flags, io)));
};

const activate = async (file: string, flags: ActivateFlags, io: Io): Promise<number> => {
  const runId = flags.run === EVERY_RUN ? EVERY_RUN : runOption(flags.run);
  const signature = signatureOf(flags);
  const warn = (warning: string): void => io.err(`Warning: ${warning}\n`);
  const bytes = await readBytes(file);
  const read = readPolicy(bytes, file);
  if (read.ok) read.value.warnings.forEach(warn);
  else if (flags.force === true) warn(errorsInOneLine(read.error));
  else throw new Failure(`${errorsInOneLine(read.error)} (nothing was published)`);
  const control = { ...signature, payload: { type: 'PolicyActivated', policy_text: bytes.toString('utf8') } as const };
  const timestamp = timeOption(flags.at, Date.now());
  const nobody = { code: 1, says: 'No run is active: the policy is in force for none.' };
  return onBus(flags, warn, (open) => sendControl(open, flags, { runId, control, timestamp, nobody }, io));
};
