/**
 * The shapes of Tradier's answers, read strictly; fields that we do not need may be there.
 *
 * Tradier writes JSON as translated from XML: what is empty is the text "null", one item is an object, several are a list. Numbers keep their
 * digits. Rows of orders are read one by one where they are needed (orderRow.ts), since orders of others may have shapes that are not ours.
 * Source: Tradier, "Get an account's orders", "Get an individual order", "Place an Equity Order", "Get positions", "Get balances".
 */
import { amount, ANY_DECIMAL, name, orNull, refuse, type Kind } from '../../../contracts/documents/kinds';
import { field, fieldOr, kindOf, openObject } from '../../../contracts/documents/schema';
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../../../contracts/json/value';

/** An order's number, kept as a text. */
export const orderNumber: Kind<string> = {
  read: (value) => {
    const text = value instanceof JsonNumber ? value.text : value;
    return typeof text === 'string' && /^[0-9]{1,30}$/.test(text) ? text : refuse('the number of an order', value);
  },
  schema: {},
};

const isEmpty = (value: JsonValue | undefined): boolean => value === undefined || value === null || value === 'null';

/** What stands in a list, in an object on its own, or is empty. */
export const rows: Kind<readonly JsonObject[]> = {
  read: (value) => {
    if (isEmpty(value)) return [];
    const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    const objects = list.filter(isJsonObject);
    return objects.length === list.length ? objects : refuse('an object, a list of objects or "null"', value);
  },
  schema: {},
};

/** `{"orders": {"order": ...}}` and its like; the outer object may be empty, but it must be there. */
const rowsIn = (inner: string): Kind<readonly JsonObject[]> => ({
  read: (value) => {
    if (value === undefined || value === '') return refuse('an object or "null"', value);
    if (isEmpty(value)) return [];
    return isJsonObject(value) ? rows.read(value[inner]) : refuse('an object or "null"', value);
  },
  schema: {},
});

/** Of anything: its text, where it is one; what a broker says besides the facts must not make them unreadable. */
const wordsOrNone: Kind<string | null> = {
  read: (value) => (typeof value === 'string' && value !== '' && value !== 'null' ? value : null),
  schema: {},
};
export const words = fieldOr(wordsOrNone, () => null, null);

/** One text or several; none of them empty. */
const texts: Kind<readonly string[]> = {
  read: (value) => {
    if (isEmpty(value)) return [];
    const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    const found = list.filter((each) => typeof each === 'string').filter((each) => each.trim() !== '');
    return found.length > 0 && found.length === list.length ? found : refuse('a text or a list of texts', value);
  },
  schema: {},
};

/** Null: it is there, and empty. */
const emptyOr = <T>(kind: Kind<T>): Kind<T | null> => ({
  read: (value) => (value !== undefined && isEmpty(value) ? null : kind.read(value)),
  schema: {},
});

const errors = kindOf(openObject({ error: field(texts) }));
const anObject: Kind<JsonObject> = {
  read: (value) => (isJsonObject(value) ? value : refuse('an object', value)),
  schema: {},
};

export const orderList = openObject({ orders: field(rowsIn('order')) });
/** Null: there is none. */
export const singleOrder = openObject({ order: field(emptyOr(anObject)) });

/** Of a POST or a DELETE: the order it is about, or why not. One of both, or it is no answer. */
export const acknowledgement = openObject({
  order: fieldOr(emptyOr(kindOf(openObject({ id: field(orderNumber) }))), () => null, null),
  errors: fieldOr(emptyOr(errors), () => null, null),
}).refine(({ order, errors: refused }) => (order === null) !== (refused === null), {
  error: 'expected either an order with its number or errors',
});

/** Errors that came in the place of what was asked for. */
export const refusal = openObject({ errors: field(errors) });
/** A fault of the gateway before Tradier's own servers. */
export const gatewayFault = openObject({ fault: field(kindOf(openObject({ faultstring: field(name) }))) });

export const positionList = openObject({ positions: field(rowsIn('position')) });
export const position = openObject({ symbol: field(name), quantity: field(amount(ANY_DECIMAL)) });
export const balances = openObject({
  balances: field(
    kindOf(
      openObject({
        total_equity: field(amount(ANY_DECIMAL)),
        total_cash: fieldOr(orNull(amount(ANY_DECIMAL)), () => null, null),
      }),
    ),
  ),
});
