/** What stands between a market and whatever carries requests to it: who may ask, how often, and what an answer moves on at the exchange. */
import type { BrokerAnswer, BrokerRequest, Dialect, Operation } from './dialect';
import type { Market } from './market';

/** Requests that may come in a window. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface Admission {
  /** For the answer, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** Instead of carrying the request out; undefined: it may be. */
  readonly refusal: BrokerAnswer | undefined;
}

/** Never used up, where no limit is set. */
const PLENTY: RateLimit = { limit: 1_000_000, windowMs: 60_000 };

export class BrokerFront {
  private readonly window: { start: number; used: number };

  constructor(
    private readonly dialect: Dialect,
    private readonly market: Market,
    /** ms since 1970. */
    private readonly now: () => number,
    private readonly rateLimit: RateLimit | undefined,
  ) {
    this.window = { start: now(), used: 0 };
  }

  /** A request has come; the client order id or tag of an order request. */
  received(request: BrokerRequest, operation: Operation): string {
    if (operation !== 'submit') return '';
    const clientOrderId = this.dialect.nameOf(request);
    this.market.received(clientOrderId);
    return clientOrderId;
  }

  /** Counts it. */
  admit(request: BrokerRequest): Admission {
    const { dialect, window } = this;
    const { limit, windowMs } = this.rateLimit ?? PLENTY;
    const now = this.now();
    if (now - window.start >= windowMs) Object.assign(window, { start: now, used: 0 });
    if (this.rateLimit !== undefined) window.used += 1;
    return {
      headers: dialect.rateHeaders(limit, Math.min(window.used, limit), window.start + windowMs),
      refusal: dialect.refuse(request) ?? (window.used > limit ? dialect.fault(429, request) : undefined),
    };
  }

  carryOut(request: BrokerRequest, operation: Operation): BrokerAnswer {
    const answer = this.dialect.answer(request, operation);
    if (answer.made !== undefined) this.market.moment(answer.made, 'answered');
    for (const order of answer.shown ?? []) this.market.moment(order, 'shown');
    return answer;
  }
}
