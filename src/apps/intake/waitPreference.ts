/** How long an answer is waited for: `?wait=SECONDS`, or `Prefer: wait=SECONDS` (RFC 7240), else ten seconds. */
import { Problem } from '../http/problem';
import type { ApiRequest, Parameter } from '../http/route';

const STANDARD_SECONDS = 10;
const MOST_SECONDS = 30;
const EXPECTED = `seconds from 0 to ${MOST_SECONDS}, such as 2 or 0.5`;

export interface Wait {
  readonly ms: number;
  /** Says that the header was followed. */
  readonly headers: Readonly<Record<string, string>>;
}

export const WAIT_PARAMETERS: readonly Parameter[] = [
  {
    name: 'wait',
    in: 'query',
    description: 'Seconds to wait for decisions; goes before the header Prefer',
    required: false,
    schema: { type: 'number', minimum: 0, maximum: MOST_SECONDS, multipleOf: 0.001, default: STANDARD_SECONDS },
  },
  {
    name: 'Prefer',
    in: 'header',
    description: '`wait=SECONDS` (RFC 7240): the same; more than 30 is taken for 30',
    required: false,
    schema: { type: 'string' },
  },
];

const NONE: Readonly<Record<string, string>> = {};
const SECONDS = /^[0-9]{1,2}(\.[0-9]{1,3})?$/;

/** Throws a Problem on a parameter that is no number of seconds. Of the header, what is not understood is passed over, as RFC 7240 has it. */
export const waitOf = (request: Pick<ApiRequest, 'query' | 'header'>): Wait => {
  const { wait } = request.query;
  if (wait !== undefined) {
    const seconds = SECONDS.test(wait) ? Number(wait) : Number.NaN;
    if (seconds <= MOST_SECONDS) return { ms: seconds * 1_000, headers: NONE };
    throw new Problem('invalid_parameter', { detail: `wait: expected ${EXPECTED}`, field: 'wait', expected: EXPECTED });
  }
  const preferred = request.header('prefer');
  const seconds = preferred === undefined ? undefined : preferredSeconds(preferred);
  if (seconds === undefined) return { ms: STANDARD_SECONDS * 1_000, headers: NONE };
  return { ms: seconds * 1_000, headers: { 'preference-applied': `wait=${seconds}` } };
};

const PREFERENCE = /^\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(;|$)/i;

const preferredSeconds = (header: string): number | undefined => {
  for (const preference of header.split(',')) {
    const seconds = PREFERENCE.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(MOST_SECONDS, Number(seconds));
  }
  return undefined;
};
