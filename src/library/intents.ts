/** Order intents of a strategy's own making, checked as strictly as those that come over the wire. */
import type { ContractError } from '../contracts/contractError';
import { describeError } from '../contracts/contractError';
import { readDocument } from '../contracts/documents/readDocument';
import { orderIntentText } from '../contracts/documents/writeDocument';
import type { OrderIntent } from '../contracts/messages';
import { failed } from '../contracts/result';
import type { Result } from '../contracts/result';
import { formatDecimal } from '../contracts/decimal';
import type { Decimal } from '../contracts/decimal';
import { ClientError } from './clientError';
import { isObject, nameOf } from './options';

/**
 * Reads an order intent: JSON as text or UTF-8 bytes, at most 65,536 of them, or the object that such JSON stands for. Numbers are kept to their last digit where they come as
 * text (`qty: '0.1'`); a JavaScript number is what JavaScript prints of it. The error says which field, what was found and what was expected.
 */
export const readIntent = (
  input: string | Uint8Array | Readonly<Record<string, unknown>>,
): Result<OrderIntent, ContractError> => {
  if (typeof input === 'string' || input instanceof Uint8Array) return readDocument('order_intent', input);
  if (!isObject(input))
    return failed({ path: '', message: `expected an order intent: JSON or its object, found ${nameOf(input)}` });
  try {
    return readDocument('order_intent', JSON.stringify(input));
  } catch (error) {
    // A bigint, or an object that holds itself.
    return { ok: false, error: { path: '', message: `expected what JSON can hold: ${(error as Error).message}` } };
  }
};

/** The intent as the JSON that is sent: the same intent has the same bytes each time. Throws a ClientError on what is none, as plain JavaScript may pass. */
export const sentText = (intent: OrderIntent): string => {
  const given: unknown = intent;
  if (!isObject(given)) throw invalid(`expected an OrderIntent, found ${nameOf(given)}`);
  const { qty, limit_price } = given;
  // A number would be taken for so many units of 10^-18.
  if (typeof qty !== 'bigint' || (limit_price !== null && typeof limit_price !== 'bigint'))
    throw invalid('expected qty and limit_price as Decimals, such as decimal("10"), or limit_price null');
  let text: string;
  try {
    text = JSON.stringify({ ...given, qty: formatDecimal(intent.qty), limit_price: priceText(intent.limit_price) });
  } catch (error) {
    // A bigint elsewhere, or an object that holds itself.
    throw invalid('expected every field of an OrderIntent, and no other', error);
  }
  // What is passed is read as strictly as what comes over the wire: a field that nobody knows is refused, and not dropped.
  const read = readDocument('order_intent', text);
  if (!read.ok) throw invalid(describeError({ path: read.error.path, message: read.error.message }));
  return orderIntentText(read.value);
};

const priceText = (price: Decimal | null): string | null => (price === null ? null : formatDecimal(price));

const invalid = (what: string, cause?: unknown): ClientError =>
  new ClientError('invalid_intent', `intent: ${what}; nothing was sent`, false, cause);
