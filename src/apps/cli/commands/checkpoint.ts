import type { Command } from 'commander';
import { KEY_NAME, KEY_NAME_EXPECTED } from '../../../audit/checkpoint/checkpointKeys';
import { formatRfc3339 } from '../../../contracts/timestamp';
import { checkpointText } from '../../../contracts/documents/recordTexts';
import { AUDIT_RECORDS } from '../../../contracts/topics';
import { checkpointPlan, withEveryOptions } from '../../checkpoints/checkpointFlags';
import { createKeyFiles, readPublicKeyFile } from '../../checkpoints/keyFiles';
import { isFinding, publishCheckpoints } from '../../checkpoints/publishCheckpoints';
import { verifiedJson, verifiedText, verifyOnBus } from '../../checkpoints/verifyOnBus';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure, lineOf } from '../../failure';
import { onExistingBus } from '../../records/onBus';
import { Progress } from '../io';
import type { Io } from '../io';
import { checkpointConsistencyCommand } from './checkpointConsistency';

interface PublishFlags extends BusFlags {
  readonly key?: string;
  readonly every?: number;
  readonly interval?: number;
  readonly follow?: boolean;
  readonly recheck?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

interface VerifyFlags extends BusFlags {
  readonly publicKey: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** `policygate checkpoint keygen|publish|consistency|verify`: signed statements of what the audit records are. */
export const checkpointCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const checkpoint = parent
    .command('checkpoint')
    .description('Sign what the audit records are, so that no later change can go unseen.')
    .addHelpText(
      'after',
      `
Examples:
  policygate checkpoint keygen --name risk.example.com/gate --out checkpoint.key
  policygate checkpoint publish --key checkpoint.key --out checkpoints.jsonl --data-dir ./data
  policygate checkpoint verify --public-key checkpoint.key.pub --file checkpoints.jsonl --data-dir ./data`,
    );
  checkpoint
    .command('keygen')
    .description('Make an Ed25519 key that signs checkpoints: a private file, and a public one beside it (<file>.pub).')
    .requiredOption('--name <name>', 'what the log is called, for good: it stands in every checkpoint')
    .requiredOption('--out <file>', 'where the private key goes; it is made for its owner alone, and never overwritten')
    .addHelpText(
      'after',
      `
One key for one log: whoever has the private key can sign another history. Keep it where the log is not.

Example:
  policygate checkpoint keygen --name risk.example.com/gate --out checkpoint.key`,
    )
    .action(({ name, out }: { readonly name: string; readonly out: string }) => keygen(name, out, io));
  publishOptions(checkpoint).action(async (flags: PublishFlags) => exit(await publish(flags, io)));
  checkpointConsistencyCommand(checkpoint, io, exit);
  withBusOptions(checkpoint.command('verify'))
    .description('Check every checkpoint: its signature, and its root, computed again from the audit records.')
    .requiredOption('--public-key <file>', 'the public key: PEM, or a line <name>+<hash>+<base64>')
    .option('--file <file>', 'checkpoints that were kept beside the topic: one that the topic lacks is a fault')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
A checkpoint that the file lacks was published without it, or a moment ago: a warning, where its signature and root hold.

Exit codes: 0 all as it was signed, 1 a fault (each is named), 2 could not run (no checkpoint is of this key, for one).

Example:
  policygate checkpoint verify --public-key checkpoint.key.pub --file checkpoints.jsonl --data-dir ./data`,
    )
    .action(async (flags: VerifyFlags) => exit(await verify(flags, io)));
};

const publishOptions = (checkpoint: Command): Command =>
  withEveryOptions(withBusOptions(checkpoint.command('publish')), '')
    .description('Sign the audit records that no checkpoint covers yet: one checkpoint for each shard that has some.')
    .option('--key <file>', 'the private key (default: checkpoints.key_file of the settings)')
    .option('-f, --follow', 'go on: sign again after so many records or seconds, until Ctrl-C')
    .option('--recheck', 'read the whole log first, and compare it with the last checkpoint')
    .option('--out <file>', 'add every checkpoint to this file, too, one line of JSON each')
    .option('--json', 'print the checkpoints as JSON, a line each')
    .addHelpText(
      'after',
      `
It goes on from the last checkpoint on the topic, and signs nothing that does not begin with what was signed before. On the embedded bus a processor
makes checkpoints itself: \`policygate processor --checkpoint-key\`. The --out file must agree with the log, too. On Kafka one process with --follow is enough; a second one takes over from it.

Exit codes: 0 signed, or there was nothing to sign, 1 the log is not what was signed, 2 could not run.

Examples:
  policygate checkpoint publish --key checkpoint.key --data-dir ./data
  policygate checkpoint publish --key checkpoint.key --follow --every 5000 --interval 30 --out checkpoints.jsonl --bus kafka`,
    );

const keygen = (name: string, out: string, io: Io): void => {
  if (!KEY_NAME.test(name)) throw new Failure(`--name: expected ${KEY_NAME_EXPECTED}`);
  const { file, publicFile, verifierKey } = createKeyFiles(name, out);
  io.out(`Private key: ${file} (keep it secret)\nPublic key:  ${publicFile}\nVerifier key, for other tools:\n${verifierKey}\n`);
};

const warnTo =
  (io: Io) =>
  (warning: string): void =>
    io.err(`Warning: ${warning}\n`);

const publish = async (flags: PublishFlags, io: Io): Promise<number> => {
  for (const flag of ['every', 'interval'] as const)
    if (flags[flag] !== undefined && flags.follow !== true)
      throw new Failure(`--${flag}: needs --follow; without it there is one checkpoint over what there is`);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  // Until it starts to sign there is nothing to finish: a signal ends the process, as does a second one later.
  const onStarted = (): void => {
    process.off('SIGINT', end).off('SIGTERM', end);
    if (!stop.signal.aborted) process.once('SIGINT', end).once('SIGTERM', end);
  };
  const progress = new Progress(io, 'audit records');
  let published = 0;
  let read = 0;
  try {
    await onExistingBus(flags, warnTo(io), async (open) => {
      const { key, every, interval, out } = flags;
      const given = {
        ...(key === undefined ? {} : { checkpointKey: key }),
        ...(every === undefined ? {} : { checkpointEvery: every }),
        ...(interval === undefined ? {} : { checkpointInterval: interval }),
        ...(out === undefined ? {} : { checkpointFile: out }),
      };
      const plan = await checkpointPlan(given, open.settings, '--key');
      if (plan === undefined) throw new Failure('which key to sign with? give --key, or checkpoints.key_file in the settings');
      const total = await recordsOn(open);
      await publishCheckpoints(
        open,
        {
          ...plan,
          follow: flags.follow === true,
          recheck: flags.recheck === true,
          onStarted,
          onRead: (records) => progress.show((read += records), Math.max(total, read)),
          onPublished: (checkpoint, shard) => {
            published += 1;
            progress.end();
            const { tree_size, made_at } = checkpoint;
            const line = `shard ${shard}: ${tree_size} audit records signed at ${formatRfc3339(made_at)}`;
            io.out(`${flags.json === true ? checkpointText(checkpoint) : line}\n`);
          },
          warn: warnTo(io),
        },
        stop.signal,
      );
    });
    progress.end();
    if (published === 0 && flags.json !== true) io.out('Nothing to sign: every audit record is covered by a checkpoint.\n');
    return 0;
  } catch (error) {
    progress.end();
    if (!isFinding(error)) throw error;
    io.err(`Error: ${lineOf(error)}\n`);
    return 1;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
};

const recordsOn = async ({ bus }: Parameters<typeof publishCheckpoints>[0]): Promise<number> => {
  let total = 0;
  for (let partition = 0; partition < bus.shards; partition++) total += await bus.endOffset(AUDIT_RECORDS, partition);
  return total;
};

const verify = async (flags: VerifyFlags, io: Io): Promise<number> => {
  const key = await readPublicKeyFile(flags.publicKey);
  const progress = new Progress(io, 'audit records');
  const verified = await onExistingBus(flags, warnTo(io), (open) =>
    verifyOnBus(open, key, flags.file, (read, total) => progress.show(read, total)),
  );
  progress.end();
  io.out(flags.json === true ? verifiedJson(verified) : verifiedText(verified));
  return verified.faults.length === 0 ? 0 : 1;
};
