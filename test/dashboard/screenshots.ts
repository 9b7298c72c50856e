/**
 * Takes the pictures of docs/images: `npm run build && node -r esbuild-register test/dashboard/screenshots.ts`. Three quarters of an hour of trading
 * by four strategies on a real `policygate serve`, whose clock goes faster meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ROOT, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { endServers, post, serving } from '../support/serve';
import type { Served } from '../support/serve';
import { randomFrom } from '../support/tradingDay';
import { openBrowser } from './browser';

const FASTER = 90;
const MINUTES = 45;
const STRATEGIES = ['momentum_v1', 'mean_reversion_v1', 'pairs_v2', 'market_maker_v2'];
const PRICES: Readonly<Record<string, number>> = { AAPL: 200, MSFT: 410, NVDA: 125, SPY: 500, TSLA: 250, AMZN: 178 };
const SYMBOLS = Object.keys(PRICES);
const POSITIONS = { AAPL: 310, MSFT: 120, NVDA: 260, SPY: 90, TSLA: 140, AMZN: -150 };

const folder = temporaryFolder();
const random = randomFrom(20_260_224);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const cents = (value: number): number => Math.round(value * 100) / 100;

const start = async (): Promise<Served> => {
  const policy = readFileSync(join(ROOT, 'policies', 'strategy-overrides.yaml'), 'utf8')
    .replace('max_orders_per_minute_global: 20', 'max_orders_per_minute_global: 30')
    .replace('max_orders_per_minute_by_strategy: 3', 'max_orders_per_minute_by_strategy: 8')
    .replace('trip_after_n_violations: 3', 'trip_after_n_violations: 250');
  writeFileSync(folder.path('policy.yaml'), policy);
  const money = { equity: 1_000_000, start_of_day_equity: 1_000_000, peak_equity: 1_004_250 };
  writeFileSync(folder.path('portfolio.json'), JSON.stringify({ ...money, positions: POSITIONS }));
  writeFileSync(folder.path('market.json'), JSON.stringify({ timestamp: new Date().toISOString(), prices: PRICES }));
  const files = ['policy', 'portfolio', 'market'].flatMap((name) => [
    `--${name}`,
    folder.path(`${name}.${name === 'policy' ? 'yaml' : 'json'}`),
  ]);
  const options = ['--run', 'day-1', '--account', 'paper-equities', '--equity-mode', 'marked', '--allow-sender-prices'];
  return serving([...files, ...options, '--data-dir', folder.path('data')], {
    NODE_OPTIONS: `--require ${join(__dirname, 'fasterClock.cjs')}`,
    FASTER_CLOCK: String(FASTER),
  });
};

/** Prices wander, and down in the middle of it, so that there is something to lose. */
const trade = async (url: string, ended: AbortSignal): Promise<void> => {
  const begun = Date.now();
  const prices = { ...PRICES };
  for (let number = 1; !ended.aborted; number += 1) {
    const minute = ((Date.now() - begun) / 60_000) * FASTER;
    const symbol = pick(SYMBOLS);
    prices[symbol] = cents((prices[symbol] ?? 0) * (1 + (random() - 0.5) * 0.003 - (minute > 15 && minute < 32 ? 0.0011 : 0)));
    const intent = orderOf(number, symbol, prices[symbol]);
    await post(`${url}/intent`, { intent, market_snapshot: { timestamp: new Date().toISOString(), prices } });
    await new Promise((resolve) => setTimeout(resolve, 10 + random() * (minute > 24 && minute < 28 ? 20 : 50)));
  }
};

const orderOf = (number: number, symbol: string, price: number): Json => {
  const limit = random() < 0.35;
  return {
    intent_id: `ord-${String(number).padStart(5, '0')}`,
    timestamp: new Date().toISOString(),
    strategy_id: pick(STRATEGIES),
    account_id: 'paper-equities',
    instrument: { symbol, asset_class: 'equity' },
    side: pick(['buy', 'sell']),
    order_type: limit ? 'limit' : 'market',
    ...(limit ? { limit_price: cents(price * (1 + (random() - 0.45) * 0.01)) } : {}),
    qty: random() < 0.05 ? 400 + Math.round(random() * 400) : 1 + Math.round(random() * 24),
  };
};

const picture = async (page: Page, name: string): Promise<void> => {
  // The feed never rests, so nothing says that the page has: a moment for the last answer and the chart.
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: join(ROOT, 'docs', 'images', `dashboard-${name}.png`) });
};

const pictures = async (browser: Browser, url: string): Promise<void> => {
  for (const colorScheme of ['dark', 'light'] as const) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    const look = async (path: string): Promise<void> => {
      await page.goto(`${url}/#/${path}`);
      await page.reload();
      await page.locator('.feed-live').waitFor();
    };
    await look('now');
    await picture(page, colorScheme === 'dark' ? 'now' : 'now-light');
    if (colorScheme === 'light') continue;
    await look('blotter');
    await picture(page, 'blotter');
    await page.getByLabel('Verdict').selectOption('MODIFY');
    await page.locator('.rows-body .row').nth(3).click();
    await page.locator('.rules-table').waitFor();
    await page.getByLabel('Verdict').selectOption('');
    await picture(page, 'timeline');
    await look('policy');
    await page.getByLabel('Strategy').fill('momentum_v1');
    const text = readFileSync(folder.path('policy.yaml'), 'utf8');
    const candidate = text
      .replace('max_position_pct: 0.10', 'max_position_pct: 0.08')
      .replace('max_drawdown_pct: 0.05', 'max_drawdown_pct: 0.04');
    await page.getByLabel('Policy (YAML)').fill(candidate.slice(candidate.indexOf('version:')));
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.locator('.diff').waitFor();
    await picture(page, 'policy');
    await look('audit?seq=1');
    await page.getByRole('button', { name: 'Verify in this browser' }).click();
    await page.locator('.verified').waitFor();
    await page.getByRole('button', { name: 'Verify this record' }).click();
    await picture(page, 'audit');
  }
};

const main = async (): Promise<void> => {
  const [browser, served] = await Promise.all([openBrowser(), start()]);
  try {
    const ended = new AbortController();
    const trading = trade(served.url, ended.signal);
    await new Promise((resolve) => setTimeout(resolve, (MINUTES * 60_000) / FASTER));
    await pictures(browser, served.url).finally(() => ended.abort());
    await trading;
  } finally {
    await browser.close();
    endServers();
    await served.outcome;
    folder.remove();
  }
};

void main();
