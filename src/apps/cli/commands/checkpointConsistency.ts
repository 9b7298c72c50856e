import type { Command } from 'commander';
import { proveConsistency } from '../../checkpoints/consistency';
import type { ConsistencyFlags } from '../../checkpoints/consistency';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { onExistingBus } from '../../records/onBus';
import type { Io } from '../io';

/** `policygate checkpoint consistency`: that one checkpoint goes on from another, for somebody who has both and not the log. */
export const checkpointConsistencyCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('consistency'))
    .description('Write the proof that a later checkpoint only adds to an earlier one (RFC 6962), for somebody without the log.')
    .requiredOption('--shard <number>', 'the shard')
    .requiredOption('--old <records>', 'how many records the earlier checkpoint is over')
    .option('--new <records>', 'how many the later one is over (default: the last on the topic)')
    .requiredOption('--public-key <file>', 'the public key that both are signed with')
    .option('--out <file>', 'where the proof goes; it overwrites nothing (default: standard output)')
    .addHelpText(
      'after',
      `
Exit codes: 0 written, 1 the log does not lead from the one to the other, 2 could not run.

Examples:
  policygate checkpoint consistency --shard 0 --old 1000 --public-key checkpoint.key.pub --out consistency.json --data-dir ./data
  policygate verify --evidence consistency.json --public-key checkpoint.key.pub`,
    )
    .action(async (flags: ConsistencyFlags & BusFlags) =>
      exit(
        await onExistingBus(
          flags,
          (warning) => io.err(`Warning: ${warning}\n`),
          (open) => proveConsistency(open, flags, io),
        ),
      ),
    );
};
