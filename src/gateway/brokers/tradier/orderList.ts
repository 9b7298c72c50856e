/**
 * Tradier's list of orders, page by page, each order once: of today's session, open and ended, whoever placed them; with `since`, from that
 * day on, which Tradier asks to do sparingly. Without paging it shows 25 rows only.
 *
 * A page of fewer than 25 rows is the last one; a fuller one may have been cut by a limit of Tradier's that is below what we asked for, so the
 * next page is read, until one has no order that was not seen before. While pages are read, orders may be added, which moves rows to the next
 * page: an order may then come twice, but none is missed.
 * Source: Tradier, "Get an account's orders": page, limit, filter, start.
 */
import type { Unavailable } from '../../broker';
import type { TradierCalls } from './calls';
import type { OrderRow } from './orderRow';

const SMALLEST_PAGE = 25;
/** No account has more in a month; what goes on for longer is a server that repeats itself. */
const MOST_PAGES = 10_000;

export type ListedRows = { readonly type: 'rows'; readonly rows: readonly OrderRow[]; readonly last: boolean } | Unavailable;

/** Yields the new rows of each page, and ends after the last page or the first that could not be had. */
export async function* orderPages(calls: TradierCalls, since?: string): AsyncGenerator<ListedRows, void, undefined> {
  const seen = new Set<string>();
  for (let page = 1; page <= MOST_PAGES; page++) {
    const answer = await calls.page(page, since);
    if (answer.type === 'unavailable') {
      yield answer;
      return;
    }
    const rows: OrderRow[] = [];
    for (const row of answer.rows) {
      if (seen.has(row.orderId)) continue;
      seen.add(row.orderId);
      rows.push(row);
    }
    const last = answer.rows.length < SMALLEST_PAGE || rows.length === 0;
    yield { type: 'rows', rows, last };
    if (last) return;
  }
}

/** All of it; the whole list or none. */
export const wholeList = async (
  calls: TradierCalls,
  since?: string,
): Promise<{ readonly type: 'rows'; readonly rows: readonly OrderRow[] } | Unavailable> => {
  const rows: OrderRow[] = [];
  for await (const page of orderPages(calls, since)) {
    if (page.type === 'unavailable') return page;
    for (const row of page.rows) rows.push(row);
    if (page.last) return { type: 'rows', rows };
  }
  return calls.unreadable('the list of orders has no end');
};
