/** What `verify` has found, for a person and as a line of JSON. */
import type { Fault } from '../../audit/verify/faults';
import type { Verified, VerifiedRun } from '../../audit/verify/verification';
import { canonicalJson } from '../../contracts/json/write';
import { table } from '../cli/table';

/** Runs that are shown to a person; `--json` has all of them. */
const RUNS_SHOWN = 20;

export interface VerifyResult extends Verified {
  /** Lines without a chain. */
  readonly unchained: number;
}

export const verifyJson = ({ records, decisions, derived, runs, faults, warnings, unchained }: VerifyResult): string =>
  canonicalJson({
    ok: faults.total === 0,
    records,
    decisions,
    derived,
    unchained_lines: unchained,
    runs: runs.map((run) => ({ ...run })),
    faults: {
      total: faults.total,
      by_kind: faults.byKind(),
      first: faults.first === undefined ? null : { ...faults.first },
    },
    warnings,
  });

export const verifyText = ({ records, decisions, derived, runs, faults, unchained }: VerifyResult): string => {
  const lines = runs.length === 0 ? [] : [runsText(runs), ''];
  if (faults.first !== undefined) lines.push(faultText(faults.first));
  if (faults.total > 1)
    lines.push(`${faults.total} faults in all: ${[...faults.byKind()].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  lines.push(
    `${verdictOf(records, faults.total)}: ${countsOf(records, runs.length, unchained)}, ${derived} of ${decisions} decisions derived again`,
  );
  return `${lines.join('\n')}\n`;
};

/** Without a chain nothing can be called whole. */
const verdictOf = (records: number, faults: number): string =>
  faults > 0 ? 'NOT whole' : records === 0 ? 'No fault found' : 'Whole';

const countsOf = (records: number, runs: number, unchained: number): string => {
  const chained = `${records} records of ${runs} ${runs === 1 ? 'run' : 'runs'}`;
  return unchained === 0 ? chained : `${chained}, ${unchained} lines without a chain`;
};

const faultText = ({ kind, where, run_id, seq, expected, found }: Fault): string =>
  `${kind} at ${where}${run_id === null ? '' : `, run ${run_id}`}${seq === null ? '' : `, seq ${seq}`}\n  expected ${expected}\n  found    ${found}`;

const runsText = (runs: readonly VerifiedRun[]): string => {
  const shown = [...runs].sort((a, b) => b.faults - a.faults).slice(0, RUNS_SHOWN);
  const rows = shown.map(({ run_id, partition, records, first_seq, last_seq, last_hash, faults }) => [
    run_id,
    String(partition),
    String(records),
    `${first_seq}-${last_seq}`,
    last_hash,
    faults === 0 ? 'whole' : `${faults} faults`,
  ]);
  const more = runs.length > shown.length ? `\n... and ${runs.length - shown.length} more; --json has all` : '';
  return `${table(['run', 'shard', 'records', 'seq', 'hash of the last record', ''], rows)}${more}`;
};
