/** What `verify` has found, for a person and as a line of JSON. */
import { counted } from '../../audit/verify/counted';
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

export const verifyJson = (result: VerifyResult): string => {
  const { records, singles, decisions, derived, runs, faults, warnings, unchained } = result;
  return canonicalJson({
    ok: faults.total === 0,
    whole: isWhole(result),
    records,
    single_evaluations: singles,
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
};

export const verifyText = (result: VerifyResult): string => {
  const { decisions, derived, runs, faults } = result;
  const lines = runs.length === 0 ? [] : [runsText(runs), ''];
  if (faults.first !== undefined) lines.push(faultText(faults.first));
  if (faults.total > 1)
    lines.push(`${faults.total} faults in all: ${[...faults.byKind()].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  lines.push(
    isWithoutChain(result)
      ? `No chain: ${counted(result.unchained, 'line')} read; that none was changed, dropped or put in cannot be proven`
      : `${verdictOf(result)}: ${countsOf(result)}, ${derived} of ${counted(decisions, 'decision')} derived again`,
  );
  return `${lines.join('\n')}\n`;
};

/** Only of chains can it be said that nothing of them is missing. */
export const isWhole = ({ records, singles, unchained, faults }: VerifyResult): boolean =>
  faults.total === 0 && records > 0 && singles === 0 && unchained === 0;

const isWithoutChain = ({ records, faults }: VerifyResult): boolean => faults.total === 0 && records === 0;

const verdictOf = (result: VerifyResult): string =>
  result.faults.total > 0 ? 'NOT whole' : isWhole(result) ? 'Whole' : 'No fault found';

const countsOf = ({ records, singles, runs, unchained }: VerifyResult): string =>
  [
    ...(records === singles && singles > 0 ? [] : [`${counted(records - singles, 'record')} of ${counted(runs.length, 'run')}`]),
    ...(singles === 0 ? [] : [counted(singles, 'single evaluation')]),
    ...(unchained === 0 ? [] : [`${counted(unchained, 'line')} without a chain`]),
  ].join(', ');

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
    faults === 0 ? 'whole' : counted(faults, 'fault'),
  ]);
  const more = runs.length > shown.length ? `\n... and ${runs.length - shown.length} more; --json has all` : '';
  return `${table(['run', 'shard', 'records', 'seq', 'hash of the last record', ''], rows)}${more}`;
};
