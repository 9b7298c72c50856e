/** `policygate checkpoint verify`: every shard's checkpoints against its records, and what came of it for people and machines. */
import type { PublicKey } from '../../audit/checkpoint/checkpointKeys';
import { signersOnTopic } from '../../audit/checkpoint/signers';
import { verifyShard } from '../../audit/checkpoint/verifyCheckpoints';
import type { CheckpointFault, ShardReport } from '../../audit/checkpoint/verifyCheckpoints';
import { formatRfc3339 } from '../../contracts/timestamp';
import { hexOf } from '../../contracts/json/hex';
import { canonicalJson } from '../../contracts/json/write';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { Failure } from '../failure';
import type { OpenBus } from '../records/onBus';
import { table } from '../cli/table';
import { readCheckpointFile } from './checkpointFile';

export interface VerifiedCheckpoints {
  readonly shards: readonly ShardReport[];
  /** All of them, the file's included. */
  readonly faults: readonly CheckpointFault[];
  readonly warnings: readonly CheckpointFault[];
}

/** `file`: checkpoints that were kept beside the topic. Rejects with a Failure where there are some, and none of them is of this key. */
export const verifyOnBus = async (
  { bus, codec }: OpenBus,
  key: PublicKey,
  file: string | undefined,
  onRead: (records: number, total: number) => void,
): Promise<VerifiedCheckpoints> => {
  const read = file === undefined ? undefined : await readCheckpointFile(file, key);
  const isEmpty = read?.byShard.size === 0 && read.faults.length === 0;
  const filed = isEmpty ? undefined : read;
  if (read?.isOfKey !== true) {
    const { isOfKey, ofOther } = await signersOnTopic(bus, codec, key);
    const other = ofOther ?? read?.ofOther;
    if (!isOfKey && other !== undefined) throw new Failure(`--public-key: not the key of this log: ${other}`);
  }
  const partitions = Array.from({ length: bus.shards }, (_, partition) => partition);
  const ends = await Promise.all(partitions.map((partition) => bus.endOffset(AUDIT_RECORDS, partition)));
  const total = ends.reduce((sum, end) => sum + end, 0);
  const shards: ShardReport[] = [];
  let before = 0;
  for (const partition of partitions) {
    const ofShard = filed === undefined ? undefined : (filed.byShard.get(partition) ?? []);
    const report = await verifyShard({
      bus,
      codec,
      key,
      partition,
      filed: ofShard,
      onRead: (read) => onRead(before + read, total),
    });
    before += report.records;
    shards.push(report);
  }
  const elsewhere = [...(filed?.byShard ?? [])].filter(([shard]) => shard >= bus.shards).flatMap(([, heads]) => heads);
  const faults = [
    ...(filed?.faults ?? []),
    ...elsewhere.map(({ where, head }) => ({ where, what: `of shard ${head.shard}; this log has ${bus.shards}` })),
    ...shards.flatMap((shard) => shard.faults),
  ];
  const empty = isEmpty && file !== undefined ? [{ where: file, what: 'holds no checkpoint yet' }] : [];
  return { shards, faults, warnings: [...empty, ...shards.flatMap((shard) => shard.warnings)] };
};

const SHOWN = 20;

const firstOf = (found: readonly CheckpointFault[], kind: 'fault' | 'warning'): string => {
  const lines = found.slice(0, SHOWN).map(({ where, what }) => `${kind.toUpperCase()} ${where}: ${what}\n`);
  return lines.join('') + (found.length > SHOWN ? `and ${found.length - SHOWN} more ${kind}s\n` : '');
};

export const verifiedText = ({ shards, faults, warnings }: VerifiedCheckpoints): string => {
  const rows = shards.map(({ shard, records, checkpoints, last }) => [
    String(shard),
    String(records),
    String(checkpoints),
    last === undefined ? 'none' : String(last.size),
    last === undefined ? '' : formatRfc3339(last.madeAt),
  ]);
  const checkpoints = shards.reduce((sum, shard) => sum + shard.checkpoints, 0);
  const verdict =
    faults.length > 0
      ? `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}: what is on the log is not what was signed.\n`
      : checkpoints === 0
        ? 'There are no checkpoints: nothing is signed.\n'
        : 'Every signature holds, and every root follows from the records.\n';
  return `${table(['shard', 'records', 'checkpoints', 'covered', 'last signed'], rows)}\n${firstOf(warnings, 'warning')}${firstOf(faults, 'fault')}${verdict}`;
};

export const verifiedJson = ({ shards, faults, warnings }: VerifiedCheckpoints): string =>
  `${canonicalJson({
    ok: faults.length === 0,
    shards: shards.map(({ shard, records, checkpoints, last }) => ({
      shard,
      records,
      checkpoints,
      last:
        last === undefined
          ? null
          : {
              tree_size: last.size,
              root_hash: hexOf(last.root),
              audit_offset: last.auditOffset,
              made_at: formatRfc3339(last.madeAt),
            },
    })),
    faults: faults.map(({ where, what }) => ({ where, what })),
    warnings: warnings.map(({ where, what }) => ({ where, what })),
  })}\n`;
