/** How a gateway trades, where a test does not care. */
import { simBroker } from '../../src/gateway/brokers/sim';
import type { GatewaySettings } from '../../src/gateway/gateway';
import type { GatewayLog } from '../../src/gateway/gatewayLog';

export const GATEWAY_SETTINGS: GatewaySettings = {
  onBrokerError: 'stop',
  cancelOpenOrders: true,
  pollEveryMs: 500,
  reconcileEveryMs: 60_000,
};

export const SILENT: GatewayLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** On the paper broker. */
export const PAPER = { broker: simBroker, settings: GATEWAY_SETTINGS } as const;
