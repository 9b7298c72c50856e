/**
 * What a broker's answer says of its rate limit, as waiting times in ms. Names: Retry-After (RFC 9110, 10.2.3: seconds or a date);
 * X-Ratelimit-Remaining and -Reset (seconds since 1970: Alpaca); X-Ratelimit-Available and -Expiry (ms since 1970: Tradier).
 * What is not there or cannot be read is undefined.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface RateLimit {
  readonly retryAfterMs: number | undefined;
  readonly left: number | undefined;
  readonly resetInMs: number | undefined;
}

/** From here on a number of seconds since 1970 would be in the year 5138: it counts milliseconds. */
const FIRST_IN_MS = 1e11;

/** `wallMs`: the time of day, ms since 1970. */
export const rateLimitOf = (headers: IncomingHttpHeaders, wallMs: number): RateLimit => {
  const reset = countOf(headers['x-ratelimit-reset'] ?? headers['x-ratelimit-expiry']);
  return {
    retryAfterMs: retryAfterOf(headers['retry-after'], wallMs),
    left: countOf(headers['x-ratelimit-remaining'] ?? headers['x-ratelimit-available']),
    resetInMs: reset === undefined ? undefined : Math.max(0, (reset < FIRST_IN_MS ? reset * 1_000 : reset) - wallMs),
  };
};

const retryAfterOf = (text: string | undefined, wallMs: number): number | undefined => {
  const seconds = countOf(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = text?.endsWith(' GMT') === true ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs);
};

const countOf = (text: string | string[] | undefined): number | undefined =>
  typeof text === 'string' && /^[0-9]{1,15}(\.[0-9]{1,9})?$/.test(text) ? Number.parseFloat(text) : undefined;
