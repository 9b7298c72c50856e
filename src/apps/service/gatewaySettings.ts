import type { GatewaySettings } from '../../gateway/gateway';
import type { BrokerSettings } from '../config/settings';

/** What the settings and the flags say of a gateway. */
export const gatewaySettings = (
  { pollEveryMs, reconcileEveryMs }: BrokerSettings,
  { onBrokerError, cancelOpenOrders }: Pick<GatewaySettings, 'onBrokerError' | 'cancelOpenOrders'>,
): GatewaySettings => ({ onBrokerError, cancelOpenOrders, pollEveryMs, reconcileEveryMs });
