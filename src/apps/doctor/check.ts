/** One thing that the doctor looked at, and what it found. */
export interface Check {
  /** `skip`: it could not be looked at, for what an earlier check found. */
  readonly status: 'ok' | 'warn' | 'FAIL' | 'skip';
  /** What was looked at: `broker 127.0.0.1:9092`. */
  readonly what: string;
  readonly found: string;
  /** What to do; only where something is to be done. */
  readonly todo?: string;
}

export const lineOfCheck = ({ status, what, found, todo }: Check): string =>
  `${status.padEnd(4)} ${what}: ${found}${todo === undefined ? '' : `; ${todo}`}`;

export const ok = (what: string, found: string): Check => ({ status: 'ok', what, found });
export const warn = (what: string, found: string, todo: string): Check => ({ status: 'warn', what, found, todo });
export const fail = (what: string, found: string, todo: string): Check => ({ status: 'FAIL', what, found, todo });
export const skip = (what: string, why: string): Check => ({ status: 'skip', what, found: `not looked at, since ${why}` });

/** `work`, or its rejection after so long; what it was doing goes on unseen. */
export const within = <T>(work: Promise<T>, timeLimitMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeLimitMs / 1_000} s`));
    }, timeLimitMs);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
};
