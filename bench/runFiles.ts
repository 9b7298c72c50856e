/** The workload as the files that `policygate run` reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decimalToJson } from '../src/contracts/decimal';
import type { Decimal } from '../src/contracts/decimal';
import { intentAt, policyText, portfolioOf, pricesOf, START_MS } from './workload';

/** Writes them; answers with the arguments that name them. */
export const writeRunFiles = (directory: string, intents: number, symbols: number): readonly string[] => {
  mkdirSync(directory, { recursive: true });
  const put = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  };
  const lines = Array.from({ length: intents }, (_, number) => {
    const { qty, limit_price, ...intent } = intentAt(number, symbols);
    return `${JSON.stringify({ ...intent, qty: decimalToJson(qty), limit_price: limit_price && decimalToJson(limit_price) })}\n`;
  });
  const { equity, start_of_day_equity, peak_equity, positions } = portfolioOf(symbols);
  const portfolio = {
    equity: decimalToJson(equity),
    start_of_day_equity: decimalToJson(start_of_day_equity),
    peak_equity: decimalToJson(peak_equity),
    positions: objectOf(positions),
  };
  const market = { timestamp: new Date(START_MS).toISOString(), prices: objectOf(pricesOf(symbols)) };
  return [
    ...['--policy', put('policy.yaml', policyText(symbols))],
    ...['--intents', put('intents.jsonl', lines.join(''))],
    ...['--portfolio', put('portfolio.json', JSON.stringify(portfolio))],
    ...['--market', put('market.json', JSON.stringify(market))],
  ];
};

const objectOf = (decimals: ReadonlyMap<string, Decimal>): Record<string, number | string> =>
  Object.fromEntries([...decimals].map(([name, value]) => [name, decimalToJson(value)]));
