/** What the conformance suite of brokers needs of each: an adapter, a simulated broker that it talks to, and a clock that skips all waiting. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decimal, type Decimal, ZERO } from '../../../src/contracts/decimal';
import type { OrderIntent } from '../../../src/contracts/messages';
import type { Broker, BrokerOrder, FoundOrder, OrderName, OrderReport, PolledOrders } from '../../../src/gateway/broker';
import type { RunningBroker, ServerOptions } from '../../support/brokers/brokerServer';
import type { MarketOptions } from '../../support/brokers/market';
import { intentOf } from '../../support/situations';

export interface OpenOptions extends ServerOptions, Omit<MarketOptions, 'orderId'> {
  readonly cancels?: 'done' | 'pending';
  /** For one request; short where the broker hangs. */
  readonly timeoutMs?: number;
  /** Credentials that the broker does not know. */
  readonly wrongSecret?: string;
  /** What the adapter may send. */
  readonly requestsPerMinute?: number;
  /** Buys that cost more are refused, where the broker refuses them at once. */
  readonly buyingPower?: Decimal;
}

/** What brokers may differ in. */
export interface Differences {
  /** Fractions are refused before anything is sent. */
  readonly wholeSharesOnly: boolean;
  /** It tells executions one by one. */
  readonly tellsFills: boolean;
  readonly secrets: readonly string[];
}

export interface BrokerUnderTest {
  readonly broker: Broker;
  readonly server: RunningBroker;
  readonly clock: SkippingClock;
  close(): Promise<void>;
}

export type OpenBroker = (options: OpenOptions, clock: SkippingClock) => Promise<{ broker: Broker; server: RunningBroker }>;

export interface SkippingClock {
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Real time, but whoever sleeps on it makes it jump ahead. */
const skippingClock = (): SkippingClock => {
  let skipped = 0;
  return {
    now: () => performance.now() + skipped,
    wallNow: () => Date.now() + Math.ceil(skipped),
    sleep: async (ms, signal) => {
      if (!signal.aborted) skipped += ms;
      await nextTurn();
    },
  };
};

/** Opens what a test asks for, and closes all of it after the test. */
export const openedForEachTest = (open: OpenBroker): ((options?: OpenOptions) => Promise<BrokerUnderTest>) => {
  const opened: BrokerUnderTest[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  return async (options = {}) => {
    const clock = skippingClock();
    const { broker, server } = await open({ now: clock.wallNow, ...options }, clock);
    const close = async (): Promise<void> => {
      await broker.close();
      await server.stop();
    };
    opened.push({ broker, server, clock, close });
    return { broker, server, clock, close };
  };
};

let orderNumber = 0;

/** An order with a name of its own; a case shows only the fields that matter. */
export const orderOf = (
  fields: Partial<OrderIntent> & { readonly symbol?: string } = {},
  rest: Partial<Omit<BrokerOrder, 'intent'>> = {},
): BrokerOrder => {
  orderNumber += 1;
  return {
    runId: 'run-1',
    clientOrderId: `case-${String(orderNumber).padStart(6, '0')}-k2`,
    intent: intentOf({ intent_id: `case ${orderNumber}`, ...fields }),
    referencePrice: decimal('100'),
    number: orderNumber,
    submittedAt: Date.now(),
    held: ZERO,
    openBuys: ZERO,
    openSells: ZERO,
    mayBeSent: () => true,
    ...rest,
  };
};

/** A limit far from the market: it rests. */
export const restingOrder = (fields: Partial<OrderIntent> & { readonly symbol?: string } = {}): BrokerOrder =>
  orderOf({ order_type: 'limit', limit_price: decimal('1.5'), ...fields });

export const nameOf = ({ clientOrderId }: BrokerOrder, orderId = '', submittedAt = Date.now() - 5_000): OrderName => ({
  clientOrderId,
  orderId,
  submittedAt,
});

/** Submits and expects that the broker took it; the name by which it is known from then on. */
export const accepted = async (broker: Broker, order: BrokerOrder): Promise<OrderName> => {
  const outcome = await broker.submit(order);
  if (outcome.type !== 'accepted') throw new Error(`expected \`accepted\`, found ${shown(outcome)}`);
  return nameOf(order, outcome.orderId);
};

export const foundReport = (found: FoundOrder): OrderReport => {
  if (found.type !== 'found') throw new Error(`expected \`found\`, found ${shown(found)}`);
  return found.report;
};

export const polledReports = (polled: PolledOrders): readonly OrderReport[] => {
  if (polled.type !== 'polled') throw new Error(`expected \`polled\`, found ${shown(polled)}`);
  return polled.reports;
};

export const pollOne = async (broker: Broker, name: OrderName): Promise<OrderReport> => {
  const [report] = polledReports(await broker.poll([name]));
  if (report === undefined) throw new Error(`the poll did not show \`${name.clientOrderId}\``);
  return report;
};

export const shown = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner instanceof Map ? [...(inner as Map<unknown, unknown>)] : inner,
  );

/** Quantities and prices as texts, as they are easier to read in a failure. */
export const d = (text: string): Decimal => decimal(text);
