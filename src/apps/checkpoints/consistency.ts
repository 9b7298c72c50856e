/** `policygate checkpoint consistency`, and what `verify --evidence` says of its file: two checkpoints of one shard, without the log between them. */
import type { PublicKey } from '../../audit/checkpoint/checkpointKeys';
import type { TreeHead } from '../../audit/checkpoint/checkpointNote';
import { originOf } from '../../audit/checkpoint/checkpointNote';
import { EvidenceError } from '../../audit/evidence/collectEvidence';
import { collectConsistency, verifyConsistencyText } from '../../audit/evidence/consistency';
import type { Consistent } from '../../audit/evidence/consistency';
import { canonicalJson } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import { Progress } from '../cli/io';
import type { Io } from '../cli/io';
import { Failure } from '../failure';
import { writeNewFile } from '../files';
import type { OpenBus } from '../records/onBus';
import { readPublicKeyFile } from './keyFiles';

export interface ConsistencyFlags {
  readonly publicKey: string;
  readonly shard: string;
  readonly old: string;
  readonly new?: string;
  readonly out?: string;
}

/** Answers with the exit code: 0 written, 1 the log does not lead from the one to the other. Rejects with a Failure. */
export const proveConsistency = async ({ bus, codec }: OpenBus, flags: ConsistencyFlags, io: Io): Promise<number> => {
  const key = await readPublicKeyFile(flags.publicKey);
  const shard = whole('shard', flags.shard);
  if (shard >= bus.shards) throw new Failure(`--shard ${shard}: there are ${bus.shards}, from 0 to ${bus.shards - 1}`);
  const oldSize = whole('old', flags.old);
  const newSize = flags.new === undefined ? undefined : whole('new', flags.new);
  const progress = new Progress(io, 'audit records');
  const onRead = (read: number, total: number): void => progress.show(read, total);
  const text = await collectConsistency({ bus, codec, key, shard, oldSize, newSize, onRead })
    .catch((error: unknown) => {
      throw error instanceof EvidenceError ? new Failure(error.message) : error;
    })
    .finally(() => progress.end());
  const consistent = verifyConsistencyText(text, key);
  if (!consistent.ok) {
    io.err(`Error: the log does not lead from the one checkpoint to the other: ${consistent.error}\n`);
    return 1;
  }
  if (flags.out === undefined) io.out(text);
  else {
    writeNewFile(flags.out, text);
    io.out(`${consistentText(consistent.value)}Written to ${flags.out}.\n`);
  }
  return 0;
};

/** Needs nothing but the file's bytes and the key. Answers with the exit code: 0 shown, 1 not. */
export const tellConsistency = (bytes: Uint8Array, file: string, key: PublicKey, json: boolean, io: Io): 0 | 1 => {
  const consistent = verifyConsistencyText(bytes, key);
  if (json) io.out(`${canonicalJson(consistent.ok ? { proven: true } : { proven: false, fault: consistent.error })}\n`);
  else io.out(consistent.ok ? consistentText(consistent.value) : `Not proven: ${file}: ${consistent.error}\n`);
  return consistent.ok ? 0 : 1;
};

const consistentText = ({ old, new: newer }: Consistent): string =>
  `Consistent: the ${old.size} records of ${originOf(old)} that were signed at ${at(old)} are the first of the ${newer.size} signed at ${at(newer)}.\n`;

const at = ({ madeAt }: TreeHead): string => formatRfc3339(madeAt);

const whole = (flag: string, text: string): number => {
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new Failure(`--${flag} ${text}: expected a whole number`);
  return number;
};
