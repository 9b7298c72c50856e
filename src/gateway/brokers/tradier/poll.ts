/**
 * Looks at many orders with as few requests as it takes: the account's list where that is cheaper, one request per order where not.
 *
 * The list also shows the orders that ended today, so it can have more pages than there are orders to look at. It is read only while it pays:
 * it ends as soon as all orders are seen, and is given up when more pages were read than orders were seen on them (a tenth of the orders may be
 * spent on finding out, once a session and again when the orders have doubled). How many pages it took is remembered. So a poll never costs more
 * than one request per order, that attempt aside, however many orders have ended. Orders that the list did not show (those of
 * earlier sessions, those that it was given up before) are asked for by number, as all are when the list cannot be had; orders without a number
 * need the whole list. Several orders under one tag are one report that is `unknown`, without a number and without fills: the other orders of the
 * poll must not wait for it.
 *
 * An order that cannot be looked up is left out, and asked for after the others from then on. After a few failures in a row the rest waits for the next
 * poll: Tradier is most likely out of order, and each failure takes its time.
 */
import { ZERO } from '../../../contracts/decimal';
import type { OrderName, OrderReport, PolledOrders, Unavailable } from '../../broker';
import type { TradierCalls } from './calls';
import { lookUp, named, SEVERAL_ORDERS, severalOrders } from './lookUp';
import { orderPages } from './orderList';
import { mayBe, reportOf, type OrderRow } from './orderRow';
import { tradingDay } from './tradingDay';

/** Look-ups in a row that may fail. */
const FAILURES_BEARED = 3;

interface Look {
  readonly byNumber: ReadonlyMap<string, OrderName>;
  readonly byTag: ReadonlyMap<string, OrderName>;
  readonly rows: Map<OrderName, OrderRow[]>;
}

export class OrderPoll {
  private day = '';
  /** Pages that the list took this session; one, as long as nothing is known. */
  private pages = 1;
  /** With fewer orders than this the list does not pay this session. */
  private fewest = 2;
  /** Client order ids of orders that could not be looked up when they were last asked for, longest ago first. */
  private readonly failing = new Set<string>();

  constructor(
    private readonly calls: TradierCalls,
    private readonly now: () => number,
  ) {}

  async poll(orders: readonly OrderName[]): Promise<PolledOrders> {
    const today = tradingDay(this.now());
    if (today !== this.day) {
      this.day = today;
      this.pages = 1;
      this.fewest = 2;
    }
    const listed = orders.filter(({ submittedAt }) => tradingDay(submittedAt) === today);
    const look = lookFor(listed);
    const whole = this.listPays(look, listed.length) && (await this.readList(look, listed.length));
    const answers = new Map<OrderName, OrderReport | 'absent'>();
    for (const order of orders) {
      const seen = reportOfRows(look.rows.get(order), order);
      if (seen !== undefined) answers.set(order, seen);
      else if (whole && order.orderId === '' && look.byTag.has(order.clientOrderId) && !look.rows.has(order))
        answers.set(order, 'absent');
    }
    const trouble = await this.lookUpOthers(orders, answers);
    if (answers.size === 0 && trouble !== undefined) return trouble;
    const reports: OrderReport[] = [];
    const absent: string[] = [];
    for (const order of orders) {
      const answer = answers.get(order);
      if (answer === 'absent') absent.push(order.clientOrderId);
      else if (answer !== undefined) reports.push(answer);
    }
    return { type: 'polled', reports, absent };
  }

  /** Adds what could be found out of the orders without an answer; gives the first thing that could not. */
  private async lookUpOthers(
    orders: readonly OrderName[],
    answers: Map<OrderName, OrderReport | 'absent'>,
  ): Promise<Unavailable | undefined> {
    const byName = new Map(orders.map((order) => [order.clientOrderId, order]));
    for (const name of this.failing) {
      const order = byName.get(name);
      if (order === undefined || answers.has(order)) this.failing.delete(name);
    }
    const others = orders.filter((order) => !answers.has(order));
    const sound = others.filter(({ clientOrderId }) => !this.failing.has(clientOrderId));
    const doubtful = [...this.failing].flatMap((name) => byName.get(name) ?? []);
    let first: Unavailable | undefined;
    let inARow = 0;
    for (const order of [...sound, ...doubtful]) {
      const answer = await lookUp(this.calls, order, this.now());
      this.failing.delete(order.clientOrderId);
      if (answer.type !== 'unavailable') {
        answers.set(order, answer.type === 'found' ? answer.report : 'absent');
        inARow = 0;
        continue;
      }
      this.failing.add(order.clientOrderId);
      first ??= answer;
      inARow += 1;
      if (inARow === FAILURES_BEARED) break;
    }
    return first;
  }

  private listPays({ byTag }: Look, orders: number): boolean {
    return byTag.size > 0 || (orders >= this.fewest && this.pages < orders);
  }

  /** Whether it was read to its end. Where it cannot be had, each order is asked for. */
  private async readList(look: Look, orders: number): Promise<boolean> {
    const attempt = Math.floor(orders / 10) + 1;
    let pages = 0;
    let whole = false;
    for await (const page of orderPages(this.calls)) {
      if (page.type === 'unavailable') return false;
      pages += 1;
      for (const row of page.rows) {
        const order = look.byNumber.get(row.orderId) ?? taggedAs(look, row);
        if (order !== undefined) addTo(look.rows, order, row);
      }
      whole = page.last;
      const seen = look.rows.size;
      // Only the whole list tells that an order without a number is not there, or there twice.
      if (look.byTag.size === 0 && (seen === orders || pages >= seen + attempt)) break;
    }
    this.pages = pages;
    if (pages > look.rows.size) this.fewest = Math.max(2, orders * 2);
    return whole;
  }
}

const lookFor = (orders: readonly OrderName[]): Look => ({
  byNumber: new Map(orders.filter(({ orderId }) => orderId !== '').map((order) => [order.orderId, order])),
  byTag: new Map(orders.filter(({ orderId }) => orderId === '').map((order) => [order.clientOrderId, order])),
  rows: new Map(),
});

const taggedAs = ({ byTag }: Look, row: OrderRow): OrderName | undefined => {
  const order = byTag.get(row.tag ?? '');
  return order !== undefined && mayBe(row, order) ? order : undefined;
};

const addTo = (rows: Map<OrderName, OrderRow[]>, order: OrderName, row: OrderRow): void => {
  const those = rows.get(order);
  if (those === undefined) rows.set(order, [row]);
  else those.push(row);
};

/** Undefined: not seen, or not readable in the list; asking for the order alone says why. */
const reportOfRows = (rows: readonly OrderRow[] | undefined, order: OrderName): OrderReport | undefined => {
  const [first] = rows ?? [];
  if (rows === undefined || first === undefined) return undefined;
  const report = reportOf(first.row);
  if (!report.ok) return undefined;
  if (rows.length === 1) return named(report.value, order);
  return {
    ...report.value,
    orderId: '',
    status: 'unknown',
    statusText: SEVERAL_ORDERS,
    filledQty: ZERO,
    averagePrice: null,
    reason: severalOrders(rows),
  };
};
