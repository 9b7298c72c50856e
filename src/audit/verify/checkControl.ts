/**
 * A control event must have come to what its record says: applied, a change of the kill switch, or refused, and why. Derived from what the run is known
 * to be; what that does not say (the kill switch of the whole shard, the equity of a marked run) is taken as recorded.
 */
import type { Decimal } from '../../contracts/decimal';
import type { AuditKind, AuditRecord, ControlEvent, RunStarted } from '../../contracts/messages';
import { parseRfc3339 } from '../../contracts/timestamp';
import { windowMs } from '../../domain/state';
import type { ActivePolicy } from '../../domain/state';
import { ViolationWindow } from '../../domain/windows';
import { firstDifference, shownValue } from './differences';
import type { KnownPolicies } from './knownPolicies';
import { end, start } from './knownRun';
import type { KnownRun } from './knownRun';
import type { Report } from './report';

const EVERY_RUN_TRIPPED = 'the kill switch is active for every run';
const INVALID_POLICY = 'the policy is invalid: ';

interface Outcome {
  readonly kind: AuditKind;
  /** Any of these. */
  readonly notes: readonly (string | null)[];
}

/** A record that a control event brought forth, applied to what is known of the run. */
export const checkControl = (
  run: KnownRun,
  record: AuditRecord,
  control: ControlEvent,
  policies: KnownPolicies,
  report: Report,
): void => {
  const { payload } = control;
  const text = payload.type === 'RunStarted' || payload.type === 'PolicyActivated' ? payload.policy_text : undefined;
  const policy = text === undefined ? undefined : policies.ofText(text);
  const outcome = outcomeOf(run, record.run_id, control, policy);
  if (outcome !== undefined && outcome.kind !== record.kind) {
    const why = outcome.notes[0] ?? null;
    report(
      'CONTENT',
      `a ${payload.type} that is a ${outcome.kind}${why === null ? '' : ` (${why})`}`,
      `${record.kind}${noteText(record)}`,
    );
  } else if (outcome !== undefined && !outcome.notes.some((note) => sameNote(note, record.note))) {
    report('CONTENT', `the note ${shownValue(outcome.notes[0])}`, shownValue(record.note));
  }
  if (record.kind === 'KILL_SWITCH') return changeKillSwitch(run, record, control, report);
  if (record.kind !== 'CONTROL') return;
  if (typeof policy === 'string') report('POLICY', 'the text of a policy', policy);
  apply(run, record, control, typeof policy === 'string' ? undefined : policy);
};

const noteText = ({ note }: AuditRecord): string => (note === null ? '' : ` (${note})`);

/** What a message about a policy says in detail is no promise of ours. */
const sameNote = (expected: string | null, found: string | null): boolean =>
  expected === found || (expected?.startsWith(INVALID_POLICY) === true && found?.startsWith(INVALID_POLICY) === true);

/** Undefined: what is known does not say. Source: processor, `foldControl`. */
const outcomeOf = (
  run: KnownRun,
  runId: string,
  { actor, reason, payload }: ControlEvent,
  policy: ActivePolicy | string | undefined,
): Outcome | undefined => {
  const { status, killSwitchActive, equity } = run;
  if (status === undefined) return undefined;
  if (payload.type === 'RunStarted') {
    if (status !== 'UNKNOWN') return refused(`run \`${runId}\` was started before; a session needs a run id of its own`);
    const fault = startFault(payload, policy);
    return fault === undefined ? applied(null, EVERY_RUN_TRIPPED) : refused(fault);
  }
  if (status !== 'ACTIVE')
    return refused(`run \`${runId}\` ${status === 'ENDED' ? 'has ended' : 'was not started'}: no ${payload.type} applies`);
  switch (payload.type) {
    case 'RunEnded':
    case 'PositionDrift':
    case 'OrderResolved':
      return applied(null);
    case 'PortfolioUpdated': {
      const fault = amountsFault(payload);
      return fault === undefined ? applied(null) : refused(fault);
    }
    case 'SessionRolled':
      if (equity === undefined) return undefined;
      return equity > 0n ? applied(null) : refused(`the equity of run \`${runId}\` is not above zero: no day can start with it`);
    case 'PolicyActivated':
      return typeof policy === 'string' ? refused(policy) : applied(null);
    case 'KillSwitchTripped':
      if (killSwitchActive === undefined) return undefined;
      return killSwitchActive ? applied('the kill switch was active already') : { kind: 'KILL_SWITCH', notes: [null] };
    case 'KillSwitchReset':
      if (actor.trim() === '' || reason.trim() === '') return refused('a KillSwitchReset needs an actor and a reason');
      if (killSwitchActive === undefined) return undefined;
      return killSwitchActive ? { kind: 'KILL_SWITCH', notes: [null] } : applied('the kill switch was not active');
  }
};

