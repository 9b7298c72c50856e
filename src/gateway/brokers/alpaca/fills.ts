/**
 * Executions by order, from GET /v2/account/activities/FILL: one row for each, with the order's id but not its client order id.
 *
 * Rows are read once, in their order, from where the last reading ended, less an overlap for rows that come late; at most some pages at a time,
 * so that a long history is caught up with over several polls. Kept is what the last orders need; what is forgotten or was never read is told by
 * the order's own filled quantity and average price.
 * Source: Alpaca, Trading API, "Account Activities" (paging: page_token is the last row's id; page_size at most 100).
 */
import { z } from 'zod';
import { ZERO } from '../../../contracts/decimal';
import { amount, ABOVE_ZERO, name, NOT_NEGATIVE, orNull } from '../../../contracts/documents/kinds';
import { field, fieldOr, openObject } from '../../../contracts/documents/schema';
import { formatRfc3339, parseRfc3339 } from '../../../contracts/timestamp';
import type { BrokerFill, OrderReport, Unavailable } from '../../broker';
import type { BrokerHttp } from '../http/brokerHttp';
import { valueOf } from './answers';
import { withFills } from './orders';

const PAGE_ROWS = 100;
const PAGES_AT_ONCE = 20;
const OVERLAP_MS = 60_000;
const MOST_ORDERS = 10_000;

const rows = z.array(
  openObject({
    id: field(name),
    order_id: field(name),
    qty: field(amount(ABOVE_ZERO)),
    price: field(amount(NOT_NEGATIVE)),
    cum_qty: fieldOr(orNull(amount(ABOVE_ZERO)), () => null, null),
    transaction_time: field(name),
  }),
);

/** `submittedAt`: ms since 1970; its executions are not older. */
export interface FilledOrder {
  readonly report: OrderReport;
  readonly submittedAt: number;
}
type ReadOutcome = { readonly type: 'read' } | Unavailable;

export class FillLog {
  /** By order id, then by what the order had filled after it, which no two executions of an order share. Least recently needed first. */
  private readonly fills = new Map<string, Map<bigint, BrokerFill>>();
  /** All rows from here (ms since 1970) on were read, up to `to`. */
  private from = Number.POSITIVE_INFINITY;
  private to = Number.POSITIVE_INFINITY;
  /** Where a reading stopped that had more pages than are read at once. */
  private rest: { readonly after: string; readonly token: string } | undefined;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly http: BrokerHttp) {}

  of({ orderId }: OrderReport): readonly BrokerFill[] {
    return [...(this.fills.get(orderId)?.values() ?? [])].sort((a, b) => (a.cumQty < b.cumQty ? -1 : 1));
  }

  /** Whether something was filled that no row has told yet. */
  lacks(report: OrderReport): boolean {
    return report.filledQty > ZERO && withFills(report, this.of(report)).fills.at(-1)?.cumQty !== report.filledQty;
  }

  /**
   * Reads on for the reports that lack something: forwards, and only if that does not help those that are older than the first row that was read, from
   * their own beginning. One reading at a time.
   */
  readOn(wanted: readonly FilledOrder[]): Promise<ReadOutcome> {
    const reading = this.reading.then(
      () => this.readFor(wanted),
      () => this.readFor(wanted),
    );
    this.reading = reading;
    return reading;
  }

  private async readFor(wanted: readonly FilledOrder[]): Promise<ReadOutcome> {
    const first = this.oldestLacking(wanted);
    if (first === undefined) return { type: 'read' };
    if (this.from === Number.POSITIVE_INFINITY) this.beginAt(first);
    const read = await this.readPages();
    if (read.type === 'unavailable') return read;
    const second = this.oldestLacking(wanted);
    if (second === undefined || second >= this.from) return read;
    this.beginAt(second);
    return this.readPages();
  }

  private oldestLacking(wanted: readonly FilledOrder[]): number | undefined {
    let oldest: number | undefined;
    for (const { report, submittedAt } of wanted)
      if ((oldest === undefined || submittedAt < oldest) && this.lacks(report)) oldest = submittedAt;
    return oldest;
  }

  private beginAt(time: number): void {
    this.from = time;
    this.to = time;
    this.rest = undefined;
  }

  private async readPages(): Promise<ReadOutcome> {
    // Whole seconds, since the documentation promises no others; the overlap also covers clocks that differ.
    const after = this.rest?.after ?? formatRfc3339(Math.floor((this.to - OVERLAP_MS) / 1_000) * 1_000);
    let token = this.rest?.token;
    this.rest = undefined;
    for (let page = 0; page < PAGES_AT_ONCE; page++) {
      const response = await this.http.request({
        operation: 'fills',
        kind: 'read',
        method: 'GET',
        path: '/v2/account/activities/FILL',
        query: { direction: 'asc', page_size: String(PAGE_ROWS), after, page_token: token },
      });
      const read = valueOf(this.http, response, rows);
      if (read.type === 'unavailable') return read;
      for (const row of read.value) {
        this.to = Math.max(this.to, parseRfc3339(row.transaction_time) ?? this.to);
        if (row.cum_qty !== null) this.keep(row.order_id, { qty: row.qty, price: row.price, cumQty: row.cum_qty });
      }
      const last = read.value.at(-1);
      if (last === undefined || read.value.length < PAGE_ROWS || last.id === token) {
        this.rest = undefined;
        break;
      }
      token = last.id;
      this.rest = { after, token };
    }
    this.forget();
    return { type: 'read' };
  }

  private keep(orderId: string, fill: BrokerFill): void {
    const known = this.fills.get(orderId) ?? new Map<bigint, BrokerFill>();
    known.set(fill.cumQty, fill);
    this.fills.delete(orderId);
    this.fills.set(orderId, known);
  }

  private forget(): void {
    for (const orderId of this.fills.keys()) {
      if (this.fills.size <= MOST_ORDERS) return;
      this.fills.delete(orderId);
    }
  }
}
