/** Each run's journal: no gap in `seq`, every hash follows from the bytes before it. Nothing of the product's own arithmetic is used. */
import { createHash } from 'node:crypto';
import type { Audit } from './decoding';
import type { Findings } from './findings';

export const checkChains = (audits: readonly (readonly Audit[])[], findings: Findings): void => {
  const homes = new Map<string, number>();
  for (const [partition, ofShard] of audits.entries()) {
    const last = new Map<string, { readonly seq: number; readonly hash: Buffer }>();
    for (const { run_id, seq, prev_hash, hash, hashed, offset } of ofShard) {
      const where = `audit-records/${partition}@${offset}, run ${run_id}`;
      if ((homes.get(run_id) ?? partition) !== partition) findings.add('sequence', `${where}: the run has records on two shards`);
      homes.set(run_id, partition);
      const before = last.get(run_id);
      const expected = before === undefined ? 0 : before.seq + 1;
      if (seq !== expected) findings.add('sequence', `${where}: seq ${seq} where ${expected} was to come`);
      if (!prev_hash.equals(before?.hash ?? Buffer.alloc(32)))
        findings.add('hash chain', `${where}: prev_hash is not the hash before it`);
      const again = createHash('sha256').update(prev_hash).update(hashed).digest();
      if (!again.equals(hash)) findings.add('hash chain', `${where}: the hash is not that of its bytes`);
      last.set(run_id, { seq, hash });
    }
  }
};
