/**
 * How the runs of this process's shards stand against their limits and kill switches, worked out when somebody looks. A run, a symbol and a strategy are never
 * labels: of each limit there is the most that any active run uses. Which run that is, `GET /runs/{run}/portfolio` and the dashboard tell.
 */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { RunState } from '../../domain/state';
import { activeRuns } from '../../processor/ledger';
import type { ShardState } from '../../processor/ledger';
import type { Use } from '../http/documents/amounts';
import { limitUses, positionUse, strategyOrdersUse } from '../http/documents/limitUses';
import type { RunLimit } from '../http/documents/limitUses';

type Limit = RunLimit | 'position_pct' | 'orders_last_60s_strategy';
type MostUsed = Map<Limit, number>;

/** Of a Decimal, which has 18 places; the ratio is rounded to 6. What cannot be told (no price, no equity) is no use of a limit, and denied anyway. */
const UNITS = 1e18;

export class RiskMetrics {
  private readonly shards = new Map<number, ShardState>();

  constructor(registry: Registry) {
    const { shards } = this;
    const gauge = <T extends string>(
      name: string,
      help: string,
      labelNames: readonly T[],
      set: (gauge: Gauge<T>) => void,
    ): void => {
      new Gauge({
        name: `policygate_${name}`,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        collect() {
          this.reset();
          set(this);
        },
      });
    };
    gauge('active_runs', 'Runs that were started and have not ended', ['shard'], (active) => {
      for (const [shard, state] of shards) active.set({ shard }, activeRuns(state).length);
    });
    gauge(
      'kill_switch_active_runs',
      'Active runs whose kill switch is tripped: all their intents are denied',
      ['shard'],
      (tripped) => {
        for (const [shard, state] of shards)
          tripped.set({ shard }, activeRuns(state).filter((run) => run.state.killSwitchActive).length);
      },
    );
    gauge('kill_switch_all', 'One: tripped for every run, those to come included', ['shard'], (tripped) => {
      for (const [shard, { killSwitchActive }] of shards) tripped.set({ shard }, killSwitchActive ? 1 : 0);
    });
    gauge(
      'limit_used_ratio',
      'The part of a limit that is used, 1: all of it; of each limit the most that any active run uses',
      ['shard', 'limit'],
      (used) => {
        for (const [shard, state] of shards)
          for (const [limit, ratio] of mostUsed(state, Date.now())) used.set({ shard, limit }, ratio);
      },
    );
  }

  /** `state`: the memory of the processor that owns the shard; it is read, and left as it is. */
  follow(shard: number, state: ShardState): void {
    this.shards.set(shard, state);
  }

  forget(shard: number): void {
    this.shards.delete(shard);
  }
}

const mostUsed = (shard: ShardState, now: number): MostUsed => {
  const most: MostUsed = new Map();
  for (const { state } of activeRuns(shard)) addRun(most, shard, state, Math.max(now, state.clock));
  return most;
};

const addRun = (most: MostUsed, { prices }: ShardState, state: RunState, clock: number): void => {
  const add = (limit: Limit, { used }: Use): void => {
    if (used !== null) most.set(limit, Math.max(most.get(limit) ?? 0, Number(used) / UNITS));
  };
  const orders = state.orders.ahead(clock);
  for (const { metric, use } of limitUses(state, orders, clock)) add(metric, use);
  for (const symbol of state.exposure.positions.keys()) add('position_pct', positionUse(state, symbol, prices.get(symbol)));
  for (const strategy of orders.strategies()) add('orders_last_60s_strategy', strategyOrdersUse(state, orders, strategy));
};