const applied = (...notes: readonly (string | null)[]): Outcome => ({ kind: 'CONTROL', notes });
const refused = (note: string): Outcome => ({ kind: 'REJECTED_INPUT', notes: [note] });

const startFault = ({ portfolio, execution }: RunStarted, policy: ActivePolicy | string | undefined): string | undefined => {
  const fault = amountsFault(portfolio);
  if (fault !== undefined) return fault;
  if (typeof policy === 'string') return policy;
  const wrong = execution.violations_last_window.find(([timestamp]) => parseRfc3339(timestamp) === undefined);
  return wrong === undefined ? undefined : `violations_last_window: \`${wrong[0]}\` is not RFC 3339 in UTC`;
};

const amountsFault = (amounts: {
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
}): string | undefined => {
  const wrong = (['equity', 'start_of_day_equity', 'peak_equity'] as const).find((name) => amounts[name] <= 0n);
  return wrong === undefined ? undefined : `${wrong}: must be above zero`;
};

/** Source: domain, `evolve`. */
const apply = (run: KnownRun, record: AuditRecord, { payload }: ControlEvent, policy: ActivePolicy | undefined): void => {
  switch (payload.type) {
    case 'RunStarted':
      start(run, payload, record.clock, record.note === EVERY_RUN_TRIPPED);
      return takePolicy(run, record, policy);
    case 'PolicyActivated':
      return takePolicy(run, record, policy);
    case 'PortfolioUpdated':
      run.equity = run.isMarked === false ? payload.equity : undefined;
      run.startOfDayEquity = payload.start_of_day_equity;
      run.peakEquity = run.isMarked === false ? payload.peak_equity : undefined;
      return;
    case 'SessionRolled':
      run.startOfDayEquity = run.equity;
      return;
    case 'RunEnded':
      return end(run);
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
      // On record as CONTROL: it was so already.
      run.killSwitchActive ??= payload.type === 'KillSwitchTripped';
      return;
    case 'PositionDrift':
    case 'OrderResolved':
      return;
  }
};

const takePolicy = (run: KnownRun, record: AuditRecord, policy: ActivePolicy | undefined): void => {
  run.policy = policy;
  run.policyHash = policy === undefined ? record.policy_hash : policy.hash;
};

const changeKillSwitch = (
  run: KnownRun,
  { kill_switch, clock }: AuditRecord,
  { actor, reason, payload }: ControlEvent,
  report: Report,
): void => {
  const active = payload.type === 'KillSwitchTripped';
  const counted =
    run.violations === undefined || run.policy === undefined ? undefined : run.violations.count(clock, windowMs(run.policy));
  const expected = {
    active,
    cause: 'OPERATOR',
    rule_ids: [],
    violations_in_window: counted ?? kill_switch?.violations_in_window,
    actor,
    reason,
  };
  const difference = firstDifference(expected, kill_switch, 'kill_switch');
  if (difference !== undefined) report('KILL_SWITCH', `${difference.path}: ${difference.expected}`, difference.found);
  run.killSwitchActive = active;
  // Who resets has seen the violations that led to the trip: they do not count again.
  if (!active) run.violations = new ViolationWindow([]);
};
