import { nameFault } from './intentFault';
import { EVERY_RUN } from './topics';

/** Why a text is no run id, or nothing: one line for a dead letter or an error. Source: contracts, "Strict input" (ids). */
export const runIdFault = (runId: string): string | undefined => {
  if (runId === EVERY_RUN) return `key: \`${EVERY_RUN}\` stands for every run and is no run id`;
  const fault = nameFault(runId);
  return fault === undefined ? undefined : `key: the run id ${fault}`;
};
