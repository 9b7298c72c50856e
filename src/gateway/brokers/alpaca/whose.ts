/**
 * Whether an order that Alpaca shows under one of our names is ours. A name follows from the run's and the intent's, and Alpaca keeps it for the account for
 * ever: another run of the same name, in another directory, has used it before.
 */
import type { BrokerOrder, OrderName, Trouble } from '../../broker';
import { isBefore } from '../http/clockSkew';
import type { AlpacaOrder } from './orders';

/** `unsaid`: Alpaca does not say when it was made, so it cannot be found out. */
type Whose = 'ours' | 'unsaid' | 'another';

export const whoseIs = (shown: AlpacaOrder, { intent, submittedAt }: BrokerOrder): Whose => {
  const { symbol, side, qty } = shown.report;
  const agrees =
    pair(symbol) === pair(intent.instrument.symbol) &&
    side === intent.side &&
    qty === intent.qty &&
    shown.orderType === intent.order_type;
  if (!agrees) return 'another';
  if (shown.madeAt === null) return 'unsaid';
  return isBefore(shown.madeAt, submittedAt) ? 'another' : 'ours';
};

/** Undefined: it may be the order of that name. What was found by Alpaca's own id, which is the answer to our submission, is. */
export const troubleWith = (
  { madeAt, report }: AlpacaOrder,
  { orderId, clientOrderId, submittedAt }: OrderName,
): Trouble | undefined =>
  orderId !== '' || (madeAt !== null && !isBefore(madeAt, submittedAt))
    ? undefined
    : {
        code: 'NAME_IN_USE',
        reason:
          madeAt === null
            ? `Alpaca does not say when order ${report.orderId} with the name ${clientOrderId} was made, so it may be another one`
            : `order ${report.orderId} has the name ${clientOrderId}, but was made before this one was submitted: it is another one`,
      };

/** Alpaca writes a pair with a slash or, as it did before, without. */
const pair = (symbol: string): string => symbol.replace('/', '');
