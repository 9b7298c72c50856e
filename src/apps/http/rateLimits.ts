/** How often a token may ask, and how often an address may fail to show one. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem';

/** One more request of this one, or a Problem. */
type Take = (request: FastifyRequest) => Promise<void>;

export interface RateLimits {
  /** Undefined: no limit. */
  readonly ofToken: Take | undefined;
  readonly ofFailures: Take;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** A client with a wrong token is told so this often a minute; it never locks out those beside it that have a right one. */
const FAILURES = 120;

/** `perSecond`: 0: any number. */
export const rateLimits = async (
  app: FastifyInstance,
  perSecond: number,
  nameOf: (request: FastifyRequest) => string,
): Promise<RateLimits> => {
  await app.register(rateLimit, { global: false });
  const take = (what: string, max: number, timeWindow: number, keyGenerator?: (request: FastifyRequest) => string): Take => {
    const count = app.createRateLimit({ max, timeWindow, ...(keyGenerator === undefined ? {} : { keyGenerator }) });
    return async (request) => {
      const counted = await count(request);
      if (counted.isAllowed || !counted.isExceeded) return;
      throw new Problem('rate_limited', {
        detail: `${what}: at most ${max.toLocaleString('en')} in ${timeWindow / SECOND_MS} s; try again in ${counted.ttlInSeconds} s`,
        headers: { 'retry-after': String(Math.max(1, counted.ttlInSeconds)) },
      });
    };
  };
  return {
    ofToken: perSecond === 0 ? undefined : take('requests with this token', perSecond, SECOND_MS, nameOf),
    ofFailures: take('requests without a valid token', FAILURES, MINUTE_MS),
  };
};
