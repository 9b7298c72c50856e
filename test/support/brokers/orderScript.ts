/**
 * What happens to an order at a simulated broker, step by step.
 *
 * Steps wait for each other: the first one waits for its moment, then the second, and so on. So "cancelled, then shown, then a fill" is a fill
 * that lands after the client has seen the cancel confirmed.
 */
import { decimal, type Decimal } from '../../../src/contracts/decimal';
import type { MarketOrder } from './marketOrder';

/**
 * `made`: before the acknowledgement is answered. `answered`: right after it was written. `shown`: after the order was shown to the client, one step
 * for each time. `cancelled`: after the cancel is done. `{ afterMs }`: so long after the step before it (real time: keep it to a few ms).
 */
export type Moment = 'made' | 'answered' | 'shown' | 'cancelled';
export type MarketEvent =
  | { readonly type: 'nothing' }
  | { readonly type: 'fill'; readonly qty?: Decimal; readonly price?: Decimal }
  | { readonly type: 'reject'; readonly reason: string }
  | { readonly type: 'expire' }
  | { readonly type: 'cancel' }
  /** null: the true status shows again. */
  | { readonly type: 'statusWord'; readonly word: string | null }
  | { readonly type: 'restate'; readonly averagePrice: Decimal }
  | { readonly type: 'hide'; readonly what: 'price' | 'fills' | null };
export interface Step {
  readonly when: Moment | { readonly afterMs: number };
  readonly event: MarketEvent;
}

/** Which orders: all fields that are given must hold; `nth` counts the orders from 1. */
export interface OrderScript {
  readonly symbol?: string;
  readonly clientOrderId?: string | RegExp;
  readonly nth?: number;
  /** For so many orders; default: all that match. */
  readonly times?: number;
  readonly steps: readonly Step[];
}

const fillEvent = (qty?: string, price?: string): MarketEvent => ({
  type: 'fill',
  ...(qty === undefined ? {} : { qty: decimal(qty) }),
  ...(price === undefined ? {} : { price: decimal(price) }),
});
export const fillWhen = (when: Step['when'], qty?: string, price?: string): Step => ({ when, event: fillEvent(qty, price) });

/** The rows of a script by name. */
export const BEHAVIOURS = {
  rest: [],
  fill: [fillWhen('answered')],
  fillBeforeAcknowledgement: [fillWhen('made')],
  rejectAfterAcceptance: [{ when: 'answered', event: { type: 'reject', reason: 'rejected by the exchange' } }],
  expire: [{ when: 'answered', event: { type: 'expire' } }],
  fillAfterCancel: [{ when: 'cancelled', event: { type: 'nothing' } }, fillWhen('shown')],
  fillBeforeItsPriceShows: [
    { when: 'made', event: { type: 'hide', what: 'price' } },
    fillWhen('answered'),
    { when: 'shown', event: { type: 'hide', what: null } },
  ],
} as const satisfies Record<string, readonly Step[]>;

/** Keeps for each order the steps that are still to come. */
export class ScriptedSteps {
  private readonly waiting = new Map<MarketOrder, Step[]>();
  private readonly happen = new Map<MarketOrder, (event: MarketEvent) => void>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly scripts: { readonly script: OrderScript; left: number }[];
  private prepared = 0;

  constructor(
    scripts: readonly OrderScript[],
    private readonly otherwise: 'fill' | 'rest',
    private readonly isMarketable: (order: MarketOrder) => boolean,
  ) {
    this.scripts = scripts.map((script) => ({ script, left: script.times ?? Infinity }));
  }

  add(script: OrderScript): void {
    this.scripts.unshift({ script, left: script.times ?? Infinity });
  }

  prepare(order: MarketOrder, happen: (event: MarketEvent) => void): void {
    this.prepared += 1;
    const found = this.scripts.find(({ script, left }) => left > 0 && this.matches(script, order));
    if (found !== undefined) found.left -= 1;
    const fills = this.otherwise === 'fill' && this.isMarketable(order);
    const steps = found?.script.steps ?? (fills ? BEHAVIOURS.fill : BEHAVIOURS.rest);
    if (steps.length === 0) return;
    this.waiting.set(order, [...steps]);
    this.happen.set(order, happen);
    this.startTimer(order);
  }

  /** Takes what is due at this moment. */
  due(order: MarketOrder, moment: Moment): readonly MarketEvent[] {
    const steps = this.waiting.get(order);
    if (steps === undefined) return [];
    const events: MarketEvent[] = [];
    while (steps[0]?.when === moment && !(moment === 'shown' && events.length > 0)) {
      events.push(steps[0].event);
      steps.shift();
    }
    if (events.length > 0) this.startTimer(order);
    return events;
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.waiting.clear();
  }

  private startTimer(order: MarketOrder): void {
    const steps = this.waiting.get(order);
    const step = steps?.[0];
    if (step === undefined) {
      this.waiting.delete(order);
      this.happen.delete(order);
      return;
    }
    if (typeof step.when === 'string') return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      steps?.shift();
      this.happen.get(order)?.(step.event);
      this.startTimer(order);
    }, step.when.afterMs);
    this.timers.add(timer);
  }

  private matches({ symbol, clientOrderId, nth }: OrderScript, order: MarketOrder): boolean {
    if (symbol !== undefined && symbol !== order.symbol) return false;
    if (nth !== undefined && nth !== this.prepared) return false;
    if (clientOrderId === undefined) return true;
    return typeof clientOrderId === 'string' ? clientOrderId === order.clientOrderId : clientOrderId.test(order.clientOrderId);
  }
}
