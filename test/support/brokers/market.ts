/**
 * The account of a simulated broker: orders, fills, cash and positions, with a log of everything that happened. Both dialects show the same market.
 *
 * Nothing happens in it unless a script or a test says so. Facts are taken as they come, also those that should not happen any more: a fill after
 * the cancel was confirmed is a fill. Look-ups never walk over all orders: the benchmark keeps 10,000 of them open.
 */
import { type Decimal, magnitude, minus, negated, plus, ZERO } from '../../../src/contracts/decimal';
import {
  isOpen,
  type Instant,
  type MarketEntry,
  type MarketEntryType,
  type MarketFill,
  type MarketOrder,
  type MarketStatus,
  type NewOrder,
} from './marketOrder';
import { averageOf, productOf } from './money';
import { type OrderScript, ScriptedSteps, type MarketEvent, type Moment } from './orderScript';

export interface MarketOptions {
  readonly cash?: Decimal;
  readonly positions?: Readonly<Record<string, Decimal>>;
  /** What a symbol trades at; `otherPrice` (100) for those not named. */
  readonly prices?: Readonly<Record<string, Decimal>>;
  readonly otherPrice?: Decimal;
  /** What it trades at now, instead of `prices`. */
  readonly priceNow?: (symbol: string) => Decimal;
  readonly orders?: readonly OrderScript[];
  /** What happens to orders that no script names. Default: marketable orders fill right after the acknowledgement, others rest. */
  readonly otherwise?: 'fill' | 'rest';
  readonly orderId: (index: number) => string;
  readonly now?: () => number;
  /** Hears of everything as it happens, when it has its place in the log. */
  readonly onEntry?: (entry: MarketEntry) => void;
}

const HUNDRED = (100n * 10n ** 18n) as Decimal;

export class Market {
  readonly log: MarketEntry[] = [];
  /** In the order in which they were made. */
  readonly orders: MarketOrder[] = [];
  /** In the order in which they happened. */
  readonly fills: MarketFill[] = [];
  readonly positions = new Map<string, Decimal>();
  cash: Decimal;
  /** Index of the first order of today's session. */
  sessionStart = 0;
  private readonly byId = new Map<string, MarketOrder>();
  private readonly byClientOrderId = new Map<string, MarketOrder[]>();
  private readonly open = new Map<string, MarketOrder>();
  private openList: MarketOrder[] | null = [];
  private readonly steps: ScriptedSteps;
  private readonly prices: Map<string, Decimal>;
  private last: Instant = { ms: 0, micros: 0 };

  constructor(private readonly options: MarketOptions) {
    this.cash = options.cash ?? ((1_000_000n * 10n ** 18n) as Decimal);
    for (const [symbol, qty] of Object.entries(options.positions ?? {})) this.positions.set(symbol, qty);
    this.prices = new Map(Object.entries(options.prices ?? {}));
    this.steps = new ScriptedSteps(options.orders ?? [], options.otherwise ?? 'fill', (order) => this.isMarketable(order));
  }

  /** Says what happens to orders made from now on; it goes before the scripts that are there. */
  script(script: OrderScript): void {
    this.steps.add(script);
  }

  setPrice(symbol: string, price: Decimal): void {
    this.prices.set(symbol, price);
  }

  priceOf(symbol: string): Decimal {
    return this.options.priceNow?.(symbol) ?? this.prices.get(symbol) ?? this.options.otherPrice ?? HUNDRED;
  }

  order(id: string): MarketOrder | undefined {
    return this.byId.get(id);
  }

  /** The order that must be there: for tests that name one by either id. */
  the(idOrClientOrderId: string): MarketOrder {
    const order = this.byId.get(idOrClientOrderId) ?? this.byClientOrderId.get(idOrClientOrderId)?.[0];
    if (order === undefined) throw new Error(`the broker made no order \`${idOrClientOrderId}\``);
    return order;
  }

  withClientOrderId(clientOrderId: string): readonly MarketOrder[] {
    return this.byClientOrderId.get(clientOrderId) ?? [];
  }

