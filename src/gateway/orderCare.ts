/** What this process knows of its orders besides the log, and when each is due next. */
import type { OrderName } from './broker';
import type { GatewayOrder } from './orders';

export interface Care {
  /** A call about it is on its way. */
  busy: boolean;
  /** monotonic; when to look it up or to try again. */
  dueAt: number;
  tries: number;
  cancelDueAt: number;
  cancelTries: number;
  absences: number;
  /** The last submission was surely not taken. */
  notTaken: boolean;
  /** The broker does not show it, and may be sent it again under the same name. */
  again: boolean;
  /** It was sent again, and refused. */
  refused: boolean;
  /** It was among those to be cancelled with one request. */
  inBulk: boolean;
}

export class Cares {
  private readonly cares = new Map<GatewayOrder, Care>();

  /** Begins where there is none. */
  of(order: GatewayOrder): Care {
    let care = this.cares.get(order);
    if (care === undefined) {
      care = {
        busy: false,
        dueAt: 0,
        tries: 0,
        cancelDueAt: 0,
        cancelTries: 0,
        absences: 0,
        notTaken: false,
        again: false,
        refused: false,
        inBulk: false,
      };
      this.cares.set(order, care);
    }
    return care;
  }

  known(order: GatewayOrder): Care | undefined {
    return this.cares.get(order);
  }

  forget(order: GatewayOrder): void {
    this.cares.delete(order);
  }

  [Symbol.iterator](): IterableIterator<[GatewayOrder, Care]> {
    return this.cares.entries();
  }
}

export const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 60_000;
/** Look-ups, and cancels, on their way at the same time. */
export const MOST_CALLS = 8;

/** After so many tries. */
export const pauseMs = (tries: number): number => Math.min(MOST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(tries - 1, 10));

/** Counts the try. */
export const pauseAfter = (care: Care): number => {
  care.tries += 1;
  return pauseMs(care.tries);
};

/** What was not taken, and what the broker does not show where a name is a key. */
export const isToBeSentAgain = ({ phase, orderId }: GatewayOrder, { notTaken, again }: Care): boolean =>
  notTaken || (again && phase === 'unknown' && orderId === '');

export const isToBeLookedUp = ({ phase, orderId }: GatewayOrder): boolean => phase === 'unknown' && orderId === '';
export const isAtBroker = ({ phase, orderId }: GatewayOrder): boolean =>
  phase === 'open' || (phase === 'unknown' && orderId !== '');

/** How a broker is asked for it. */
export const nameOf = ({ clientOrderId: name, orderId, submittedAt }: GatewayOrder): OrderName => ({
  clientOrderId: name,
  orderId,
  submittedAt,
});
