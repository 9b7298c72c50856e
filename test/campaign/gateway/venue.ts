/** A simulated broker at its own port, what the built program needs to reach it, and the adapter for the tests that run in this process. */
import { decimal } from '../../../src/contracts/decimal';
import type { Broker } from '../../../src/gateway/broker';
import { openAlpaca } from '../../../src/gateway/brokers/alpaca/alpaca';
import { openTradier } from '../../../src/gateway/brokers/tradier/tradier';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, startAlpaca } from '../../support/brokers/alpacaServer';
import type { ReceivedRequest, RunningBroker } from '../../support/brokers/brokerServer';
import { startTradier, TRADIER_ACCOUNT_ID, TRADIER_TOKEN } from '../../support/brokers/tradierServer';
import type { Patch } from '../builtProgram';

export const DIALECTS = ['alpaca', 'tradier'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** What the account holds at the beginning, and each run with it: shares. */
export const HELD: Readonly<Record<string, string>> = { AAPL: '60', MSFT: '40' };

/** How long an adapter waits for an answer here, ms: 10 s in the product, which a matrix of hangs cannot wait for. */
const TIMEOUT_MS = 400;
const REQUESTS_PER_MINUTE = 1_000_000;

export interface Venue {
  readonly dialect: DialectName;
  readonly server: RunningBroker;
  readonly environment: Readonly<Record<string, string>>;
  /** Hears of each request before anything is done about it. */
  readonly heard: Set<(request: ReceivedRequest) => void>;
  openAdapter(): Broker;
}

/** `cancels`: as the simulator's; `pending` ones end when somebody calls `market.cancelled`. */
export const openVenue = async (dialect: DialectName, cancels: 'done' | 'pending' = 'done'): Promise<Venue> => {
  const heard = new Set<(request: ReceivedRequest) => void>();
  const options = {
    cancels,
    positions: Object.fromEntries(Object.entries(HELD).map(([symbol, qty]) => [symbol, decimal(qty)])),
    cash: decimal('100000000'),
    onRequest: (request: ReceivedRequest): void => heard.forEach((hear) => hear(request)),
  };
  const quick = { timeoutMs: TIMEOUT_MS, totalMs: 4 * TIMEOUT_MS };
  if (dialect === 'alpaca') {
    const server = await startAlpaca(options);
    const account = { keyId: ALPACA_KEY_ID, secretKey: ALPACA_SECRET_KEY, baseUrl: server.baseUrl };
    return {
      ...{ dialect, server, heard },
      environment: {
        APCA_API_KEY_ID: ALPACA_KEY_ID,
        APCA_API_SECRET_KEY: ALPACA_SECRET_KEY,
        APCA_API_BASE_URL: server.baseUrl,
      },
      openAdapter: () => openAlpaca({ ...account, ...quick, requestsPerMinute: REQUESTS_PER_MINUTE }),
    };
  }
  const server = await startTradier(options);
  const account = { token: TRADIER_TOKEN, accountId: TRADIER_ACCOUNT_ID, baseUrl: `${server.baseUrl}/v1` };
  return {
    ...{ dialect, server, heard },
    environment: {
      TRADIER_TOKEN,
      TRADIER_ACCOUNT_ID,
      TRADIER_ENV: 'sandbox',
      TRADIER_BASE_URL: account.baseUrl,
    },
    openAdapter: () => openTradier({ ...account, ...quick, environment: 'sandbox', perMinute: REQUESTS_PER_MINUTE }),
  };
};

/** The same two figures in a copy of the built program: how long it waits for an answer, and how often it may ask. */
export const QUICK: readonly Patch[] = [
  { file: 'gateway/brokers/http/brokerHttp', from: 'const TIMEOUT_MS = 10_000;', to: `const TIMEOUT_MS = ${TIMEOUT_MS};` },
  {
    file: 'gateway/brokers/alpaca/alpaca',
    from: 'const REQUESTS_PER_MINUTE = 200;',
    to: `const REQUESTS_PER_MINUTE = ${REQUESTS_PER_MINUTE};`,
  },
  { file: 'gateway/brokers/tradier/tradier', from: 'perMinute: 60', to: `perMinute: ${REQUESTS_PER_MINUTE}` },
];

/** How long a cancel takes that the broker only takes note of, ms. */
export const CANCEL_TAKES_MS = 150;

export const finishCancels = ({ server: { market } }: Venue): void => {
  for (const order of [...market.openOrders()]) if (order.status === 'pendingCancel') market.cancelled(order.id);
};

/** What rests ends: every other order fills, the rest expires. */
export const endOfDay = ({ server: { market } }: Venue): void => {
  const resting = market.openOrders().filter(({ status }) => status === 'open');
  for (const [at, { id }] of resting.entries()) {
    if (at % 2 === 0) market.fill(id);
    else market.expired(id);
  }
};

/**
 * Whether so many orders may be of unknown outcome for good. At Tradier any that was lost on its way may be. At Alpaca they are sent again under the same
 * name; left are those that were refused then, though the first one might have been taken, and those that a trip keeps from being sent again.
 */
export const mayStayUnknown = ({ dialect, server: { market } }: Venue, unknown: number, trips: boolean): boolean => {
  if (unknown === 0 || trips || dialect === 'tradier') return true;
  const refused = market.log.filter(
    ({ type, clientOrderId }) => type === 'refused' && market.withClientOrderId(clientOrderId).length === 0,
  );
  return unknown <= new Set(refused.map(({ clientOrderId }) => clientOrderId)).size;
};
