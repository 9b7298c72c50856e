/** The audit records of a bus, of every shard, as the verification takes them. */
import type { Verification } from '../../audit/verify/verification';
import { readRecord } from '../../audit/verify/readRecord';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { recordsTo } from '../../processor/readTo';
import type { Progress } from '../cli/io';
import type { Session } from '../session';

export const verifyBus = async ({ bus, codec }: Session, verification: Verification, progress: Progress): Promise<void> => {
  const ends = await Promise.all(Array.from({ length: bus.shards }, (_, partition) => bus.endOffset(AUDIT_RECORDS, partition)));
  const total = ends.reduce((sum, end) => sum + end, 0);
  let done = 0;
  for (const [partition, end] of ends.entries()) {
    for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }, end)) {
      verification.add(readRecord(codec, record));
      done += 1;
      if (done % SHOWN_EVERY === 0) progress.show(done, total);
    }
  }
};

const SHOWN_EVERY = 1_024;
