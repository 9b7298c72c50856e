import type { BrokerAccount } from '../config/settings';
import { openBroker } from './openBroker';

const TRADIER = { broker: 'tradier', token: 't', accountId: 'VA1' } as const;

it.each<readonly [BrokerAccount, string]>([
  [{ broker: 'sim' }, 'sim'],
  [
    { broker: 'alpaca', keyId: 'k', secretKey: 's', baseUrl: 'https://paper-api.alpaca.markets' },
    'alpaca:paper-api.alpaca.markets',
  ],
  [{ ...TRADIER, environment: 'sandbox', baseUrl: undefined }, 'tradier:sandbox.tradier.com/v1/VA1'],
  [{ ...TRADIER, environment: 'live', baseUrl: undefined }, 'tradier:api.tradier.com/v1/VA1'],
  [{ ...TRADIER, environment: 'live', baseUrl: 'http://127.0.0.1:81/v1' }, 'tradier:127.0.0.1:81/v1/VA1'],
])('opens what the settings name: %j', async (account, venue) => {
  const broker = openBroker({ account });
  expect([broker.name, broker.venue]).toEqual([account.broker, venue]);
  await broker.close();
});
