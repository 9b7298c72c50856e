/** Opens the broker that the settings name, and finds out whose account it is: nothing may be sent to one that is not known. */
import type { Broker } from '../../gateway/broker';
import { openAlpaca } from '../../gateway/brokers/alpaca/alpaca';
import type { BrokerCall } from '../../gateway/brokers/http/brokerHttp';
import { simBroker } from '../../gateway/brokers/sim';
import { openTradier } from '../../gateway/brokers/tradier/tradier';
import type { BrokerSettings } from '../config/settings';
import { Failure } from '../failure';

/** Throws a Failure if the account cannot be found out. `onCall` hears of each request on the wire. */
export const openBroker = async (
  settings: Pick<BrokerSettings, 'account'>,
  onCall?: (call: BrokerCall) => void,
): Promise<Broker> => {
  const broker = adapterOf(settings, onCall);
  const identity = await broker.identify();
  if (identity.type === 'identified') return broker;
  await broker.close();
  const { code, reason } = identity;
  throw new Failure(
    `broker ${broker.name}: the account could not be found out, so nothing is sent: ${reason} (${code}); check the credentials, the address and the network, then start again`,
  );
};

const adapterOf = ({ account }: Pick<BrokerSettings, 'account'>, onCall?: (call: BrokerCall) => void): Broker => {
  switch (account.broker) {
    case 'sim':
      return simBroker;
    case 'alpaca': {
      const { keyId, secretKey, baseUrl } = account;
      return openAlpaca({ keyId, secretKey, baseUrl, onCall });
    }
    case 'tradier': {
      const { token, accountId, environment, baseUrl } = account;
      return openTradier({ token, accountId, environment, baseUrl, onCall });
    }
  }
};
