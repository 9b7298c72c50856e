/**
 * Looks at many orders with few requests: the open ones of the account in pages, the others one by one, executions only when something was
 * filled that no row has told yet. What it costs grows with what is open and what is asked for, never with orders that ended before.
 */
import type { FoundOrder, OrderName, OrderReport, PolledOrders, Unavailable } from '../../broker';
import type { BrokerHttp } from '../http/brokerHttp';
import { unavailable } from './answers';
import type { FilledOrder, FillLog } from './fills';
import { listEndedOrders, listOpenOrders } from './openOrderList';
import { withFills, type AlpacaOrder } from './orders';
import { troubleWith } from './whose';

/** Look-ups under way at the same time, and in one poll; the rest is neither reported nor absent, and looked up in the next ones. */
const AT_ONCE = 8;
const LOOK_UPS = 40;
/** From so many orders on that are no longer open, one page of ended orders is asked for first. */
const WORTH_A_PAGE = 4;
/** Clocks may differ: the broker's times are its own. */
const CLOCKS_MS = 60_000;
/** From so many failures in a row on, the rest is told without what fails: an order, or executions (filled quantities and averages are enough). */
const FAILURES_BEARED = 3;

type LookUp = FoundOrder & { readonly clientOrderId: string };
type FailedLookUp = Unavailable & { readonly clientOrderId: string };

export class OrderPoll {
  /** Requests that the open orders took last time. */
  private pages = 1;
  /** Where the next poll begins to look up, if one cannot look up all. */
  private turn = 0;
  /** Polls in a row in which this order could not be looked up, and in which executions could not be read. */
  private failures: ReadonlyMap<string, number> = new Map();
  private fillFailures = 0;

  constructor(
    private readonly http: BrokerHttp,
    private readonly fills: FillLog,
    private readonly lookUp: (order: OrderName) => Promise<FoundOrder>,
  ) {}

  async poll(orders: readonly OrderName[]): Promise<PolledOrders> {
    if (orders.length === 0) return { type: 'polled', reports: [], absent: [] };
    const missing = new Map(orders.map((order) => [order.clientOrderId, order]));
    const reports: OrderReport[] = [];
    const take = (report: OrderReport): void => {
      if (missing.delete(report.clientOrderId)) reports.push(report);
    };
    // What is listed under its name but cannot be it stays missing: the look-up says why.
    const takeListed = (listed: AlpacaOrder): void => {
      const order = missing.get(listed.report.clientOrderId);
      if (order !== undefined && troubleWith(listed, order) === undefined) take(listed.report);
    };
    if (missing.size > this.pages) {
      const open = await listOpenOrders(this.http);
      if (open.type === 'unavailable') return open;
      this.pages = open.pages;
      open.orders.forEach(takeListed);
      const others = [...missing.values()];
      if (others.length >= WORTH_A_PAGE) (await listEndedOrders(this.http, oldestOf(others) - CLOCKS_MS)).forEach(takeListed);
    }
    const absent: string[] = [];
    const failed: FailedLookUp[] = [];
    for (const found of await this.lookUpSome([...missing.values()])) {
      if (found.type === 'found') take(found.report);
      else if (found.type === 'absent') absent.push(found.clientOrderId);
      else failed.push(found);
    }
    const trouble = this.troubleOf(failed, reports.length + absent.length);
    if (trouble !== undefined) return trouble;
    const submitted = new Map(orders.map(({ clientOrderId, submittedAt }) => [clientOrderId, submittedAt]));
    const unread = await this.readFills(
      reports.map((report) => ({ report, submittedAt: submitted.get(report.clientOrderId) ?? 0 })),
    );
    return unread ?? { type: 'polled', reports: reports.map((report) => withFills(report, this.fills.of(report))), absent };
  }

  /** The report with its executions, as far as they can be had. */
  async completed(report: OrderReport, submittedAt: number): Promise<OrderReport> {
    if (this.fills.lacks(report)) await this.fills.readOn([{ report, submittedAt }]);
    return withFills(report, this.fills.of(report));
  }

  /** A poll is whole or unavailable, but an order that cannot be looked up time and again must not hide the others for ever. */
  private troubleOf(failed: readonly FailedLookUp[], learned: number): Unavailable | undefined {
    const before = this.failures;
    this.failures = new Map(failed.map(({ clientOrderId }) => [clientOrderId, (before.get(clientOrderId) ?? 0) + 1]));
    const fresh = failed.find(({ clientOrderId }) => learned === 0 || (this.failures.get(clientOrderId) ?? 0) < FAILURES_BEARED);
    return fresh === undefined ? undefined : unavailable(fresh);
  }

  private async readFills(orders: readonly FilledOrder[]): Promise<Unavailable | undefined> {
    const read = await this.fills.readOn(orders);
    this.fillFailures = read.type === 'read' ? 0 : this.fillFailures + 1;
    return read.type === 'read' || this.fillFailures >= FAILURES_BEARED ? undefined : read;
  }

  private async lookUpSome(orders: readonly OrderName[]): Promise<readonly LookUp[]> {
    const begin = orders.length > LOOK_UPS ? this.turn % orders.length : 0;
    const chosen = [...orders.slice(begin), ...orders.slice(0, begin)].slice(0, LOOK_UPS);
    this.turn = begin + chosen.length;
    const found: LookUp[] = [];
    const waiting = chosen.values();
    const worker = async (): Promise<void> => {
      for (const order of waiting) found.push({ ...(await this.lookUp(order)), clientOrderId: order.clientOrderId });
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, chosen.length) }, worker));
    return found;
  }
}

const oldestOf = (orders: readonly OrderName[]): number =>
  orders.reduce((oldest, { submittedAt }) => Math.min(oldest, submittedAt), Number.POSITIVE_INFINITY);
