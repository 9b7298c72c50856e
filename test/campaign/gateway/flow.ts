/** Runs, prices and orders of a cell: seeded, several symbols, market and limit orders, buys and sells, some of them beyond the limits. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { decimal } from '../../../src/contracts/decimal';
import type { ControlPayload, OrderResolved } from '../../../src/contracts/messages';
import { CONTROL_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import { intentOf, portfolioOf } from '../../support/situations';
import type { Random } from '../../support/random';
import { HELD } from './venue';

const SYMBOLS = ['AAPL', 'MSFT', 'TSLA', 'NVDA'] as const;
const RUN = 'run-1';
/** What everything trades at, all day; money of the run. */
const PRICE = 100n;
const EQUITY = 1_000_000n;

/** It may hold 150 shares of a symbol, and 50,000 in all. `cancels`: what the policy says about open orders when the kill switch trips; undefined: version "0.1", which cannot say. */
export const policyOf = (cancels?: boolean): string => `
version: "${cancels === undefined ? '0.1' : '0.2'}"
defaults: { mode: enforce }
limits:
  exposure: { max_position_pct: 0.015, max_gross_exposure_x: 0.05, max_net_exposure_x: 1.0 }
  loss: { daily_loss_limit_pct: 0.9, max_drawdown_pct: 0.9 }
  execution: { max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 10000 }
  kill_switch: { trip_on_rules: [], trip_after_n_violations: 1000, violation_window_seconds: 300${cancels === undefined ? '' : `, cancel_open_orders: ${cancels}`} }
`;

export interface OrderFields {
  readonly symbol?: string;
  readonly side?: 'buy' | 'sell';
  readonly qty?: number;
  /** Null: a market order. */
  readonly limit?: string | null;
}

export class OrderFlow {
  private made = 0;

  constructor(
    private readonly codec: Codec,
    private readonly random: Random,
    private readonly policyText: string = policyOf(),
  ) {}

  /** The run, with what the account holds, and its prices. */
  opening(): readonly OutgoingRecord[] {
    const started = this.control({
      type: 'RunStarted',
      account_id: 'acct_1',
      policy_text: this.policyText,
      portfolio: portfolioOf(HELD, String(EQUITY)),
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
      equity_mode: 'fixed',
    });
    const prices = SYMBOLS.map((symbol) => {
      const value = this.codec.encodeValue(MARKET_PRICES, { symbol, price: decimal(String(PRICE)) });
      return recordOf(MARKET_PRICES, symbol, value);
    });
    return [started, ...prices];
  }

  orders(count: number): readonly OutgoingRecord[] {
    return Array.from({ length: count }, () => this.order(this.drawn()));
  }

  order({ symbol = 'AAPL', side = 'buy', qty = 6, limit = null }: OrderFields): OutgoingRecord {
    this.made += 1;
    const intent = intentOf({
      intent_id: `i-${this.made}`,
      timestamp: new Date().toISOString(),
      symbol,
      side,
      qty: decimal(String(qty)),
      order_type: limit === null ? 'market' : 'limit',
      limit_price: limit === null ? null : decimal(limit),
    });
    return recordOf(ORDER_INTENTS, RUN, this.codec.encodeValue(ORDER_INTENTS, intent));
  }

  trip(): OutgoingRecord {
    return this.control({ type: 'KillSwitchTripped' });
  }

  reset(): OutgoingRecord {
    return this.control({ type: 'KillSwitchReset' });
  }

  /** An operator who has asked the broker, which knows nothing of the order. */
  neverArrived(intentId: string): OutgoingRecord {
    const payload: OrderResolved = {
      type: 'OrderResolved',
      intent_id: intentId,
      outcome: 'REJECTED',
      cum_qty: decimal('0'),
      price: null,
    };
    return this.control(payload);
  }

  private drawn(): OrderFields {
    const { random } = this;
    const side = random.chance(0.6) ? 'buy' : 'sell';
    const limits = side === 'buy' ? (['99', '101'] as const) : (['101', '99'] as const);
    const [resting, marketable] = limits;
    const limit = random.chance(0.6) ? null : random.chance(0.4) ? resting : marketable;
    return { symbol: random.pick(SYMBOLS), side, qty: random.between(3, 24), limit };
  }

  private control(payload: ControlPayload): OutgoingRecord {
    return recordOf(CONTROL_EVENTS, RUN, this.codec.encodeValue(CONTROL_EVENTS, { actor: 'desk', reason: 'campaign', payload }));
  }
}

const recordOf = (topic: OutgoingRecord['topic'], key: string, value: Uint8Array): OutgoingRecord => ({
  ...{ topic, partition: 0, key: Buffer.from(key), value },
  timestamp: Date.now(),
  headers: {},
});
