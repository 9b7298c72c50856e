/** Opens the broker that the settings name. */
import type { Broker } from '../../gateway/broker';
import { openAlpaca } from '../../gateway/brokers/alpaca/alpaca';
import type { BrokerCall } from '../../gateway/brokers/http/brokerHttp';
import { simBroker } from '../../gateway/brokers/sim';
import { openTradier } from '../../gateway/brokers/tradier/tradier';
import type { BrokerSettings } from '../config/settings';

/** Nothing is dialled before the first call; `onCall` hears of each request on the wire. */
export const openBroker = ({ account }: Pick<BrokerSettings, 'account'>, onCall?: (call: BrokerCall) => void): Broker => {
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
