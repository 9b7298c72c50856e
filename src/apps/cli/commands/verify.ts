import type { Command } from 'commander';
import { verifyLog } from '../../auditing/verifyLog';
import type { VerifyFlags } from '../../auditing/verifyLog';
import { verifyJson, verifyText } from '../../auditing/verifyTexts';
import { verifyEvidenceFile } from '../../checkpoints/verifyEvidenceFile';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import type { Io } from '../io';

interface Flags extends VerifyFlags {
  readonly evidence?: string;
  readonly json?: boolean;
}

const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `policygate verify`: whether an audit log is whole, and every decision in it follows. */
export const verifyCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('verify'))
    .description('Prove that an audit log is whole and unaltered, and that every decision follows from its facts and policy.')
    .option(
      '--audit <file>',
      'audit log (JSONL of run or eval), file of an export, or folder of one; several in their order',
      repeated,
    )
    .option('--policy <file>', 'a policy that the log names and does not carry; may be repeated', repeated)
    .option('--run <id>', 'only this run')
    .option(
      '--after <run:seq:hash>',
      'the last record before the log, of a run that does not begin in it; may be repeated',
      repeated,
    )
    .option('--checkpoint <file>', 'signed checkpoints that the log must agree with; may be repeated', repeated)
    .option('--public-key <file>', 'the key that the checkpoints were signed with')
    .option('--only-run', 'with --checkpoint and the JSONL of a run: it is the only one of its shard')
    .option('--evidence <file>', 'evidence of one decision (`policygate prove`): needs --public-key, and no log')
    .option('--json', 'for machines: one line of JSON')
    .addHelpText(
      'after',
      `
Without --audit, the topic audit-records of a bus is read. The first fault is told in full, the others are counted by kind. Warnings say what cannot
be proven.

A checkpoint covers all runs of a shard. The JSONL of a run is held against it only with --only-run: where other runs have records on the shard, verify
the topic, a data directory or an export. Lines without a chain (policygate-capital 0.2.0) and single evaluations (eval) are never called whole.

Exit codes: 0 no fault, 1 a fault was found, 2 could not run.

Examples:
  policygate verify --audit audit.jsonl
  policygate verify --audit ./export --checkpoint checkpoints.jsonl --public-key gate.key.pub
  policygate verify --audit audit.jsonl --only-run --checkpoint checkpoints.jsonl --public-key gate.key.pub
  policygate verify --data-dir ./data --run r-1 --json
  policygate verify --evidence i-17.evidence.json --public-key gate.key.pub
  policygate verify --bus kafka --checkpoint checkpoints.jsonl --public-key gate.key.pub
  policygate verify --audit old-audit.jsonl --policy policies/base.yaml   # a log of policygate-capital 0.2.0`,
    )
    .action(async (flags: Flags) => exit(await verify(flags, io)));
};

const verify = async (flags: Flags, io: Io): Promise<number> => {
  if (flags.evidence !== undefined) return verifyAlone(flags, flags.evidence, io);
  const other = flags.dataDir !== undefined ? '--data-dir' : flags.bus !== undefined ? '--bus' : undefined;
  if (flags.audit !== undefined && other !== undefined)
    throw new Failure(`--audit names files, and ${other} a bus: expected one of the two`);
  const result = await verifyLog(flags, io);
  io.out(flags.json === true ? `${verifyJson(result)}\n` : verifyText(result));
  if (flags.json !== true) for (const warning of result.warnings) io.err(`Warning: ${warning}\n`);
  return result.faults.total === 0 ? 0 : 1;
};

/** What says something of a log, and nothing of evidence. */
const OF_A_LOG = {
  audit: '--audit',
  checkpoint: '--checkpoint',
  policy: '--policy',
  run: '--run',
  after: '--after',
  onlyRun: '--only-run',
  dataDir: '--data-dir',
  bus: '--bus',
  config: '--config',
} as const satisfies Partial<Record<keyof Flags, string>>;

const verifyAlone = (flags: Flags, file: string, io: Io): Promise<number> => {
  const names = Object.keys(OF_A_LOG) as (keyof typeof OF_A_LOG)[];
  const given = names.filter((name) => flags[name] !== undefined).map((name) => OF_A_LOG[name]);
  if (given.length > 0) throw new Failure(`--evidence stands alone: leave out ${given.join(', ')}`);
  return verifyEvidenceFile(flags, file, io);
};
