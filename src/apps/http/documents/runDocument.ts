/** A run: what it is, how it stands, where its journal ends. */
import { hexOf } from '../../../contracts/json/hex';
import type { JsonOut } from '../../../contracts/json/write';
import { formatRfc3339 } from '../../../contracts/timestamp';
import type { LiveRun } from '../../live/live';
import { amountJson } from './amounts';

export const runDocument = ({ shard, ledger }: LiveRun, defaultRun: string | undefined): JsonOut => {
  const { state, nextSeq, chainHash } = ledger;
  return {
    run_id: state.runId,
    account_id: state.account.account_id,
    status: state.status,
    shard: shard.partition,
    policy_hash: state.active === undefined ? null : hexOf(state.active.hash),
    mode: state.active?.policy.defaults.mode ?? null,
    equity_mode: state.equityMode,
    equity: amountJson(state.account.equity),
    kill_switch_active: state.killSwitchActive,
    clock: formatRfc3339(state.clock),
    started_at: state.status === 'UNKNOWN' ? null : formatRfc3339(state.beginning.startedAt),
    next_seq: nextSeq,
    chain_hash: hexOf(chainHash),
    default: state.runId === defaultRun,
  };
};

/** By run id, by code units. */
export const byRunId = (a: LiveRun, b: LiveRun): number => (a.ledger.state.runId < b.ledger.state.runId ? -1 : 1);
