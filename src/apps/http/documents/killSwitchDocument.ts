/** The kill switch of a run: how it stands, what trips it, and its last change. */
import type { JsonOut } from '../../../contracts/json/write';
import { formatRfc3339 } from '../../../contracts/timestamp';
import type { JournalRecord, LiveRun } from '../../live/live';
import { violationsAt } from './evaluateNow';
import { present } from './rows';

/** `last`: the run's newest record of kind KILL_SWITCH. `now`: ms. */
export const killSwitchDocument = ({ shard, ledger }: LiveRun, last: JournalRecord | undefined, now: number): JsonOut => {
  const { state } = ledger;
  const limits = state.active?.policy.limits.kill_switch;
  return {
    run_id: state.runId,
    active: state.killSwitchActive,
    every_run: shard.killSwitchActive,
    violations_in_window: violationsAt(state, Math.max(now, state.clock)),
    trip_after_n_violations: limits?.trip_after_n_violations ?? null,
    violation_window_seconds: limits?.violation_window_seconds ?? null,
    trip_on_rules: limits?.trip_on_rules ?? [],
    last: last === undefined ? null : changeDocument(last),
  };
};

const changeDocument = ({ sealed }: JournalRecord): JsonOut => {
  const { record } = sealed();
  const { active, cause, rule_ids, actor, reason } = present(record, 'kill_switch');
  return { seq: record.seq, clock: formatRfc3339(record.clock), active, cause, rules: rule_ids, actor, reason };
};
