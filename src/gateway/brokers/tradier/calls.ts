/**
 * Tradier's requests that ask or cancel, each with what its answers mean. What cannot be found out is `unavailable`, with a reason.
 *
 * An order number that the account does not have was measured (in the sandbox) to answer 401 `Unauthorized Account: ...`, as a wrong account
 * does: it is `foreign` here, and only an answer under the same credentials tells that there is no such order. 404 is what others of its kind
 * answer, and means absent, but not on a web page: a proxy that does not know the path says nothing about the order.
 */
import type { z } from 'zod';
import type { JsonObject } from '../../../contracts/json/value';
import type { Unavailable } from '../../broker';
import type { BrokerHttp, BrokerRequest, BrokerResponse } from '../http/brokerHttp';
import { readAnswer } from '../http/readAnswer';
import { acknowledgement, orderList, refusal, singleOrder } from './answers';
import { orderRow, type OrderRow } from './orderRow';
import type { OrderForm } from './orderForm';
import { isPage, wordsOf } from './refusalWords';

export type SingleOrder =
  { readonly type: 'found'; readonly row: JsonObject } | { readonly type: 'absent' } | { readonly type: 'foreign' } | Unavailable;
export type CancelAnswer =
  | { readonly type: 'requested' }
  | { readonly type: 'finished' }
  | { readonly type: 'absent' }
  | { readonly type: 'foreign' }
  | Unavailable;
export type OrderPage = { readonly type: 'page'; readonly rows: readonly OrderRow[] } | Unavailable;

/** Rows that are asked for at once. If Tradier sends fewer, the next page is asked for all the same (orderList.ts). */
const PAGE_ROWS = 1_000;

const FINISHED = /already in finalized state/i;
const NO_SUCH_ORDER = /unauthorized account/i;

export class TradierCalls {
  private readonly account: string;

  constructor(
    private readonly http: BrokerHttp,
    accountId: string,
  ) {
    this.account = `/accounts/${encodeURIComponent(accountId)}`;
  }

  /** Sent once; never repeated. */
  submit(form: OrderForm, mayBeSent: () => boolean): Promise<BrokerResponse> {
    const path = `${this.account}/orders`;
    return this.http.request({ operation: 'submit', kind: 'submit', method: 'POST', path, form, mayBeSent });
  }

  async cancel(orderId: string): Promise<CancelAnswer> {
    const path = `${this.account}/orders/${encodeURIComponent(orderId)}`;
    const response = await this.http.request({ operation: 'cancel', kind: 'cancel', method: 'DELETE', path });
    if (response.type === 'failed') return unavailable(response);
    const { status, body } = response;
    // A finished order answers with plain text, whatever the status.
    if (status < 500 && !isPage(body) && FINISHED.test(wordsOf(body))) return { type: 'finished' };
    if (status !== 200) return missing(status, body) ?? this.unexpected(status, body);
    const read = readAnswer(acknowledgement, body);
    if (!read.ok) return this.unreadable(read.error);
    return read.value.order === null ? this.unexpected(status, body) : { type: 'requested' };
  }

  async order(orderId: string): Promise<SingleOrder> {
    const path = `${this.account}/orders/${encodeURIComponent(orderId)}`;
    const response = await this.http.request({ ...reading('find'), path, query: { includeTags: 'true' } });
    if (response.type === 'failed') return unavailable(response);
    const { status, body } = response;
    if (status !== 200) return missing(status, body) ?? this.unexpected(status, body);
    const read = readAnswer(singleOrder, body);
    if (!read.ok) return this.notRead(read.error, body);
    const { order } = read.value;
    return order === null ? { type: 'absent' } : { type: 'found', row: order };
  }

  /** Without `since` the orders of today's session; with it (`yyyy-mm-dd`), those created from that day on, of a month at most. */
  async page(page: number, since: string | undefined): Promise<OrderPage> {
    const list = await this.read('list', `${this.account}/orders`, orderList, {
      includeTags: 'true',
      page: String(page),
      limit: String(PAGE_ROWS),
      filter: since === undefined ? undefined : 'all',
      start: since,
    });
    if (list.type === 'unavailable') return list;
    const rows: OrderRow[] = [];
    for (const row of list.value.orders) {
      const read = orderRow(row);
      if (!read.ok) return this.unreadable(read.error);
      rows.push(read.value);
    }
    return { type: 'page', rows };
  }

  /** `name`: of what is asked for below the account, such as `positions`. */
  async ofAccount<T>(name: string, schema: z.ZodType<T>): Promise<{ readonly type: 'value'; readonly value: T } | Unavailable> {
    return this.read(name, `${this.account}/${name}`, schema);
  }

  unreadable(reason: string): Unavailable {
    return { type: 'unavailable', code: 'BAD_ANSWER', reason: this.http.forPeople(reason) };
  }

  private async read<T>(
    operation: string,
    path: string,
    schema: z.ZodType<T>,
    query?: BrokerRequest['query'],
  ): Promise<{ readonly type: 'value'; readonly value: T } | Unavailable> {
    const response = await this.http.request({ ...reading(operation), path, ...(query === undefined ? {} : { query }) });
    if (response.type === 'failed') return unavailable(response);
    if (response.status !== 200) return this.unexpected(response.status, response.body);
    const read = readAnswer(schema, response.body);
    return read.ok ? { type: 'value', value: read.value } : this.notRead(read.error, response.body);
  }

  /** Errors can come with status 200 too: then they say more than what is missing. */
  private notRead(error: string, body: string): Unavailable {
    return readAnswer(refusal, body).ok ? this.unexpected(200, body) : this.unreadable(error);
  }

  private unexpected(status: number, body: string): Unavailable {
    const code = status === 200 ? 'REFUSED' : (CODES.get(status) ?? `HTTP_${status}`);
    return { type: 'unavailable', code, reason: this.http.forPeople(`Tradier answered ${status}: ${wordsOf(body)}`) };
  }
}

const CODES: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHORIZED'],
  [403, 'FORBIDDEN'],
  [429, 'RATE_LIMITED'],
]);

const reading = (operation: string) => ({ operation, kind: 'read', method: 'GET' }) as const;

const missing = (status: number, body: string): { readonly type: 'absent' } | { readonly type: 'foreign' } | undefined => {
  if (isPage(body)) return undefined;
  if (status === 404) return { type: 'absent' };
  return status === 401 && NO_SUCH_ORDER.test(body) ? { type: 'foreign' } : undefined;
};

const unavailable = ({ code, reason }: BrokerResponse & { type: 'failed' }): Unavailable => ({
  type: 'unavailable',
  code,
  reason,
});
