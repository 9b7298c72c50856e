/** How long operators kept the kill switch on: from a trip to the signed reset behind it, for each run. In monitor mode decisions are admitted meanwhile. */
import { isSigned } from '../model/controls';
import { policyOf } from '../model/policy';
import type { LoggedControl } from '../decodedLog';

interface Standing {
  /** Offset in control-events from which it holds for the run. */
  readonly from: number;
  /** Offset of the reset; Infinity: none came. */
  until: number;
}

const EVERY_RUN = '*';

/** By run id; what is about a run that has not begun, or has ended, changes nothing, and one about every run holds for those that begin later. */
export const standingsIn = (controls: readonly LoggedControl[]): ReadonlyMap<string, readonly Standing[]> => {
  const standings = new Map<string, Standing[]>();
  const active = new Set<string>();
  let isOnForAll = false;
  const trip = (runId: string, from: number): void => {
    const ofRun = standings.get(runId) ?? [];
    if ((ofRun.at(-1)?.until ?? 0) !== Infinity) ofRun.push({ from, until: Infinity });
  };
  const reset = (runId: string, until: number): void => {
    const last = standings.get(runId)?.at(-1);
    if (last?.until === Infinity) last.until = until;
  };
  for (const { name, about, control, offset } of controls) {
    const whom = about === EVERY_RUN ? [...active] : active.has(about) ? [about] : [];
    if (name === 'RunStarted' && !standings.has(about) && about !== EVERY_RUN && isValid(control)) {
      standings.set(about, []);
      active.add(about);
      if (isOnForAll) trip(about, offset);
    } else if (name === 'RunEnded') for (const runId of whom) active.delete(runId);
    else if (name === 'KillSwitchTripped') {
      if (about === EVERY_RUN) isOnForAll = true;
      for (const runId of whom) trip(runId, offset);
    } else if (name === 'KillSwitchReset' && isSigned(control as unknown as Parameters<typeof isSigned>[0])) {
      if (about === EVERY_RUN) isOnForAll = false;
      for (const runId of whom) reset(runId, offset);
    }
  }
  return standings;
};

const isValid = ({ payload }: LoggedControl['control']): boolean => {
  const [content] = Object.values(payload);
  return policyOf((content as { readonly policy_text: string }).policy_text) !== null;
};

/** What was on as far as a decision knew. */
export const standingAt = (standings: readonly Standing[] | undefined, knew: number): Standing | undefined =>
  standings?.find(({ from, until }) => from < knew && until >= knew);
