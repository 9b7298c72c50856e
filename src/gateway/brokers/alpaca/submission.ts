/**
 * The one request that can make an order: POST /v2/orders. Market and limit orders of equities (good for the day) and crypto (good until
 * cancelled: Alpaca takes no day orders of crypto); everything else is rejected before anything is sent.
 * Source: Alpaca, Trading API, "Create an Order", "Crypto Orders", "Fractional Trading" (at most 9 decimal places).
 */
import { formatDecimal } from '../../../contracts/decimal';
import type { BrokerOrder, SubmitOutcome, Trouble, Unavailable } from '../../broker';
import type { BrokerHttp, BrokerResponse } from '../http/brokerHttp';
import { refusalOf, valueOf } from './answers';
import { orderAnswer, type AlpacaOrder } from './orders';
import { whoseIs } from './whose';

/** 10^-9 in units of a Decimal. */
const SMALLEST_QUANTITY = 10n ** 9n;
const AFTER_NO_CONNECTION_MS = 1_000;
/** Covers more than one mistake of a request; a client order id that was used before is one of them. */
const INVALID_OR_DUPLICATE = '40010001';
const DUPLICATE = /client_order_id.*(unique|duplicate|exists)|duplicate.*client_order_id/i;

/** What Alpaca shows under a name, whosever order it is. */
export type ShownOrder = { readonly type: 'shown'; readonly order: AlpacaOrder } | { readonly type: 'absent' } | Unavailable;

/** `find`: what has the order's name. */
export const submitOrder = async (
  http: BrokerHttp,
  order: BrokerOrder,
  find: () => Promise<ShownOrder>,
): Promise<SubmitOutcome> => {
  const { instrument, side, order_type: type, qty, limit_price: limit } = order.intent;
  if (instrument.asset_class !== 'equity' && instrument.asset_class !== 'crypto')
    return rejected('UNSUPPORTED', `Alpaca trades equities and crypto, not ${instrument.asset_class}`);
  if (qty % SMALLEST_QUANTITY !== 0n) return rejected('UNSUPPORTED', 'Alpaca takes quantities of at most 9 decimal places');
  if (type === 'limit' && limit === null) return rejected('INVALID_ORDER', 'a limit order needs a limit price');
  const response = await http.request({
    operation: 'submit',
    kind: 'submit',
    method: 'POST',
    path: '/v2/orders',
    mayBeSent: order.mayBeSent,
    json: {
      symbol: instrument.symbol,
      qty: formatDecimal(qty),
      side,
      type,
      time_in_force: instrument.asset_class === 'crypto' ? 'gtc' : 'day',
      ...(type === 'limit' && limit !== null ? { limit_price: formatDecimal(limit) } : {}),
      client_order_id: order.clientOrderId,
    },
  });
  return outcomeOf(http, response, order, find);
};

const rejected = (code: string, reason: string): SubmitOutcome => ({ type: 'rejected', orderId: '', code, reason });

const outcomeOf = async (
  http: BrokerHttp,
  response: BrokerResponse,
  order: BrokerOrder,
  find: () => Promise<ShownOrder>,
): Promise<SubmitOutcome> => {
  if (response.type === 'failed') {
    const { code, reason, sent, retryAfterMs = AFTER_NO_CONNECTION_MS } = response;
    if (sent) return { type: 'unknown', code, reason };
    if (code === 'INVALID_REQUEST') return { type: 'failed', code, reason };
    return { type: 'deferred', afterMs: retryAfterMs, code, reason };
  }
  const { status, body, retryAfterMs } = response;
  if (status < 300) return acceptedOf(http, response, order.clientOrderId);
  const { code, reason } = refusalOf(http, status, body);
  if (status === 429) return { type: 'deferred', afterMs: retryAfterMs ?? AFTER_NO_CONNECTION_MS, code, reason };
  // 408 comes from what stands before the broker; whether the order had been passed on, it does not say.
  if (status < 400 || status >= 500 || status === 408) return { type: 'unknown', code, reason };
  if (status === 422 && code === INVALID_OR_DUPLICATE) return alreadySent({ code, reason }, order, await find());
  return { type: 'failed', code, reason };
};

/** 2xx means that Alpaca has the order, not that it is filled. */
const acceptedOf = (http: BrokerHttp, response: BrokerResponse, clientOrderId: string): SubmitOutcome => {
  const read = valueOf(http, response, orderAnswer);
  if (read.type === 'unavailable') return { ...read, type: 'unknown' };
  const { report } = read.value;
  if (report.clientOrderId !== clientOrderId)
    return { type: 'unknown', code: 'BAD_ANSWER', reason: 'the broker answered about another order than the one that was sent' };
  return { type: 'accepted', orderId: report.orderId, report };
};

/** A name that was used before: by this order, whose first submission was not answered, or by another one, and then this one was not taken. */
const alreadySent = ({ code, reason }: Trouble, order: BrokerOrder, found: ShownOrder): SubmitOutcome => {
  if (found.type === 'absent' && !DUPLICATE.test(reason)) return { type: 'failed', code, reason };
  const unclear = (why: string): SubmitOutcome => ({
    type: 'unknown',
    code,
    reason: `${reason}; the order of that name could not be looked up: ${why}`,
  });
  if (found.type !== 'shown') return unclear(found.type === 'absent' ? 'the broker does not show it yet' : found.reason);
  const { report } = found.order;
  switch (whoseIs(found.order, order)) {
    case 'ours':
      return { type: 'accepted', orderId: report.orderId, report };
    case 'unsaid':
      return unclear('the broker does not say when it was made');
    case 'another':
      return {
        type: 'failed',
        code: 'DUPLICATE_NAME',
        reason:
          `the name ${order.clientOrderId} was used before by another order of the account (${report.orderId}): ` +
          'the run id was used before; start with another run id',
      };
  }
};
