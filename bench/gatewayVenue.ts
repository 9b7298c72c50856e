/**
 * A simulated broker in a process of its own, so that its work is not the gateway's. It is that of the tests, which are not built: this file is started
 * from its source (gatewayVenueProcess.ts). It answers one `VenueReady`, then a `VenueCount` to each message, and ends with its parent.
 */
import type { Decimal } from '../src/contracts/decimal';
import { startAlpaca } from '../test/support/brokers/alpacaServer';
import { startTradier } from '../test/support/brokers/tradierServer';
import { portfolioOf, pricesOf } from './workload';

export type Dialect = 'alpaca' | 'tradier';

export interface VenueTask {
  readonly dialect: Dialect;
  readonly symbols: number;
  /** Orders that were made and cancelled before, and then those that rest. */
  readonly closed: number;
  readonly open: number;
}

export interface VenueReady {
  readonly baseUrl: string;
  /** Client order id, and the broker's, of what rests. */
  readonly resting: readonly (readonly [clientOrderId: string, orderId: string])[];
}

export interface VenueCount {
  /** Made so far, and how many names more than one of them has. */
  readonly orders: number;
  readonly doubled: number;
}

const START = { alpaca: startAlpaca, tradier: startTradier } as const;

const open = async ({ dialect, symbols, closed, open: resting }: VenueTask): Promise<void> => {
  const prices = pricesOf(symbols);
  const { baseUrl, market } = await START[dialect]({
    prices: Object.fromEntries(prices),
    positions: Object.fromEntries(portfolioOf(symbols).positions),
    // Those that are here from the start have a limit of 1 below, and rest.
    otherwise: 'fill',
  });
  const names = [...prices.keys()];
  const make = (name: string, number: number): readonly [string, string] => {
    const symbol = names[number % names.length]!;
    const limitPrice = (10n ** 18n) as Decimal;
    const qty = (10n * 10n ** 18n) as Decimal;
    return [name, market.make({ clientOrderId: name, symbol, side: 'buy', type: 'limit', qty, limitPrice }).id];
  };
  for (let number = 0; number < closed; number++) market.cancelled(make(`closed-${number}`, number)[1]);
  const ready: VenueReady = { baseUrl, resting: Array.from({ length: resting }, (_, number) => make(`open-${number}`, number)) };
  process.on('message', () =>
    process.send?.({ orders: market.orders.length, doubled: market.doubled().length } satisfies VenueCount),
  );
  process.once('disconnect', () => process.exit(0));
  process.send?.(ready);
};

void open(JSON.parse(process.argv[2] ?? '{}') as VenueTask);