  /** In the order in which they were made. */
  openOrders(): readonly MarketOrder[] {
    this.openList ??= [...this.open.values()];
    return this.openList;
  }

  /** Names that more than one order has. */
  doubled(): readonly string[] {
    return [...this.byClientOrderId].filter(([, orders]) => orders.length > 1).map(([name]) => name);
  }

  /** Sums of what is filled, by client order id. */
  filledByClientOrderId(): ReadonlyMap<string, Decimal> {
    const filled = new Map<string, Decimal>();
    for (const [name, orders] of this.byClientOrderId)
      filled.set(
        name,
        orders.reduce((sum, { filledQty }) => plus(sum, filledQty), ZERO),
      );
    return filled;
  }

  /** Cash and what the positions are worth. */
  equity(): Decimal {
    return [...this.positions].reduce((sum, [symbol, qty]) => plus(sum, productOf(qty, this.priceOf(symbol))), this.cash);
  }

  received(clientOrderId: string): void {
    this.note('received', '', clientOrderId);
  }

  refused(clientOrderId: string, reason: string): void {
    this.note('refused', '', clientOrderId, reason);
  }

  /** Makes an order and lets happen what its script says for that moment. */
  make(fields: NewOrder, foreign = false): MarketOrder {
    const at = this.time();
    const order: MarketOrder = {
      id: this.options.orderId(this.orders.length),
      clientOrderId: fields.clientOrderId ?? '',
      symbol: fields.symbol,
      side: fields.side,
      instruction: fields.instruction ?? fields.side,
      type: fields.type ?? 'market',
      qty: fields.qty,
      limitPrice: fields.limitPrice ?? null,
      foreign,
      index: this.orders.length,
      madeAt: at,
      changedAt: at,
      status: 'open',
      statusWord: null,
      filledQty: ZERO,
      fills: [],
      averagePrice: null,
      reason: null,
      hidden: null,
    };
    this.orders.push(order);
    this.byId.set(order.id, order);
    if (order.clientOrderId !== '') {
      const named = this.byClientOrderId.get(order.clientOrderId);
      if (named === undefined) this.byClientOrderId.set(order.clientOrderId, [order]);
      else named.push(order);
    }
    this.setStatus(order, 'open');
    this.note('made', order.id, order.clientOrderId);
    if (!foreign) this.steps.prepare(order, (event) => this.happen(order, event));
    this.moment(order, 'made');
    return order;
  }

  /** An order that someone else sent to this account; it rests until told otherwise. */
  foreignOrder(fields: NewOrder): MarketOrder {
    return this.make(fields, true);
  }

  moment(order: MarketOrder, moment: Moment): void {
    for (const event of this.steps.due(order, moment)) this.happen(order, event);
  }

  /** Lets a step of a script happen, unless something else has overtaken it. */
  private happen(order: MarketOrder, event: MarketEvent): void {
    const { status } = order;
    if (event.type === 'fill' && (status === 'filled' || status === 'rejected' || status === 'expired')) return;
    if ((event.type === 'reject' || event.type === 'expire' || event.type === 'cancel') && !isOpen(order)) return;
    switch (event.type) {
      case 'nothing':
        return;
      case 'fill':
        return this.fill(order.id, event.qty, event.price);
      case 'reject':
        return this.end(order, 'rejected', event.reason);
      case 'expire':
        return this.end(order, 'expired', null);
      case 'cancel':
        return this.cancelled(order.id);
      case 'statusWord':
        order.statusWord = event.word;
        return;
      case 'restate':
        order.averagePrice = event.averagePrice;
        return;
      case 'hide':
        order.hidden = event.what;
        return;
    }
  }

