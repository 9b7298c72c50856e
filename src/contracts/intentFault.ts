/**
 * What makes a readable OrderIntent unacceptable, whichever way it came: JSON and Avro intents obey the same rules.
 * Source: contracts, "OrderIntent" and "Strict input".
 */
import type { OrderIntent } from './messages';
import { parseRfc3339 } from './timestamp';

/** The field and what was expected of it, in one line; undefined: nothing is wrong. */
export const intentFault = (intent: OrderIntent): string | undefined => {
  let fault = nameFault(intent.intent_id);
  if (fault !== undefined) return `intent_id ${fault}`;
  fault = nameFault(intent.strategy_id);
  if (fault !== undefined) return `strategy_id ${fault}`;
  fault = nameFault(intent.account_id);
  if (fault !== undefined) return `account_id ${fault}`;
  fault = nameFault(intent.instrument.symbol);
  if (fault !== undefined) return `instrument.symbol ${fault}`;
  if (parseRfc3339(intent.timestamp) === undefined)
    return 'timestamp is not RFC 3339 in UTC: expected a form such as 2026-02-24T09:30:01Z';
  if (intent.qty <= 0n) return 'qty is not above zero: expected how many to trade, whichever side';
  if (intent.limit_price !== null && intent.limit_price < 0n) return 'limit_price is below zero: expected zero or above, or null';
  return undefined;
};

/** UTF-16 units of an id or a symbol, in every form that it comes in. */
export const LONGEST_NAME = 256;

/** What is wrong with a text that names something (an id, a symbol): it is empty, or has a control character or half a surrogate pair. */
export const nameFault = (name: string): string | undefined => {
  const { length } = name;
  if (length === 0) return 'is empty: expected one character or more';
  if (length > LONGEST_NAME) return `is too long: expected at most ${LONGEST_NAME} characters`;
  for (let i = 0; i < length; i++) {
    const code = name.charCodeAt(i);
    // C0, delete and C1.
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return 'has a control character: expected printable ones';
    if (code >= 0xd800 && code <= 0xdfff)
      return LONE_SURROGATE.test(name) ? 'has half a surrogate pair: expected whole characters' : controlFault(name);
  }
  return undefined;
};

const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** For the rare name with characters beyond U+FFFF. */
const controlFault = (name: string): string | undefined =>
  CONTROL.test(name) ? 'has a control character: expected printable ones' : undefined;
