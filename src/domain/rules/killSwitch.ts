import { violation } from './rule';
import type { Rule } from './rule';

/** KILL-001: nothing is admitted while the kill switch is active. Source: contracts, "Decision". */
export const killSwitch: Rule = ({ facts }) =>
  facts.kill_switch_active
    ? violation('KILL-001', 'CRIT', 'Kill switch is active — all orders denied.', [{ name: 'kill_switch_active', value: true }])
    : undefined;
