import { hexOf } from '../contracts/json/hex';
import type { Decimal } from '../contracts/decimal';
import type { ControlEvent, KillSwitchChange, RunStarted } from '../contracts/messages';
import { describeError } from '../contracts/contractError';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import { parseRfc3339 } from '../contracts/timestamp';
import { EVERY_RUN } from '../contracts/topics';
import { advanceClock, evolve } from '../domain/evolve';
import type { RunEvent } from '../domain/evolve';
import { violationsInWindow } from '../domain/state';
import type { BusRecord } from './bus';
import type { AuditContent, FoldContext } from './foldContext';
import { record, setAside, unmeasured } from './foldContext';
import { activeRuns } from './ledger';
import type { KnownPolicy, RunLedger, ShardState } from './ledger';

/** What a control event comes to: events of the run and the audit record of it, or why it was refused. */
type Outcome = { readonly events: readonly RunEvent[]; readonly content: AuditContent } | { readonly refused: string };

/** A control event for one run. Refused ones change nothing and are on record. */
export const foldControl = (context: FoldContext, ledger: RunLedger, input: BusRecord, control: ControlEvent): void => {
  const outcome = outcomeOf(context.shard, ledger, control);
  if ('refused' in outcome) {
    return record(context, ledger, input, { kind: 'REJECTED_INPUT', control, note: outcome.refused }, unmeasured(context));
  }
  for (const event of outcome.events) evolve(ledger.state, event);
  record(context, ledger, input, outcome.content, unmeasured(context));
};

/** A control event for every run of the shard. The kill switch holds for runs that start later, too. */
export const foldControlOfEveryRun = (context: FoldContext, input: BusRecord, control: ControlEvent): void => {
  const { shard } = context;
  const { type } = control.payload;
  if (type === 'RunStarted' || type === 'PortfolioUpdated' || type === 'PositionDrift' || type === 'OrderResolved') {
    return setAside(context, input, `${type} needs the id of one run as its key, not \`${EVERY_RUN}\``);
  }
  const signed = unsigned(control);
  if (type === 'KillSwitchReset' && signed !== undefined) return setAside(context, input, signed);
  if (type === 'KillSwitchTripped' || type === 'KillSwitchReset') {
    shard.killSwitchActive = type === 'KillSwitchTripped';
    shard.touched.shard = true;
  }
  for (const ledger of activeRuns(shard)) {
    advanceClock(ledger.state, input.timestamp);
    foldControl(context, ledger, input, control);
  }
};

const outcomeOf = (shard: ShardState, ledger: RunLedger, control: ControlEvent): Outcome => {
  const { payload } = control;
  const { state } = ledger;
  if (payload.type === 'RunStarted') return started(shard, ledger, control, payload);
  if (state.status !== 'ACTIVE') {
    return {
      refused: `run \`${state.runId}\` ${state.status === 'ENDED' ? 'has ended' : 'was not started'}: no ${payload.type} applies`,
    };
  }
  const applied = (...events: readonly RunEvent[]): Outcome => ({ events, content: { kind: 'CONTROL', control } });
  switch (payload.type) {
    case 'RunEnded':
      return applied({ type: 'RunEnded' });
    case 'PortfolioUpdated': {
      const fault = amountsFault(payload);
      if (fault !== undefined) return { refused: fault };
      const { equity, start_of_day_equity, peak_equity, positions } = payload;
      return applied({ type: 'PortfolioUpdated', account: { equity, start_of_day_equity, peak_equity }, positions });
    }
    case 'SessionRolled':
      return state.account.equity > 0n
        ? applied({ type: 'SessionRolled' })
        : { refused: `the equity of run \`${state.runId}\` is not above zero: no day can start with it` };
    // What a broker holds, and how an order ended by an operator's word: the gateway acts on it and reports, the run changes by the report.
    case 'PositionDrift':
    case 'OrderResolved':
      return applied();
    case 'PolicyActivated': {
      const policy = knownPolicy(shard, payload.policy_text);
      return typeof policy === 'string' ? { refused: policy } : applied({ type: 'PolicyActivated', policy });
    }
    case 'KillSwitchTripped':
      return killSwitch(ledger, control, true);
    case 'KillSwitchReset': {
      const signed = unsigned(control);
      return signed === undefined ? killSwitch(ledger, control, false) : { refused: signed };
    }
  }
};

const started = (shard: ShardState, { state, nextSeq }: RunLedger, control: ControlEvent, payload: RunStarted): Outcome => {
  if (state.status !== 'UNKNOWN')
    return { refused: `run \`${state.runId}\` was started before; a session needs a run id of its own` };
  const fault = amountsFault(payload.portfolio);
  if (fault !== undefined) return { refused: fault };
  const policy = knownPolicy(shard, payload.policy_text);
  if (typeof policy === 'string') return { refused: policy };
  const violationTimes: number[] = [];
  for (const [timestamp] of payload.execution.violations_last_window) {
    const time = parseRfc3339(timestamp);
    if (time === undefined) return { refused: `violations_last_window: \`${timestamp}\` is not RFC 3339 in UTC` };
    violationTimes.push(time);
  }
  const { portfolio, execution, account_id: accountId, equity_mode: equityMode } = payload;
  const begin: RunEvent = {
    type: 'RunStarted',
    accountId,
    policy,
    portfolio,
    execution,
    violationTimes,
    prices: shard.prices,
    equityMode,
    seq: nextSeq,
  };
  const events: readonly RunEvent[] = shard.killSwitchActive ? [begin, { type: 'KillSwitchTripped' }] : [begin];
  const note = shard.killSwitchActive ? 'the kill switch is active for every run' : null;
  return { events, content: { kind: 'CONTROL', control, note } };
};

const killSwitch = ({ state, nextSeq }: RunLedger, control: ControlEvent, active: boolean): Outcome => {
  const { actor, reason } = control;
  if (state.killSwitchActive === active) {
    const note = active ? 'the kill switch was active already' : 'the kill switch was not active';
    return { events: [], content: { kind: 'CONTROL', control, note } };
  }
  const kill_switch: KillSwitchChange = {
    active,
    cause: 'OPERATOR',
    rule_ids: [],
    violations_in_window: violationsInWindow(state),
    actor,
    reason,
  };
  const event: RunEvent = active ? { type: 'KillSwitchTripped' } : { type: 'KillSwitchReset', seq: nextSeq };
  return { events: [event], content: { kind: 'KILL_SWITCH', control, kill_switch } };
};

/** Source: design, "The engine" (a reset names who and why). */
const unsigned = ({ actor, reason, payload }: ControlEvent): string | undefined =>
  payload.type === 'KillSwitchReset' && (actor.trim() === '' || reason.trim() === '')
    ? 'a KillSwitchReset needs an actor and a reason'
    : undefined;

const amountsFault = (amounts: {
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
}): string | undefined => {
  for (const name of ['equity', 'start_of_day_equity', 'peak_equity'] as const) {
    if (amounts[name] <= 0n) return `${name}: must be above zero`;
  }
  return undefined;
};

/** The policy of a text, kept with it in the shard's state; or why the text is none. */
const knownPolicy = (shard: ShardState, text: string): KnownPolicy | string => {
  const hash = policyHash(text);
  const hex = hexOf(hash);
  const known = shard.policies.get(hex);
  if (known !== undefined) return known;
  const read = readPolicy(text, 'policy');
  if (!read.ok) return `the policy is invalid: ${read.error.map(describeError).join('; ')}`;
  const policy: KnownPolicy = { policy: read.value.policy, hash, text };
  shard.policies.set(hex, policy);
  shard.touched.policies.add(hex);
  return policy;
};
