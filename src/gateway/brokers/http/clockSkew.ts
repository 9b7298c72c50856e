/** The broker's times are its own: what it made more than this before we recorded the submission is not of that submission. */
const SKEW_MS = 300_000;

/** Whether what the broker made at `madeAt` is too old to be of a submission at `submittedAt`; both ms since 1970. */
export const isBefore = (madeAt: number, submittedAt: number): boolean => madeAt < submittedAt - SKEW_MS;
