/** Control events that can be read and must change nothing: each is on record as a rejected input, or set aside where it is for every run. */
import { decimal, ZERO } from '../../../src/contracts/decimal';
import type { ControlEvent, ControlPayload, RunStarted } from '../../../src/contracts/messages';
import { EVERY_RUN } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';
import { invalidPolicyText } from './policies';

export interface InvalidControl {
  readonly runId: string;
  readonly control: ControlEvent;
  /** For the trace. */
  readonly what: string;
}

/** `ended`: a run that has ended; undefined: none has. `policyText`: a valid one. */
export const invalidControl = (random: Random, active: string, ended: string | undefined, policyText: string): InvalidControl => {
  const absent = ended ?? NEVER_STARTED;
  const invalid = (runId: string, payload: ControlPayload, what: string, actor = 'desk', reason = 'a slip'): InvalidControl => ({
    ...{ runId, what, control: { actor, reason, payload } },
  });
  const badPolicy = invalidPolicyText(random, policyText);
  const startAgain = (): InvalidControl => invalid(ended ?? active, startOf(policyText), 'a start of a run that has ended');
  return random.pick<() => InvalidControl>([
    // The only ones that would bring something back to life.
    startAgain,
    startAgain,
    () => invalid(EVERY_RUN, { type: 'KillSwitchReset' }, 'an unsigned reset of every run', '', 'no name'),
    () => invalid(EVERY_RUN, { type: 'KillSwitchReset' }, 'a reset of every run without a reason', 'desk', ' '),
    () => invalid(active, { type: 'PolicyActivated', policy_text: badPolicy }, 'a policy that is none'),
    () => invalid(active, { type: 'KillSwitchReset' }, 'an unsigned reset', ' ', 'no name'),
    () => invalid(active, { type: 'KillSwitchReset' }, 'a reset without a reason', 'desk', ''),
    () => invalid(active, startOf(policyText), 'a start of a run that was started before'),
    () => invalid(NEVER_STARTED, startOf(badPolicy), 'a start with a policy that is none'),
    () => invalid(absent, { type: 'PolicyActivated', policy_text: policyText }, 'a policy for a run that is not active'),
    () => invalid(absent, { type: 'KillSwitchTripped' }, 'a trip for a run that is not active'),
    () => invalid(absent, { type: 'SessionRolled' }, 'a session roll for a run that is not active'),
    () => invalid(absent, { type: 'RunEnded' }, 'the end of a run that is not active'),
  ])();
};

const NEVER_STARTED = 'ghost-run';
const EQUITY = decimal('100000');

const startOf = (policyText: string): RunStarted => ({
  type: 'RunStarted',
  account_id: 'account-0',
  policy_text: policyText,
  portfolio: {
    ...{ equity: EQUITY, start_of_day_equity: EQUITY, peak_equity: EQUITY, positions: new Map() },
    ...{ realized_pnl_today: ZERO, unrealized_pnl: ZERO },
  },
  execution: {
    ...{
      orders_last_60s_global: 0,
      orders_last_60s_by_strategy: new Map(),
      violations_last_window: [],
      kill_switch_active: false,
    },
  },
  equity_mode: 'fixed',
});
