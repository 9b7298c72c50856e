import { decimal } from '../../../contracts/decimal';
import { readJson } from '../../../contracts/json/readJson';
import { isJsonObject, type JsonObject } from '../../../contracts/json/value';
import { reportOf, reportsOf, statusOf } from './orderRow';
import { row } from './testTradier';

const object = (text: string): JsonObject => {
  const read = readJson(text);
  if (!read.ok || !isJsonObject(read.value)) throw new TypeError(`no object: ${text}`);
  return read.value;
};
const report = (fields: Readonly<Record<string, string>>) => reportOf(object(row(7, fields)));

describe('an order of Tradier as a report', () => {
  it('has its totals to the last digit, and no executions', () =>
    expect(
      report({
        status: '"partially_filled"',
        exec_quantity: '3.00000000',
        avg_fill_price: '10.123456789012345678',
        side: '"sell_short"',
      }),
    ).toEqual({
      ok: true,
      value: {
        clientOrderId: 'tag-7',
        orderId: '7',
        symbol: 'AAPL',
        side: 'sell',
        status: 'open',
        statusText: 'partially_filled',
        qty: decimal('10'),
        filledQty: decimal('3'),
        averagePrice: decimal('10.123456789012345678'),
        fills: [],
        reason: null,
      },
    }));
  it.each(['0.00000000', 'null'])('has no average while it is %s, though it is filled', (average) =>
    expect(report({ status: '"filled"', exec_quantity: '10', avg_fill_price: average })).toMatchObject({
      value: { status: 'filled', filledQty: decimal('10'), averagePrice: null },
    }),
  );
  it('cuts what a binary average has beyond 18 places', () =>
    expect(report({ exec_quantity: '1', avg_fill_price: '0.0100000000000000002082' })).toMatchObject({
      value: { averagePrice: decimal('0.01') },
    }));
  it('is open while a filled order shows less than its quantity: more is to come', () =>
    expect(report({ status: '"filled"', exec_quantity: '4', avg_fill_price: '1' })).toMatchObject({
      value: { status: 'open', statusText: 'filled', filledQty: decimal('4') },
    }));
  it('keeps what a cancelled order filled, and why it was rejected', () => {
    expect(report({ status: '"canceled"', exec_quantity: '4', avg_fill_price: '1' })).toMatchObject({
      value: { status: 'cancelled', filledQty: decimal('4') },
    });
    expect(report({ status: '"rejected"', reason_description: '"no buying power"' })).toMatchObject({
      value: { status: 'rejected', reason: 'no buying power' },
    });
  });
  it.each([
    ['exec_quantity', 'null', 'filled'],
    ['exec_quantity', '-1', 'open'],
    ['quantity', '"ten"', 'open'],
    ['side', '"hold"', 'open'],
    ['id', '1.5', 'open'],
  ])('is unreadable, never guessed, with %s %s', (field, value, status) =>
    expect(report({ [field]: value, status: `"${status}"` })).toMatchObject({ ok: false }),
  );
  it('is one report per leg, where an order of others has no side of its own', () => {
    const legs = `[${row(8)},${row(9, { side: '"sell"', symbol: '"MSFT"' })}]`;
    expect(reportsOf(object(`{"id":7,"class":"otoco","status":"open","leg":${legs}}`))).toMatchObject({
      value: [
        { orderId: '8', side: 'buy' },
        { orderId: '9', side: 'sell', symbol: 'MSFT' },
      ],
    });
    expect(reportsOf(object('{"id":7,"class":"otoco","status":"open"}'))).toMatchObject({ ok: false });
  });
});

describe('the words of Tradier', () => {
  it.each([
    ['open', 'open'],
    ['partially_filled', 'open'],
    ['pending', 'open'],
    ['held', 'open'],
    ['pending_cancel', 'open'],
    ['accepted_for_bidding', 'open'],
    ['filled', 'filled'],
    ['expired', 'expired'],
    ['canceled', 'cancelled'],
    ['rejected', 'rejected'],
    ['error', 'rejected'],
    ['calculated', 'unknown'],
    ['cancelled', 'unknown'],
    ['constructor', 'unknown'],
    ['', 'unknown'],
  ])('%s means %s', (word, status) => expect(statusOf(word)).toBe(status));
});
