/**
 * What the people of a world believe of a run: the production bookkeeping, fed with what they send at the moment at which they send it, and a guess of
 * what the broker does. It need not be right (faults, races and brokers see to that); it is how orders come to lie close to the limits.
 */
import type { Decimal } from '../../../src/contracts/decimal';
import { ZERO } from '../../../src/contracts/decimal';
import type { ControlPayload, Decision, Facts, OrderIntent, RunStarted } from '../../../src/contracts/messages';
import type { CapitalPolicy } from '../../../src/contracts/policy';
import { advanceClock, evolve, reprice } from '../../../src/domain/evolve';
import { dueTrip, judge } from '../../../src/domain/judge';
import type { AppliedLimits } from '../../../src/domain/limits';
import { resolveLimits } from '../../../src/domain/limits';
import type { RunState } from '../../../src/domain/state';
import { readFacts, unknownRun } from '../../../src/domain/state';
import type { BrokerDialect } from '../world/plan';

export interface SentIntent {
  readonly intent: OrderIntent;
  readonly value: Buffer;
}

const NO_DIGEST = new Uint8Array(8);
const NO_HASH = new Uint8Array(32);

export class RunModel {
  readonly sent: SentIntent[] = [];
  /** What was admitted, and each violation that counts, by the run's clock: the edges of the windows. */
  readonly admitted: { readonly at: number; readonly strategyId: string }[] = [];
  readonly violatedAt: number[] = [];
  /** Its start is acknowledged: strategies may send. */
  isOpen = false;
  /** Somebody is about to put it right. */
  resetIsDue = false;
  restoreIsDue = false;
  private readonly state: RunState;
  private seq = 0;

  constructor(
    readonly id: string,
    readonly shard: number,
    readonly dialect: BrokerDialect,
    readonly accountId: string,
    /** What it is worth at the start. */
    readonly equity: Decimal,
    private readonly prices: ReadonlyMap<string, Decimal>,
  ) {
    this.state = unknownRun(id, prices);
  }

  get isActive(): boolean {
    return this.state.status === 'ACTIVE';
  }
  get isKilled(): boolean {
    return this.state.killSwitchActive;
  }

  /** What it is believed to hold. */
  positions(): ReadonlyMap<string, Decimal> {
    return new Map([...this.state.exposure.positions].map(([symbol, { qty }]) => [symbol, qty]));
  }

  limitsFor(symbol: string, strategyId: string): AppliedLimits | undefined {
    const { active } = this.state;
    return active && resolveLimits(active.policy, symbol, strategyId);
  }

  /** What an order would be judged by at this time. */
  factsAt(ms: number, intent: OrderIntent): Facts {
    advanceClock(this.state, ms);
    return readFacts(this.state, intent, this.prices);
  }

  start(payload: RunStarted, policy: CapitalPolicy, violationTimes: readonly number[], ms: number): void {
    advanceClock(this.state, ms);
    const { account_id: accountId, portfolio, execution, equity_mode: equityMode } = payload;
    evolve(this.state, {
      ...{ type: 'RunStarted', accountId, portfolio, execution, equityMode, violationTimes },
      ...{ policy: { policy, hash: NO_HASH }, prices: this.prices, seq: this.seq++ },
    });
  }

  /** A valid control event. `policy`: of a PolicyActivated. */
  control(payload: ControlPayload, ms: number, policy?: CapitalPolicy): void {
    const { state } = this;
    if (state.status !== 'ACTIVE') return;
    advanceClock(state, ms);
    switch (payload.type) {
      case 'PortfolioUpdated': {
        const { positions, equity, start_of_day_equity, peak_equity } = payload;
        return evolve(state, { type: 'PortfolioUpdated', account: { equity, start_of_day_equity, peak_equity }, positions });
      }
      case 'PolicyActivated':
        if (policy !== undefined) evolve(state, { type: 'PolicyActivated', policy: { policy, hash: NO_HASH } });
        return;
      case 'KillSwitchReset':
        this.violatedAt.length = 0;
        return evolve(state, { type: 'KillSwitchReset', seq: this.seq++ });
      case 'KillSwitchTripped':
      case 'SessionRolled':
      case 'RunEnded':
        return evolve(state, { type: payload.type });
      default:
    }
  }

  repriced(symbol: string, before: Decimal | undefined): void {
    reprice(this.state, symbol, before);
  }

  /** Judges an intent, and takes it that an order is done at once at its price, or rests where it cannot be. */
  place(intent: OrderIntent, ms: number): Decision {
    const { state } = this;
    advanceClock(state, ms);
    const { decision } = judge(state, intent, this.prices);
    if (state.status !== 'ACTIVE') return decision;
    evolve(state, { type: 'IntentDecided', intent, decision, digest: NO_DIGEST, seq: this.seq++ });
    for (let count = decision.violations.length; count > 0; count--) this.violatedAt.push(state.clock);
    if (dueTrip(state, decision) !== undefined) evolve(state, { type: 'KillSwitchTripped' });
    if (decision.order !== null) this.trade(decision.order);
    return decision;
  }

  private trade(order: OrderIntent): void {
    const { instrument, side, limit_price: limit, qty, intent_id, order_type } = order;
    const { symbol } = instrument;
    this.admitted.push({ at: this.state.clock, strategyId: order.strategy_id });
    const price = this.prices.get(symbol) ?? ZERO;
    const isDone = limit === null || order_type === 'market' || (side === 'buy' ? limit >= price : limit <= price);
    // The paper broker turns down what it cannot do at once; others keep it open.
    if (!isDone && this.dialect !== 'sim') return;
    evolve(this.state, {
      type: 'ExecutionReported',
      seq: this.seq++,
      event: {
        ...{ event: isDone ? 'ORDER_FILLED' : 'ORDER_REJECTED', run_id: this.id, intent_id, order_id: '', client_order_id: '' },
        ...{ symbol, side, order_type, qty, price: isDone ? price : null, cum_qty: isDone ? qty : ZERO, leaves_qty: ZERO },
        ...{ code: null, reason: null, policy_hash: NO_HASH, decision_offset: 0 },
      },
    });
  }
}
