/**
 * A generated stream of intents that meets everything a run can meet: ALLOW, MODIFY, DENY, limit orders that the paper broker rejects, retries
 * of the same intent, ids used twice for different orders, and near its end a kill switch that trips by count. The same each time.
 */
import { writeFileSync } from 'node:fs';

/** xorshift32: a small generator, so that a seed names a sequence. Values in [0, 1). */
export const randomFrom = (seed: number): (() => number) => {
  let state = (seed | 0) === 0 ? 1 : seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

const PRICES = { AAPL: 200, MSFT: 400.25, NVDA: 125.5, SPY: 500 };
const STRATEGIES = ['momentum_v1', 'mean_reversion_v1', 'index_hedge_v1'];
const START = Date.parse('2026-02-24T14:30:00Z');
const FRESH_INTENTS = 150;

const POLICY = `version: "0.1"
limits:
  exposure: {max_position_pct: 0.10, max_gross_exposure_x: 0.35, max_net_exposure_x: 0.3}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: 12, max_orders_per_minute_by_strategy: 5}
  kill_switch: {trip_on_rules: [LOSS-002], trip_after_n_violations: 70, violation_window_seconds: 31536000}
`;

const intentLines = (): string[] => {
  const random = randomFrom(20_260_224);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const lines: string[] = [];
  let at = START;
  for (let number = 1; number <= FRESH_INTENTS; number += 1) {
    at += Math.floor(random() * 14_000);
    const symbol = pick(Object.keys(PRICES) as (keyof typeof PRICES)[]);
    const side = pick(['buy', 'buy', 'sell']);
    const offset = pick([0.97, 1, 1.03]);
    const intent = {
      intent_id: `day-${String(number).padStart(3, '0')}`,
      timestamp: new Date(at).toISOString(),
      strategy_id: pick(STRATEGIES),
      account_id: 'paper',
      instrument: { symbol, asset_class: 'equity' },
      side,
      ...(random() < 0.4
        ? { order_type: 'limit', limit_price: Math.round(PRICES[symbol] * offset * 100) / 100 }
        : { order_type: 'market' }),
      qty: Math.round(random() * 4_000) / 100,
    };
    lines.push(JSON.stringify(intent));
    if (number % 19 === 0) lines.push(JSON.stringify(intent));
    if (number % 37 === 0) lines.push(JSON.stringify({ ...intent, qty: intent.qty + 1 }));
  }
  return lines;
};

/** Writes the day's files; answers with the arguments of `policygate run` that name them. */
export const writeTradingDay = (path: (name: string) => string): readonly string[] => {
  const write = (name: string, text: string): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const portfolio = { equity: 100_000, start_of_day_equity: 100_500, peak_equity: 101_000, positions: { AAPL: 10, SPY: -4.5 } };
  return [
    ...['--policy', write('policy.yaml', POLICY)],
    ...['--intents', write('intents.jsonl', `${intentLines().join('\n')}\n`)],
    ...['--portfolio', write('portfolio.json', JSON.stringify(portfolio))],
    ...['--market', write('market.json', JSON.stringify({ timestamp: '2026-02-24T14:29:59Z', prices: PRICES }))],
  ];
};
