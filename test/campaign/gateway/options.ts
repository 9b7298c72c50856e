/** The command line of the gateway's campaign. */
import { parseArgs } from 'node:util';
import type { CrashPlan } from './crashMatrix';
import { DIALECTS } from './venue';

export const HELP = `npm run campaign:gateway -- [options]     kills and troubles at each step of an order's life, on simulated brokers over HTTP

  --seed N            chance; default: drawn, and printed
  --orders N          at least so many intents in all; default 2400
  --dialect NAME      alpaca or tradier; default: both
  --only TEXT         cells with this in the name of their trouble or kill
  --cells N           at most so many cells, drawn; default: all
  --lanes N           processes at a time; default 3
  --bugs all|none|NAME[,NAME]            planted bugs to try; default all
  --only-bugs         no matrices on the intact program
  --json FILE         where the report goes; default: standard output
  --document          write the figures into docs/reliability.md
  --keep              leave the folder with the data directories of what was found`;

export interface GatewayCampaignArguments extends CrashPlan {
  readonly lanes: number;
  readonly bugs: string;
  readonly onlyBugs: boolean;
  readonly json: string | undefined;
  readonly document: boolean;
  readonly keep: boolean;
}

/** Undefined: help was asked for. Throws an Error for what is no option. */
export const readArguments = (words: readonly string[]): GatewayCampaignArguments | undefined => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      ...{ seed: text, orders: text, dialect: text, only: text, cells: text, lanes: text, bugs: text, json: text },
      ...{ 'only-bugs': flag, document: flag, keep: flag, help: flag },
    },
  });
  if (values.help === true) return undefined;
  const number = (name: 'seed' | 'orders' | 'cells' | 'lanes', standard: number): number => {
    const given = values[name];
    if (given === undefined) return standard;
    if (!/^\d{1,9}$/.test(given)) throw new Error(`--${name}: expected a whole number`);
    return Number(given);
  };
  const { dialect } = values;
  if (dialect !== undefined && dialect !== 'alpaca' && dialect !== 'tradier')
    throw new Error('--dialect: expected alpaca or tradier');
  return {
    ...{ seed: number('seed', Date.now() % 1_000_000), orders: number('orders', 2_400), cells: number('cells', Infinity) },
    ...{
      dialects: dialect === undefined ? DIALECTS : [dialect],
      only: values.only ?? '',
      lanes: Math.max(1, number('lanes', 3)),
    },
    ...{ bugs: values.bugs ?? 'all', onlyBugs: values['only-bugs'] === true, json: values.json },
    ...{ document: values.document === true, keep: values.keep === true },
  };
};
