import { EVERY_RUN } from './topics';

const LONGEST = 256;
const CONTROL_OR_SURROGATE = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/** Why a text is no run id, or nothing: one line for a dead letter or an error. Source: contracts, "Strict input" (ids). */
export const runIdFault = (runId: string): string | undefined => {
  if (runId === '') return 'key: empty; expected a run id';
  if (runId === EVERY_RUN) return `key: \`${EVERY_RUN}\` stands for every run and is no run id`;
  if (runId.length > LONGEST) return `key: a run id has at most ${LONGEST} characters`;
  if (CONTROL_OR_SURROGATE.test(runId)) return 'key: a run id has no control characters or lone surrogates';
  return undefined;
};
