/** Each run's journal: no gap in `seq`, every hash follows from the bytes before it. Nothing of the product's own arithmetic is used. */
import { hash as hashOf } from 'node:crypto';
import type { DecodedLog } from './decodedLog';
import { payloadName } from './decoding';
import type { Findings } from './findings';

const GENESIS = Buffer.alloc(32);

export const checkChains = (log: DecodedLog, findings: Findings): void => {
  const homes = new Map<string, number>();
  for (let partition = 0; partition < log.shards; partition++) {
    const last = new Map<string, { readonly seq: number; readonly hash: Buffer }>();
    for (const { run_id, seq, kind, control, prev_hash, hash, hashed, offset } of log.audits(partition)) {
      const where = (): string => `audit-records/${partition}@${offset}, run ${run_id}`;
      // What was sent to another shard is denied there, and has a chain there: a run that nobody knows.
      if (kind === 'CONTROL' && control !== null && payloadName(control) === 'RunStarted') {
        const home = homes.get(run_id);
        if (home !== undefined && home !== partition) findings.add('sequence', `${where()}: the run was started on two shards`);
        homes.set(run_id, partition);
      }
      const before = last.get(run_id);
      const expected = before === undefined ? 0 : before.seq + 1;
      if (seq !== expected) findings.add('sequence', `${where()}: seq ${seq} where ${expected} was to come`);
      if (!prev_hash.equals(before?.hash ?? GENESIS))
        findings.add('hash chain', `${where()}: prev_hash is not the hash before it`);
      if (!hashOf('sha256', Buffer.concat([prev_hash, hashed]), 'buffer').equals(hash))
        findings.add('hash chain', `${where()}: the hash is not that of its bytes`);
      last.set(run_id, { seq, hash });
    }
  }
};
