import { readPriceLine } from '../../contracts/documents/priceUpdates';
import { DOCUMENT_BYTES } from '../../contracts/json/text';
import { canonicalJson } from '../../contracts/json/write';
import { ref } from '../http/documents/schemas';
import type { Route } from '../http/route';
import { invalidBody } from './intentRequest';
import type { PriceIntake } from './priceIntake';

export interface PricesRouteOptions {
  readonly prices: PriceIntake;
  /** Throws a Problem until the server has begun: prices that a run starts with would go before newer ones. */
  readonly mustHaveBegun: () => void;
}

/** POST /prices: what a feed sends. */
export const pricesRoute = ({ prices: intake, mustHaveBegun }: PricesRouteOptions): Route => ({
  method: 'POST',
  path: '/prices',
  operationId: 'publishPrices',
  summary: 'Publishes prices, for every run; answers when they are on the log',
  description:
    'One price, where null withdraws it, or many as a market snapshot. A `timestamp` is checked and not used: prices count from when they came here.',
  tag: 'prices',
  roles: ['feed', 'operate'],
  parameters: [],
  body: {
    contentType: 'application/json',
    description: 'The prices',
    schema: ref('PricesRequest'),
    mostBytes: DOCUMENT_BYTES,
    example: { timestamp: '2026-02-24T09:30:05Z', prices: { AAPL: 201.25, MSFT: 402.5 } },
  },
  answers: { 200: { description: 'They are on the log', contentType: 'application/json', schema: ref('PricesTaken') } },
  problems: ['invalid_json', 'not_ready', 'outcome_unknown'],
  handle: async ({ body }) => {
    mustHaveBegun();
    const read = readPriceLine(body);
    if (!read.ok) throw invalidBody(read.error);
    const { prices } = read.value;
    await intake.publish(prices);
    return { status: 200, body: canonicalJson({ prices: prices.length }) };
  },
});
