/** A run as it was at a moment, for machines. Source: docs/commands.md, "Folding the log again". */
import type { HeldPosition, Portrait } from '../../audit/replay/portrait';
import { decimalToJson, times } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import { notionalText } from '../../contracts/documents/writeDocument';
import type { JsonOut } from '../../contracts/json/write';
import type { CapitalPolicy, LimitsOverride } from '../../contracts/policy';
import { formatRfc3339 } from '../../contracts/timestamp';

export const portraitDocument = (portrait: Portrait): JsonOut => {
  const { account, exposure, policy } = portrait;
  return {
    run_id: portrait.runId,
    seq: portrait.seq,
    kind: portrait.kind,
    status: portrait.status,
    clock: formatRfc3339(portrait.clock),
    next_seq: portrait.nextSeq,
    chain_hash: portrait.chainHash,
    portfolio: {
      account_id: account.account_id,
      equity_mode: portrait.equityMode,
      equity: decimalToJson(account.equity),
      start_of_day_equity: decimalToJson(account.start_of_day_equity),
      peak_equity: decimalToJson(account.peak_equity),
      realized_pnl_today: decimalToJson(account.realized_pnl_today),
      unrealized_pnl: decimalToJson(account.unrealized_pnl),
      cash: portrait.cash === null ? null : notionalJson(portrait.cash),
      positions: new Map(portrait.positions.map((position) => [position.symbol, positionJson(position)])),
      exposure: {
        gross: notionalJson(exposure.gross),
        net: notionalJson(exposure.net),
        gross_with_working: notionalJson(exposure.grossWithWorking),
      },
    },
    working_orders: portrait.workingOrders.map((order): JsonOut => ({
      intent_id: order.intentId,
      seq: order.seq,
      strategy_id: order.strategyId,
      symbol: order.symbol,
      side: order.side,
      qty: decimalToJson(order.qty),
      cum_qty: decimalToJson(order.cumQty),
      decided_at: formatRfc3339(order.decidedAt),
    })),
    windows: {
      orders_last_60s_global: portrait.ordersInWindow,
      orders_last_60s_by_strategy: portrait.ordersByStrategy,
      violations_in_window: portrait.violationsInWindow,
      violations: portrait.violations.map(({ at, rule_id }): JsonOut => ({ at: formatRfc3339(at), rule_id })),
    },
    kill_switch: { run: portrait.killSwitchActive, every_run: portrait.killSwitchOfShard },
    policy: policy === undefined ? null : { hash: policy.hash, ...limitsDocument(policy.policy) },
  };
};

const positionJson = ({ qty, workingBuy, workingSell, price }: HeldPosition): JsonOut => ({
  qty: decimalToJson(qty),
  working_buy_qty: decimalToJson(workingBuy),
  working_sell_qty: decimalToJson(workingSell),
  price: price === undefined ? null : decimalToJson(price),
  value: price === undefined ? null : notionalJson(times(qty, price)),
});

/** The policy's own limits, and the blocks that replace some of them for a symbol or a strategy. */
const limitsDocument = ({ defaults, limits, overrides }: CapitalPolicy): Readonly<Record<string, JsonOut>> => ({
  mode: defaults.mode,
  limits: jsonOf(limits),
  overrides: { symbols: overridesJson(overrides.symbols), strategies: overridesJson(overrides.strategies) },
});

const overridesJson = (overrides: ReadonlyMap<string, LimitsOverride>): JsonOut =>
  new Map([...overrides].map(([name, blocks]) => [name, jsonOf(blocks)]));

/** Blocks that are null are not overridden. */
const jsonOf = (blocks: object): JsonOut =>
  Object.fromEntries(
    Object.entries(blocks)
      .filter(([, block]) => block !== null && block !== undefined)
      .map(([name, block]) => [
        name,
        Object.fromEntries(Object.entries(block as object).map(([limit, value]) => [limit, limitJson(value)])),
      ]),
  );

const limitJson = (value: unknown): JsonOut => (typeof value === 'bigint' ? decimalToJson(value as Decimal) : (value as JsonOut));

const notionalJson = (value: Notional): JsonOut => JSON.parse(notionalText(value)) as JsonOut;
