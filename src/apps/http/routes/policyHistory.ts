import { hexOf } from '../../../contracts/json/hex';
import type { JsonOut } from '../../../contracts/json/write';
import { policyHash } from '../../../contracts/policyDocument';
import { formatRfc3339 } from '../../../contracts/timestamp';
import type { JournalRecord, Live } from '../../live/live';
import { present } from '../documents/rows';

/** Records between two that are wanted are read along with them, up to so many. */
const MOST_BETWEEN = 50;
const MOST_AT_ONCE = 250;

/** Every policy that was put in force in a run, and every try that was refused, by seq. */
export const policyHistory = async (live: Live, runId: string): Promise<readonly JsonOut[]> => {
  const history: JsonOut[] = [];
  const seqs = [...live.seqsOf(runId, 'CONTROL'), ...live.seqsOf(runId, 'REFUSED_CONTROL')].sort((a, b) => a - b);
  for (const stretch of stretches(seqs)) {
    const [first = 0] = stretch;
    const wanted = new Set(stretch);
    for (const record of await live.journal(runId, first, (stretch.at(-1) ?? first) - first + 1)) {
      if (wanted.has(record.head.seq)) history.push(...stepOf(record));
    }
  }
  return history;
};

const stepOf = ({ sealed }: JournalRecord): readonly JsonOut[] => {
  const { record } = sealed();
  const { actor, reason, payload } = present(record, 'control');
  if (payload.type !== 'RunStarted' && payload.type !== 'PolicyActivated') return [];
  return [
    {
      seq: record.seq,
      clock: formatRfc3339(record.clock),
      type: payload.type,
      policy_hash: hexOf(policyHash(payload.policy_text)),
      actor,
      reason,
      taken: record.kind !== 'REJECTED_INPUT',
      note: record.note,
    },
  ];
};

/** Ascending seqs, those that are close to one another together. */
const stretches = (seqs: readonly number[]): readonly (readonly number[])[] => {
  const all: number[][] = [];
  for (const seq of seqs) {
    const last = all.at(-1);
    const close = last !== undefined && seq - (last.at(-1) ?? 0) <= MOST_BETWEEN && seq - (last[0] ?? 0) < MOST_AT_ONCE;
    if (close) last.push(seq);
    else all.push([seq]);
  }
  return all;
};
