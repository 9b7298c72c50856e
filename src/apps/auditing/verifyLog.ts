/** Verifies the audit log that the flags name, whole or of one run: files, or the topic of a bus; with checkpoints if there are some. */
import type { GivenHead } from '../../audit/verify/treeHeads';
import { WITHOUT_CHECKPOINT } from '../../audit/verify/treeHeads';
import { Verification } from '../../audit/verify/verification';
import type { ChainEnd, VerificationOptions } from '../../audit/verify/verification';
import { policyHash } from '../../contracts/policyDocument';
import { hash } from 'node:crypto';
import type { ActivePolicy } from '../../domain/state';
import { readCheckpointFile } from '../checkpoints/checkpointFile';
import { readPublicKeyFile } from '../checkpoints/keyFiles';
import { Progress } from '../cli/io';
import type { Io } from '../cli/io';
import type { BusFlags } from '../config/settings';
import { Failure } from '../failure';
import { readPolicyFile } from '../files';
import { onExistingBus } from '../records/onBus';
import { verifyBus } from './verifyBus';
import { AuditFiles, kindOfAudit } from './verifyFiles';
import type { VerifyResult } from './verifyTexts';

export interface VerifyFlags extends BusFlags {
  readonly audit?: readonly string[];
  readonly policy?: readonly string[];
  readonly run?: string;
  readonly after?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly publicKey?: string;
  /** The user's word: the run is the only one of its shard. */
  readonly onlyRun?: boolean;
}

export const verifyLog = async (flags: VerifyFlags, io: Io): Promise<VerifyResult> => {
  const { audit = [], run } = flags;
  refuseLoneFlags(flags);
  const policies = await policiesOf(flags.policy ?? []);
  const after = new Map((flags.after ?? []).map(chainEndOf));
  const { heads, faults } = await headsOf(flags);
  const kinds = await Promise.all(audit.map(kindOfAudit));
  if (kinds.includes('export') && audit.length > 1)
    throw new Failure('--audit: an export is verified by itself; give it alone, or name files');
  refuseUncovered(flags, kinds.includes('lines'));
  const options: VerificationOptions = {
    policies,
    after,
    heads,
    ...(run === undefined ? {} : { run }),
    inOrderOfShard: audit.length === 0 || kinds.includes('export'),
    endsWithDecision: kinds.includes('lines'),
  };
  const verification = new Verification(options);
  for (const [where, what] of faults)
    verification.fault({ kind: 'CHECKPOINT', where, run_id: null, seq: null, expected: 'a checkpoint of this key', found: what });
  const files = new AuditFiles(verification, io, { policies, after, run, withCheckpoint: flags.checkpoint !== undefined });
  if (audit.length === 0) await onOpenBus(flags, io, verification);
  for (const [at, path] of audit.entries()) await files.verify(path, kinds[at] ?? 'lines');
  if (flags.onlyRun === true && files.runsOfOneShard !== undefined)
    throw new Failure(`--only-run: the files hold runs ${files.runsOfOneShard}: verify the topic, a data directory or an export`);
  files.end();
  const verified = verification.end();
  if (verified.records + files.unchained + verified.faults.total === 0)
    throw new Failure(
      run === undefined ? 'the log has no audit record: there is nothing to verify' : `--run ${run}: the log has no record of it`,
    );
  const unseen = heads.length > 0 || verified.runs.length === 0 ? [] : [NO_CHECKPOINT];
  return { ...verified, unchained: files.unchained, warnings: [...verified.warnings, ...files.warnings(), ...unseen] };
};

const NO_CHECKPOINT = `${WITHOUT_CHECKPOINT}, or give --checkpoint and --public-key`;

const refuseLoneFlags = ({ checkpoint, publicKey, onlyRun }: VerifyFlags): void => {
  if (checkpoint !== undefined) return;
  if (publicKey !== undefined)
    throw new Failure('--public-key: nothing that is signed is given; name it with --checkpoint or --evidence');
  if (onlyRun === true) throw new Failure('--only-run says what a checkpoint covers: give --checkpoint, or leave it out');
};

/** A line does not say how many runs its shard has: that, nobody but the user knows. */
const refuseUncovered = ({ checkpoint, onlyRun }: VerifyFlags, hasLines: boolean): void => {
  if (checkpoint === undefined) return;
  if (hasLines && onlyRun !== true)
    throw new Failure(
      '--checkpoint: a checkpoint covers a whole shard; the audit log of a run can be held against it only where the run is the shard’s only one: ' +
        'say --only-run if it is, or verify the topic, a data directory or an export',
    );
  if (!hasLines && onlyRun === true)
    throw new Failure(
      '--only-run is about the audit log of `run`: leave it out for a bus or an export, which have all runs of a shard',
    );
};

const onOpenBus = (flags: VerifyFlags, io: Io, verification: Verification): Promise<void> =>
  onExistingBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    async (open) => {
      const progress = new Progress(io, 'audit records verified');
      try {
        await verifyBus(open, verification, progress);
      } finally {
        progress.end();
      }
    },
  );

/** The first program took the hash of the file's bytes, line ends as they are: a policy is known by both. */
const policiesOf = async (paths: readonly string[]): Promise<readonly ActivePolicy[]> => {
  const policies: ActivePolicy[] = [];
  for (const path of paths) {
    const { policy, text } = await readPolicyFile(path);
    policies.push({ policy, hash: policyHash(text) }, { policy, hash: hash('sha256', text, 'buffer') });
  }
  return policies;
};

const chainEndOf = (given: string): readonly [string, ChainEnd] => {
  const [, runId = '', seq = '', hex = ''] = /^(.+):([0-9]{1,15}):([0-9a-f]{64})$/.exec(given) ?? [];
  if (runId === '') throw new Failure(`--after ${given}: expected RUN:SEQ:HASH of the last record before, as verify prints them`);
  return [runId, { seq: Number(seq), hash: Buffer.from(hex, 'hex') }];
};

/** What the checkpoints sign; and those of which the signature does not hold, with why. */
const headsOf = async ({
  checkpoint = [],
  publicKey,
}: VerifyFlags): Promise<{ readonly heads: readonly GivenHead[]; readonly faults: readonly (readonly [string, string])[] }> => {
  if (checkpoint.length === 0) return { heads: [], faults: [] };
  if (publicKey === undefined)
    throw new Failure('--checkpoint needs --public-key, the file with the key that it was signed with');
  const key = await readPublicKeyFile(publicKey);
  const read = await Promise.all(checkpoint.map((file) => readCheckpointFile(file, key)));
  const known = read.flatMap(({ byShard }) => [...byShard.values()].flat());
  const faults = read.flatMap((one) => one.faults.map(({ where, what }) => [where, what] as const));
  if (known.length + faults.length === 0) throw new Failure(`${checkpoint.join(', ')}: no checkpoint in it`);
  return { heads: known.map(({ where, head }) => ({ name: where, head })), faults };
};