  /** `qty`: the rest of the order; `price`: what the symbol trades at, unless given. A cancelled order that is filled whole is filled. */
  fill(idOrClientOrderId: string, qty?: Decimal, price?: Decimal): void {
    const order = this.the(idOrClientOrderId);
    const filled = qty ?? minus(order.qty, order.filledQty);
    if (filled <= 0n || plus(order.filledQty, filled) > order.qty)
      throw new RangeError(`order ${order.id} cannot fill ${filled}`);
    const at = this.time();
    const paid = price ?? this.priceOf(order.symbol);
    const signed = order.side === 'buy' ? filled : negated(filled);
    order.averagePrice = averageOf(order.filledQty, order.averagePrice, filled, paid);
    order.filledQty = plus(order.filledQty, filled);
    order.changedAt = at;
    const fill: MarketFill = { sequence: this.fills.length, order, qty: filled, price: paid, cumQty: order.filledQty, at };
    order.fills.push(fill);
    this.fills.push(fill);
    const held = plus(this.positions.get(order.symbol) ?? ZERO, signed);
    if (held === 0n) this.positions.delete(order.symbol);
    else this.positions.set(order.symbol, held);
    this.cash = minus(this.cash, productOf(signed, paid));
    if (order.filledQty === order.qty) this.setStatus(order, 'filled');
    this.note('filled', order.id, order.clientOrderId, `${filled} at ${paid}`);
  }

  /** A cancel was asked for; `pending`: the broker only takes note of it, until `cancelled` is called. False: there is nothing left to cancel. */
  askCancel(order: MarketOrder, pending = false): boolean {
    this.note('cancelAsked', order.id, order.clientOrderId);
    if (!isOpen(order)) return false;
    if (pending) this.setStatus(order, 'pendingCancel');
    else this.cancelled(order.id);
    return true;
  }

  cancelled(idOrClientOrderId: string): void {
    const order = this.the(idOrClientOrderId);
    this.end(order, 'cancelled', null);
    this.moment(order, 'cancelled');
  }

  expired(idOrClientOrderId: string): void {
    this.end(this.the(idOrClientOrderId), 'expired', null);
  }

  rejected(idOrClientOrderId: string, reason: string): void {
    this.end(this.the(idOrClientOrderId), 'rejected', reason);
  }

  /** A new trading day: lists of today's session start from nothing. */
  newSession(): void {
    this.sessionStart = this.orders.length;
  }

  /** What may still be sold of a long position, or bought back of a short one, beside the open orders that do so. */
  available(symbol: string): Decimal {
    const held = this.positions.get(symbol) ?? ZERO;
    let left = magnitude(held);
    if (left === 0n) return left;
    for (const order of this.open.values())
      if (order.symbol === symbol && (order.side === 'sell') === held > 0n) left = minus(left, minus(order.qty, order.filledQty));
    return left;
  }

  /** Ends the timers of scripts. */
  stop(): void {
    this.steps.stop();
  }

  private end(order: MarketOrder, status: 'cancelled' | 'expired' | 'rejected', reason: string | null): void {
    if (!isOpen(order)) throw new Error(`order ${order.id} is ${order.status}: it cannot be ${status}`);
    order.reason = reason;
    order.changedAt = this.time();
    this.setStatus(order, status);
    this.note(status, order.id, order.clientOrderId, reason ?? '');
  }

  private setStatus(order: MarketOrder, status: MarketStatus): void {
    order.status = status;
    const listed = this.open.has(order.id);
    if (isOpen(order) === listed) return;
    if (listed) {
      this.open.delete(order.id);
      this.openList = null;
    } else {
      this.open.set(order.id, order);
      this.openList?.push(order);
    }
  }

  private isMarketable({ symbol, side, limitPrice }: MarketOrder): boolean {
    if (limitPrice === null) return true;
    const price = this.priceOf(symbol);
    return side === 'buy' ? limitPrice >= price : limitPrice <= price;
  }

  private note(type: MarketEntryType, orderId: string, clientOrderId: string, detail = ''): void {
    const entry = { sequence: this.log.length, at: this.time().ms, type, orderId, clientOrderId, detail };
    this.log.push(entry);
    this.options.onEntry?.(entry);
  }

  /** Never the same twice, and never before the last one. */
  private time(): Instant {
    const ms = Math.max(this.last.ms, (this.options.now ?? Date.now)());
    if (ms > this.last.ms) this.last = { ms, micros: 0 };
    else this.last = this.last.micros < 999 ? { ms, micros: this.last.micros + 1 } : { ms: ms + 1, micros: 0 };
    return this.last;
  }
}
