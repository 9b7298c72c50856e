/** The documents that runs of the soak begin with, and the tokens of those who ask. */
import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SYMBOLS: readonly string[] = Array.from({ length: 20 }, (_, at) => `H${String(at).padStart(2, '0')}`);

export const priceOf = (symbol: string): number => 100 + SYMBOLS.indexOf(symbol);

/** `position`: share of equity in one symbol. */
export const policyOf = (position: string): string => `version: "0.1"
timezone: "UTC"
limits:
  exposure: { max_position_pct: ${position}, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0 }
  loss: { daily_loss_limit_pct: 0.5, max_drawdown_pct: 0.5 }
  execution: { max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 10000 }
  kill_switch: { trip_on_rules: [], trip_after_n_violations: 10000, violation_window_seconds: 60 }
`;

export const INVALID_POLICY = 'version: "0.1"\nlimits: { exposure: none }\n';

export interface RunFiles {
  readonly policy: string;
  /** The flags that name all of them. */
  readonly flags: readonly string[];
}

export const writeRunFiles = (folder: string): RunFiles => {
  const put = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const equity = 5_000_000;
  const policy = put('policy.yaml', policyOf('0.10'));
  const portfolio = put(
    'portfolio.json',
    JSON.stringify({ equity, start_of_day_equity: equity, peak_equity: equity, positions: {} }),
  );
  const prices = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, priceOf(symbol)]));
  const market = put('market.json', JSON.stringify({ timestamp: '2026-02-24T09:30:00Z', prices }));
  return { policy, flags: ['--policy', policy, '--portfolio', portfolio, '--market', market] };
};

export interface TokensFile {
  readonly file: string;
  readonly submit: string;
  readonly read: string;
  readonly operate: string;
}

export const writeTokens = (folder: string): TokensFile => {
  const [submit, read, operate] = Array.from({ length: 3 }, () => randomBytes(24).toString('hex'));
  const file = join(folder, 'tokens.yaml');
  const line = (name: string, token = ''): string => `  - { name: ${name}, token: "${token}", roles: [${name}] }\n`;
  writeFileSync(file, `tokens:\n${line('submit', submit)}${line('read', read)}${line('operate', operate)}`);
  chmodSync(file, 0o600);
  return { file, submit: submit ?? '', read: read ?? '', operate: operate ?? '' };
};
