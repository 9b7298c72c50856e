import { openTestServer, reply } from '../../gateway/brokers/http/testServer';
import type { BrokerAccount } from '../config/settings';
import { Failure } from '../failure';
import { openBroker } from './openBroker';

const TRADIER = { broker: 'tradier', token: 't', accountId: 'VA1' } as const;
const alpacaAt = (baseUrl: string): BrokerAccount => ({ broker: 'alpaca', keyId: 'k', secretKey: 'sssecret', baseUrl });

it.each<readonly [BrokerAccount, string]>([
  [{ broker: 'sim' }, 'sim'],
  [{ ...TRADIER, environment: 'sandbox', baseUrl: undefined }, 'tradier:sandbox/VA1'],
  [{ ...TRADIER, environment: 'live', baseUrl: undefined }, 'tradier:live/VA1'],
  [{ ...TRADIER, environment: 'live', baseUrl: 'http://127.0.0.1:81/v1' }, 'tradier:live/VA1'],
])('opens what the settings name: %j', async (account, venue) => {
  const broker = await openBroker({ account });
  expect([broker.name, broker.venue]).toEqual([account.broker, venue]);
  await broker.close();
});

it('asks Alpaca whose account it is', async () => {
  const server = await openTestServer((_, response) => reply(response, 200, { account_number: 'PA3TEST' }));
  const broker = await openBroker({ account: alpacaAt(server.url) });
  expect([broker.name, broker.venue]).toEqual(['alpaca', 'alpaca:PA3TEST']);
  expect(server.received.map(({ url }) => url)).toEqual(['/v2/account']);
  await broker.close();
  await server.close();
});

it('opens nothing when the account cannot be found out', async () => {
  const server = await openTestServer((_, response) => reply(response, 401, { message: 'unauthorized sssecret' }));
  const opened = openBroker({ account: alpacaAt(server.url) });
  await expect(opened).rejects.toThrow(Failure);
  await expect(opened).rejects.toThrow(/^broker alpaca: .*unauthorized \[secret\] \(HTTP_401\)[^\n]*$/);
  await server.close();
});
