/** What a user can mend: one line that says what was wrong, where, and what to do. The process ends with 2; there is no stack trace. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** The line for any error: a Failure's own words; a system error's without its stack. */
export const lineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
