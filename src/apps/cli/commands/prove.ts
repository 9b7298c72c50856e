import type { Command } from 'commander';
import { collectEvidence, EvidenceError } from '../../../audit/evidence/collectEvidence';
import { readEvidence } from '../../../audit/evidence/evidence';
import { verifyEvidence } from '../../../audit/evidence/verifyEvidence';
import { readPublicKeyFile } from '../../checkpoints/keyFiles';
import { provenText } from '../../checkpoints/provenTexts';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { writeNewFile } from '../../files';
import { onExistingBus } from '../../records/onBus';
import { Progress } from '../io';
import type { Io } from '../io';

interface ProveFlags extends BusFlags {
  readonly run: string;
  readonly intent: string;
  readonly publicKey: string;
  readonly out?: string;
}

/** `policygate prove`: evidence of one decision, for somebody who has neither the log nor trust in who keeps it. */
export const proveCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('prove'))
    .description('Write the evidence of one decision: a file of a few KB that proves it with nothing but the public key.')
    .requiredOption('--run <id>', 'the run')
    .requiredOption('--intent <id>', 'the intent that was decided')
    .requiredOption('--public-key <file>', 'the public key that the checkpoints are signed with')
    .option('--out <file>', 'where the evidence goes; it overwrites nothing (default: standard output)')
    .addHelpText(
      'after',
      `
The decision must be covered by a checkpoint: \`policygate checkpoint publish\` makes one. What is written was checked as \`policygate verify --evidence\`
checks it.

Exit codes: 0 written, 1 what is on the log does not prove it, 2 could not run (no such decision, or no checkpoint covers it yet).

Examples:
  policygate prove --run r-1 --intent i-17 --public-key checkpoint.key.pub --out i-17.evidence.json --data-dir ./data
  policygate verify --evidence i-17.evidence.json --public-key checkpoint.key.pub`,
    )
    .action(async (flags: ProveFlags) => exit(await prove(flags, io)));
};

const prove = async (flags: ProveFlags, io: Io): Promise<number> => {
  const key = await readPublicKeyFile(flags.publicKey);
  const progress = new Progress(io, 'audit records');
  const text = await onExistingBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    ({ bus, codec }) =>
      collectEvidence({
        bus,
        codec,
        key,
        runId: flags.run,
        intentId: flags.intent,
        onRead: (read, total) => progress.show(read, total),
      }),
  ).catch((error: unknown) => {
    progress.end();
    throw error instanceof EvidenceError ? new Failure(error.message) : error;
  });
  progress.end();
  const evidence = readEvidence(text);
  if (!evidence.ok) throw new Failure(`the evidence cannot be written: ${evidence.error}`);
  const proven = verifyEvidence(evidence.value, key);
  if (!proven.ok) {
    io.err(`Error: the log does not prove this decision: ${proven.error}\n`);
    return 1;
  }
  if (flags.out === undefined) {
    io.out(text);
    return 0;
  }
  writeNewFile(flags.out, text);
  io.out(`${provenText(proven.value, evidence.value.leafIndex)}Written to ${flags.out} (${Buffer.byteLength(text)} bytes).\n`);
  return 0;
};
