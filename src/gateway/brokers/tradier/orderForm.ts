/**
 * The form of an order for `POST /accounts/{id}/orders`, or why Tradier cannot take it: then nothing is sent.
 *
 * Equities in whole shares only; a fraction is never cut off, since then less would be traded than was decided. Orders are for the day.
 * Source: Tradier, "Place an Equity Order" (class, symbol, side, quantity, type, duration, price, tag).
 */
import { formatDecimal, ONE } from '../../../contracts/decimal';
import type { BrokerOrder, Trouble } from '../../broker';
import { sideOf } from './side';

export type OrderForm = Readonly<Record<string, string>>;

export const orderForm = (order: BrokerOrder): { readonly form: OrderForm } | { readonly trouble: Trouble } => {
  const { intent, clientOrderId } = order;
  const { instrument, qty, order_type: type, limit_price: limit } = intent;
  if (instrument.asset_class !== 'equity')
    return refused(
      'UNSUPPORTED',
      `Tradier is asked for equities only, and \`${instrument.symbol}\` is ${instrument.asset_class}`,
    );
  if (qty % ONE !== 0n)
    return refused('FRACTIONAL_QUANTITY', `Tradier takes whole shares only, and the quantity is ${formatDecimal(qty)}`);
  if (type === 'limit' && limit === null) return refused('PRICE_MISSING', 'a limit order needs a limit price');
  const side = sideOf(order);
  if (typeof side !== 'string') return { trouble: side };
  return {
    form: {
      class: 'equity',
      symbol: instrument.symbol,
      side,
      quantity: formatDecimal(qty),
      type,
      duration: 'day',
      ...(type === 'limit' && limit !== null ? { price: formatDecimal(limit) } : {}),
      tag: clientOrderId,
    },
  };
};

const refused = (code: string, reason: string): { readonly trouble: Trouble } => ({ trouble: { code, reason } });
