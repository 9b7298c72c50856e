/** Verifies the audit log that the flags name, whole or of one run: files, or the topic of a bus; with checkpoints if there are some. */
import type { GivenHead } from '../../audit/verify/treeHeads';
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
}

export const verifyLog = async (flags: VerifyFlags, io: Io): Promise<VerifyResult> => {
  const { audit = [], run } = flags;
  const policies = await policiesOf(flags.policy ?? []);
  const after = new Map((flags.after ?? []).map(chainEndOf));
  const { heads, faults } = await headsOf(flags);
  const kinds = await Promise.all(audit.map(kindOfAudit));
  if (kinds.includes('export') && audit.length > 1)
    throw new Failure('--audit: an export is verified by itself; give it alone, or name files');
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
  const files = new AuditFiles(verification, io, policies, after, run);
  if (audit.length === 0) await onOpenBus(flags, io, verification);
  for (const [at, path] of audit.entries()) await files.verify(path, kinds[at] ?? 'lines');
  const verified = verification.end();
  if (verified.records + files.unchained + verified.faults.total === 0)
    throw new Failure(
      run === undefined ? 'the log has no audit record: there is nothing to verify' : `--run ${run}: the log has no record of it`,
    );
  const unseen = heads.length > 0 ? [] : [NO_CHECKPOINT];
  return { ...verified, unchained: files.unchained, warnings: [...verified.warnings, ...files.warnings(), ...unseen] };
};

const NO_CHECKPOINT =
  'without a checkpoint it cannot be excluded that the end was cut off, or that all was written anew: compare each run’s last seq and hash ' +
  'with what was kept elsewhere, or give --checkpoint and --public-key';

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
