/** A run as it was after one of its audit records, copied out of the memory that goes on changing. Reading it changes nothing. */
import { hexOf } from '../../contracts/json/hex';
import { largerNotional, magnitude, minus, NO_NOTIONAL, plus, plusNotional, times, ZERO } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import type { AuditRecord, EquityMode, InitialViolation, RunStatus, Side } from '../../contracts/messages';
import type { CapitalPolicy } from '../../contracts/policy';
import type { Account, RunState } from '../../domain/state';
import { violationsInWindow, windowMs } from '../../domain/state';
import type { ShardState } from '../../processor/ledger';

/** Of the violations in the window, the newest are listed. */
const VIOLATIONS_SHOWN = 1_000;

export interface HeldPosition {
  readonly symbol: string;
  readonly qty: Decimal;
  readonly workingBuy: Decimal;
  readonly workingSell: Decimal;
  /** Undefined: none that is above zero. */
  readonly price: Decimal | undefined;
}

export interface WorkingOrder {
  readonly intentId: string;
  /** Of its decision. */
  readonly seq: number;
  readonly strategyId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Decimal;
  readonly cumQty: Decimal;
  /** ms. */
  readonly decidedAt: number;
}

export interface ExposureFigures {
  /** Sum of |quantity| × price over what is held and has a price. */
  readonly gross: Notional;
  /** Sum of quantity × price. */
  readonly net: Notional;
  /** Gross, with the worse side of what is working: what the rules measure. */
  readonly grossWithWorking: Notional;
}

export interface Portrait {
  readonly runId: string;
  /** Of the audit record that it is taken after. */
  readonly seq: number;
  readonly kind: AuditRecord['kind'];
  readonly status: RunStatus;
  readonly account: Account;
  readonly equityMode: EquityMode;
  readonly cash: Notional | null;
  /** By symbol; what is neither held nor working is left out. */
  readonly positions: readonly HeldPosition[];
  readonly exposure: ExposureFigures;
  /** In the order in which they were admitted. */
  readonly workingOrders: readonly WorkingOrder[];
  readonly ordersInWindow: number;
  readonly ordersByStrategy: ReadonlyMap<string, number>;
  /** All that count. */
  readonly violationsInWindow: number;
  readonly violations: readonly InitialViolation[];
  readonly killSwitchActive: boolean;
  /** Tripped for every run of the shard. */
  readonly killSwitchOfShard: boolean;
  readonly policy: { readonly hash: string; readonly policy: CapitalPolicy } | undefined;
  /** ms. */
  readonly clock: number;
  readonly nextSeq: number;
  readonly chainHash: string;
}

/** `hash`: of `record`, the last of its chain. */
export const portraitOf = (shard: ShardState, state: RunState, { seq, kind }: AuditRecord, hash: Uint8Array): Portrait => {
  const { active } = state;
  state.orders.advance(state.clock);
  const positions = positionsOf(shard, state);
  return {
    ...{ runId: state.runId, seq, kind, status: state.status },
    ...{ account: state.account, equityMode: state.equityMode, cash: state.cash },
    positions,
    exposure: exposureOf(positions),
    workingOrders: ordersOf(state),
    ordersInWindow: state.orders.globalCount,
    ordersByStrategy: new Map([...state.orders.counts()].sort(([a], [b]) => (a < b ? -1 : 1))),
    violationsInWindow: violationsInWindow(state),
    violations: active === undefined ? [] : state.violations.entries(state.clock, windowMs(active), VIOLATIONS_SHOWN),
    killSwitchActive: state.killSwitchActive,
    killSwitchOfShard: shard.killSwitchActive,
    policy: active && { hash: hexOf(active.hash), policy: active.policy },
    clock: state.clock,
    nextSeq: seq + 1,
    chainHash: hexOf(hash),
  };
};

const positionsOf = ({ prices }: ShardState, { exposure }: RunState): readonly HeldPosition[] =>
  [...exposure.positions]
    .map(([symbol, { qty, workingBuy, workingSell }]) => ({ symbol, qty, workingBuy, workingSell, price: prices.get(symbol) }))
    .filter(({ qty, workingBuy, workingSell }) => qty !== ZERO || workingBuy !== ZERO || workingSell !== ZERO)
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));

const ordersOf = ({ intents }: RunState): readonly WorkingOrder[] =>
  [...intents.working()].map(([intentId, { seq, strategy_id, symbol, side, qty, cum_qty, decided_at }]) => ({
    ...{ intentId, seq, strategyId: strategy_id, symbol, side, qty, cumQty: cum_qty, decidedAt: decided_at },
  }));

const exposureOf = (positions: readonly HeldPosition[]): ExposureFigures => {
  let [gross, net, grossWithWorking] = [NO_NOTIONAL, NO_NOTIONAL, NO_NOTIONAL];
  for (const { qty, workingBuy, workingSell, price } of positions) {
    if (price === undefined) continue;
    const held = times(qty, price);
    const worse = largerNotional(
      magnitude(times(plus(qty, workingBuy), price)),
      magnitude(times(minus(qty, workingSell), price)),
    );
    gross = plusNotional(gross, magnitude(held));
    net = plusNotional(net, held);
    grossWithWorking = plusNotional(grossWithWorking, worse);
  }
  return { gross, net, grossWithWorking };
};
