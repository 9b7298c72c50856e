import { hexOf } from '../../../contracts/json/hex';
import type { Command } from 'commander';
import { formatDecimal } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { decimalToJson } from '../../../contracts/decimal';
import { prettyJson } from '../../../contracts/json/write';
import type { JsonOut } from '../../../contracts/json/write';
import { limitSources, resolveLimits } from '../../../domain/limits';
import { readPolicyFile } from '../../files';
import type { Io } from '../io';
import { table } from '../table';
import { policyActivateCommand } from './policyActivate';

interface ShowOptions {
  readonly symbol?: string;
  readonly strategy?: string;
  readonly json?: boolean;
}

/** `policygate policy show`: the limits that one order would be judged by, and where each comes from; and `policy activate`. */
export const policyCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const policy = parent
    .command('policy')
    .description('Look at capital policies, and put them in force.')
    .addHelpText(
      'after',
      `
Examples:
  policygate policy show policies/base.yaml --symbol AAPL --strategy momentum_v1
  policygate policy activate policies/base.yaml --actor alice --reason "tighter limits" --data-dir ./data`,
    );
  policyActivateCommand(policy, io, exit);
  policy
    .command('show')
    .description('Which limits apply to a symbol and a strategy, and where they come from.')
    .argument('<file>', 'capital policy (YAML)')
    .option('--symbol <symbol>', 'the symbol of an order')
    .option('--strategy <strategy_id>', 'the strategy that sends it')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
An override replaces a whole block (exposure, loss, execution): the symbol's before the strategy's before the policy's own.

Examples:
  policygate policy show policies/symbol-overrides.yaml --symbol TSLA
  policygate policy show policies/strategy-overrides.yaml --symbol AAPL --strategy momentum_v1 --json`,
    )
    .action(async (file: string, { symbol = '', strategy = '', json = false }: ShowOptions) => {
      const read = await readPolicyFile(file);
      for (const warning of read.warnings) io.err(`Warning: ${warning}\n`);
      const { exposure, loss, execution, kill_switch, mode } = resolveLimits(read.policy, symbol, strategy);
      const { cancel_open_orders, ...trips } = kill_switch;
      const sources = limitSources(read.policy, symbol, strategy);
      const blocks: readonly (readonly [string, string, object])[] = [
        ['exposure', sources.exposure, exposure],
        ['loss', sources.loss, loss],
        ['execution', sources.execution, execution],
        // A policy of version "0.1" says nothing of open orders.
        ['kill_switch', 'limits.kill_switch', cancel_open_orders === null ? trips : kill_switch],
      ];
      if (json) {
        const limits = blocks.map(([name, source, values]): [string, JsonOut] => [name, { source, values: jsonOf(values) }]);
        const hash = hexOf(read.hash);
        io.out(
          `${prettyJson(
            new Map<string, JsonOut>([
              ['mode', mode],
              ['policy_hash', hash],
              ['limits', new Map(limits)],
            ]),
          )}\n`,
        );
        return;
      }
      const rows = blocks.flatMap(([, source, values]) =>
        Object.entries(values).map(([name, value]) => [name, shown(value as Limit), `${source}.${name}`]),
      );
      io.out(`${table(['limit', 'value', 'from'], [['mode', mode, 'defaults.mode'], ...rows])}\n`);
    });
};

type Limit = bigint | number | boolean | null | readonly string[];

const shown = (value: Limit): string => {
  if (value === null) return 'not checked';
  if (typeof value === 'bigint') return formatDecimal(value as Decimal);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value.join(', ') || 'none';
};

const jsonOf = (values: object): JsonOut =>
  new Map(
    Object.entries(values).map(([name, value]): [string, JsonOut] => [
      name,
      typeof value === 'bigint' ? decimalToJson(value as Decimal) : (value as JsonOut),
    ]),
  );
