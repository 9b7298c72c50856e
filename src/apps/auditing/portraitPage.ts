/** A run as it was at a moment, for people. */
import type { Portrait } from '../../audit/replay/portrait';
import { formatDecimal, ratioShown, times, toDecimal } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import type { CapitalPolicy, LimitsOverride } from '../../contracts/policy';
import { formatRfc3339 } from '../../contracts/timestamp';
import { table } from '../cli/table';

export const portraitPage = (portrait: Portrait): string => {
  const { account, policy } = portrait;
  const sections = [
    `Run ${portrait.runId} after seq ${portrait.seq} (${portrait.kind}) at ${formatRfc3339(portrait.clock)}`,
    lines([
      ['status', portrait.status],
      ['account', account.account_id],
      ['equity', `${formatDecimal(account.equity)} (${portrait.equityMode})`],
      ['start of day', formatDecimal(account.start_of_day_equity)],
      ['peak', formatDecimal(account.peak_equity)],
      ...(portrait.cash === null ? [] : [['cash', money(portrait.cash)] as const]),
      ...exposureLines(portrait),
      ['kill switch', switchText(portrait)],
      ['orders in 60 s', counted(portrait.ordersInWindow, portrait.ordersByStrategy)],
      ['violations', violationsText(portrait)],
      ['policy', policy === undefined ? 'none' : `${policy.hash} (${policy.policy.defaults.mode})`],
      ['next seq', String(portrait.nextSeq)],
      ['chain hash', portrait.chainHash],
    ]),
    positionsTable(portrait),
    ordersTable(portrait),
    ...(policy === undefined ? [] : [limitsTable(policy.policy)]),
  ];
  return `${sections.join('\n\n')}\n`;
};

const lines = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name.padEnd(15)} ${value}`).join('\n');

const exposureLines = ({ exposure, account }: Portrait): readonly (readonly [string, string])[] => {
  const shown = (value: Notional): string =>
    account.equity > 0n ? `${money(value)} (${formatDecimal(ratioShown(value, account.equity))} x equity)` : money(value);
  return [
    ['gross', shown(exposure.gross)],
    ['net', shown(exposure.net)],
    ['gross, working', shown(exposure.grossWithWorking)],
  ];
};

const switchText = ({ killSwitchActive, killSwitchOfShard }: Portrait): string =>
  `${killSwitchActive ? 'active' : 'not active'}${killSwitchOfShard ? '; active for every run' : ''}`;

const counted = (all: number, byStrategy: ReadonlyMap<string, number>): string =>
  all === 0 ? '0' : `${all} (${[...byStrategy].map(([strategy, count]) => `${strategy} ${count}`).join(', ')})`;

const violationsText = ({ violationsInWindow, violations }: Portrait): string => {
  const rules = new Map<string, number>();
  for (const { rule_id } of violations) rules.set(rule_id, (rules.get(rule_id) ?? 0) + 1);
  return violationsInWindow === 0 ? '0 in the window' : `${counted(violationsInWindow, rules)} in the window`;
};

const positionsTable = ({ positions }: Portrait): string =>
  positions.length === 0
    ? 'No positions.'
    : table(
        ['position', 'qty', 'price', 'value', 'working buy', 'working sell'],
        positions.map(({ symbol, qty, price, workingBuy, workingSell }) => [
          symbol,
          formatDecimal(qty),
          price === undefined ? 'none' : formatDecimal(price),
          price === undefined ? '-' : money(times(qty, price)),
          formatDecimal(workingBuy),
          formatDecimal(workingSell),
        ]),
      );

const ordersTable = ({ workingOrders }: Portrait): string =>
  workingOrders.length === 0
    ? 'No working orders.'
    : table(
        ['working order', 'strategy', 'symbol', 'side', 'qty', 'filled', 'decided at'],
        workingOrders.map((order) => [
          order.intentId,
          order.strategyId,
          order.symbol,
          order.side,
          formatDecimal(order.qty),
          formatDecimal(order.cumQty),
          formatRfc3339(order.decidedAt),
        ]),
      );

const limitsTable = ({ limits, overrides }: CapitalPolicy): string => {
  const overridden = (path: string, of: ReadonlyMap<string, LimitsOverride>): readonly string[][] =>
    [...of].flatMap(([name, blocks]) => limitRows(`overrides.${path}.${name}`, blocks));
  const rows = [
    ...limitRows('limits', limits),
    ...overridden('symbols', overrides.symbols),
    ...overridden('strategies', overrides.strategies),
  ];
  return table(['limit', 'value'], rows);
};

const limitRows = (path: string, blocks: object): string[][] =>
  Object.entries(blocks)
    .filter(([, block]) => block !== null && block !== undefined)
    .flatMap(([name, block]) =>
      Object.entries(block as object)
        // A policy of version "0.1" says nothing of open orders.
        .filter(([limit, value]) => limit !== 'cancel_open_orders' || value !== null)
        .map(([limit, value]) => [`${path}.${name}.${limit}`, limitText(value)]),
    );

const limitText = (value: unknown): string => {
  if (value === null) return 'not checked';
  if (typeof value === 'bigint') return formatDecimal(value as Decimal);
  return Array.isArray(value) ? value.join(', ') || 'none' : JSON.stringify(value);
};

/** Rounded to 18 places. */
const money = (value: Notional): string => formatDecimal(toDecimal(value));
