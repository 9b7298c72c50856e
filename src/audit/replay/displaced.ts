import type { ShardState } from '../../processor/ledger';
import type { Difference } from './difference';

interface Numbered {
  readonly run_id: string;
  readonly seq: number;
}

/**
 * A record that is missing shows as a later one standing in its place, one that was put in as an earlier one, or as one that never was. `made`: what
 * folding gives here. `shard`: folded up to here, so that each run's next seq tells what is later.
 */
export const displaced = (
  { runs }: ShardState,
  recorded: Numbered,
  made: Numbered,
  differs: string,
): Pick<Difference, 'kind' | 'what'> => {
  const [stands, expected] = [nameOf(recorded), nameOf(made)];
  if (stands === expected) return { kind: 'changed', what: `folding its input again gives another ${differs}` };
  const isLater = recorded.seq >= (runs.get(recorded.run_id)?.nextSeq ?? 0);
  return isLater
    ? { kind: 'missing', what: `before ${stands}, which stands here, ${expected} is missing` }
    : { kind: 'extra', what: `${stands} stands here, and folding gives ${expected}` };
};

const nameOf = ({ run_id, seq }: Numbered): string => `seq ${seq} of run \`${run_id}\``;
