/** Money and holdings of the account. Source: Alpaca, Trading API, "Get Account", "All Open Positions". */
import { z } from 'zod';
import { magnitude, negated, type Decimal } from '../../../contracts/decimal';
import { amount, ANY_DECIMAL, anyText, name, oneOf, orNull, refuse, type Kind } from '../../../contracts/documents/kinds';
import { field, fieldOr, openObject } from '../../../contracts/documents/schema';
import type { Broker, Identity } from '../../broker';
import type { BrokerHttp } from '../http/brokerHttp';
import { valueOf } from './answers';

const accountNumber: Kind<string> = {
  read: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value) ? value : refuse('the number of an account', value),
  schema: {},
};
const identityAnswer = openObject({ account_number: field(accountNumber) });

const accountAnswer = openObject({
  equity: field(amount(ANY_DECIMAL)),
  cash: fieldOr(orNull(amount(ANY_DECIMAL)), () => null, null),
});
const positionList = z.array(
  openObject({
    symbol: field(name),
    qty: field(amount(ANY_DECIMAL)),
    side: field(oneOf('long', 'short')),
    asset_class: fieldOr(anyText, () => '', ''),
  }),
);

export const readAccount = async (http: BrokerHttp): ReturnType<Broker['account']> => {
  const response = await http.request({ operation: 'account', kind: 'read', method: 'GET', path: '/v2/account' });
  const read = valueOf(http, response, accountAnswer);
  return read.type === 'value' ? { type: 'account', equity: read.value.equity, cash: read.value.cash } : read;
};

/** The account that the keys are for; paper and live accounts have numbers of their own. */
export const readIdentity = async (http: BrokerHttp): Promise<Identity> => {
  const response = await http.request({ operation: 'account', kind: 'read', method: 'GET', path: '/v2/account' });
  const read = valueOf(http, response, identityAnswer);
  return read.type === 'value' ? { type: 'identified', venue: `alpaca:${read.value.account_number}` } : read;
};

export const readPositions = async (http: BrokerHttp): ReturnType<Broker['positions']> => {
  const response = await http.request({ operation: 'positions', kind: 'read', method: 'GET', path: '/v2/positions' });
  const read = valueOf(http, response, positionList);
  if (read.type === 'unavailable') return read;
  const quantities = new Map<string, Decimal>();
  for (const { symbol, qty, side, asset_class } of read.value) {
    const held = magnitude(qty);
    quantities.set(asset_class === 'crypto' ? pairOf(symbol) : symbol, side === 'short' ? negated(held) : held);
  }
  return { type: 'positions', quantities };
};

/** Alpaca's orders name a pair `BTC/USD`, its positions `BTCUSD` (github.com/alpacahq/alpaca-py, issue 179): one name for both. */
const pairOf = (symbol: string): string => symbol.replace(/^([A-Z0-9]+)(USDT|USDC|USD|BTC)$/, '$1/$2');
