/** One account at a simulated broker, with the road to it and the exchange behind it. */
import type { Dispatcher } from 'undici';
import type { Decimal } from '../../../src/contracts/decimal';
import type { Broker } from '../../../src/gateway/broker';
import { openAlpaca } from '../../../src/gateway/brokers/alpaca/alpaca';
import { openTradier } from '../../../src/gateway/brokers/tradier/tradier';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, alpacaAccount } from '../../support/brokers/alpacaServer';
import type { OpenAtClose } from '../../checks/orders/evidence';
import { BrokerFront } from '../../support/brokers/brokerFront';
import type { MarketEntry } from '../../support/brokers/marketOrder';
import { TRADIER_TOKEN, tradierAccount } from '../../support/brokers/tradierServer';
import type { Random } from '../../support/random';
import type { Ports } from '../kernel/ports';
import type { SimulatedProcess } from '../kernel/process';
import { Exchange } from './exchange';
import type { RoadOptions } from './road';
import { Road } from './road';
import { sleepOf } from './sleep';
import type { FirstByte, Venue } from './venue';

export interface VenueOptions extends Ports {
  readonly dialect: 'alpaca' | 'tradier';
  /** Tells accounts apart, such as the number of the shard. */
  readonly account: string;
  /** What the exchange and the adapters draw from, beside the faults. */
  readonly random: Random;
  readonly prices: (symbol: string) => Decimal;
  readonly positions?: Readonly<Record<string, Decimal>>;
  readonly cash?: Decimal;
  /** What the adapters may send a minute; default: their own limits. */
  readonly requestsPerMinute?: number;
  readonly onCall: RoadOptions['onCall'];
  /** End offset of the shard's execution events: what is committed now. */
  readonly executionsEnd: () => number;
}

export const openVenue = (options: VenueOptions): Venue => {
  const { scheduler, faults, trace, random, dialect: kind, executionsEnd, positions = {} } = options;
  const name = `${kind} ${options.account}`;
  const firstBytes: FirstByte[] = [];
  const executionsEnds: number[] = [];
  const now = (): number => Math.floor(scheduler.nowMs);
  const ports = { scheduler, faults, trace };
  const exchange = new Exchange({ ...ports, name, random: random.fork(), tellsFills: kind === 'alpaca' });
  const accountOptions = {
    ...{ now, positions, cancels: exchange.cancels, priceNow: options.prices, otherwise: 'rest' as const },
    ...(options.cash === undefined ? {} : { cash: options.cash }),
    onEntry: (entry: MarketEntry): void => {
      executionsEnds.push(executionsEnd());
      exchange.heard(entry);
    },
  };
  const accountId = `${kind === 'alpaca' ? 'PA' : 'VA'}${options.account.padStart(8, '0')}`;
  const { market, dialect } =
    kind === 'alpaca'
      ? alpacaAccount({ ...accountOptions, accountNumber: accountId })
      : tradierAccount({ ...accountOptions, accountId });
  exchange.openAt(market);
  const broker = { dialect, front: new BrokerFront(dialect, market, now, undefined), downUntil: -Infinity };
  const roadOptions: RoadOptions = {
    ...ports,
    ...{ name, broker, onCall: options.onCall },
    onFirstByte: (process, request, operation) => {
      if (operation !== 'submit') return;
      const { method, path } = request;
      const clientOrderId = dialect.nameOf(request);
      const byte = { at: scheduler.nowMs, process: process.name, clientOrderId, executionsEnd: executionsEnd(), method, path };
      firstBytes.push(byte);
    },
  };

  const open = (process: SimulatedProcess): Broker => {
    const draws = random.fork();
    const injected = {
      now: () => scheduler.nowMs,
      wallNow: () => Math.floor(scheduler.nowMs + process.clockSkewMs),
      sleep: sleepOf(scheduler, process),
      random: () => draws.next(),
      // The two calls of a dispatcher that the adapters make.
      dispatcher: new Road(roadOptions, process) as unknown as Dispatcher,
    };
    const { requestsPerMinute: perMinute } = options;
    return kind === 'alpaca'
      ? openAlpaca({
          ...injected,
          ...{ keyId: ALPACA_KEY_ID, secretKey: ALPACA_SECRET_KEY, baseUrl: 'https://alpaca.simulated' },
          ...(perMinute === undefined ? {} : { requestsPerMinute: perMinute }),
        })
      : openTradier({
          ...injected,
          ...{ token: TRADIER_TOKEN, accountId, environment: 'live', baseUrl: 'https://tradier.simulated/v1', perMinute },
        });
  };

  let openAtClose: OpenAtClose | undefined;
  return {
    ...{ market, firstBytes, executionsEnds, open },
    get openAtClose() {
      return openAtClose;
    },
    namesAreKeys: kind === 'alpaca',
    starting: new Map(Object.entries(positions)),
    closeMarket: (readBefore) => {
      const own = market.openOrders().filter(({ foreign }) => !foreign);
      openAtClose ??= { readBefore, orders: new Set(own.map(({ id }) => id)) };
      exchange.close();
    },
  };
};
