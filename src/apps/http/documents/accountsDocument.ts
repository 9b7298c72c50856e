/** Active runs added up: by account, and all together. Nothing is netted between runs but what they hold: the gross is the sum of theirs. */
import { magnitude, plus, plusNotional, ZERO } from '../../../contracts/decimal';
import type { Decimal, Notional } from '../../../contracts/decimal';
import type { JsonOut } from '../../../contracts/json/write';
import type { LiveRun } from '../../live/live';
import type { StrategyFigures } from '../../live/strategyBook';
import { amountJson, amountOrNull, multipleOf, notionalJson } from './amounts';
import { added, decidedTogether, NO_TOTALS, NONE_DECIDED, sorted, strategyTotals, worseNet, worseValue } from './holdings';
import type { Totals } from './holdings';
import { byRunId } from './runDocument';

export const accountsDocument = (runs: readonly LiveRun[]): JsonOut => {
  const accounts = new Map<string, Sum>();
  const total = new Sum();
  for (const run of runs.filter(({ ledger }) => ledger.state.status === 'ACTIVE').sort(byRunId)) {
    const { account_id } = run.ledger.state.account;
    const account = accounts.get(account_id) ?? new Sum();
    accounts.set(account_id, account);
    account.add(run);
    total.add(run);
  }
  return {
    accounts: sorted(accounts).map(([account_id, account]) => ({ account_id, ...account.document() })),
    total: total.document(),
  };
};

interface Holding {
  readonly qty: Decimal;
  /** Null: a run that holds it has no price of it. */
  readonly value: Notional | null;
}
interface Strategy {
  readonly runs: readonly string[];
  readonly decided: StrategyFigures['decided'];
  readonly totals: Totals;
}

class Sum {
  private readonly runs: string[] = [];
  private equity: Decimal = ZERO;
  private totals = NO_TOTALS;
  private readonly holdings = new Map<string, Holding>();
  private readonly strategies = new Map<string, Strategy>();

  add({ shard, ledger: { state }, strategies }: LiveRun): void {
    this.runs.push(state.runId);
    this.equity = plus(this.equity, state.account.equity);
    this.totals = added(this.totals, state.exposure.totals());
    for (const [symbol, position] of state.exposure.positions) {
      const value = worseValue(position, shard.prices.get(symbol));
      const before = this.holdings.get(symbol);
      this.holdings.set(
        symbol,
        before === undefined ? { qty: position.qty, value } : together(before, { qty: position.qty, value }),
      );
    }
    for (const [strategyId, figures] of strategies) {
      const before = this.strategies.get(strategyId) ?? { runs: [], decided: NONE_DECIDED, totals: NO_TOTALS };
      this.strategies.set(strategyId, {
        runs: [...before.runs, state.runId],
        decided: decidedTogether(before.decided, figures.decided),
        totals: added(before.totals, strategyTotals(figures, shard.prices)),
      });
    }
  }

  document(): Readonly<Record<string, JsonOut>> {
    const net = worseNet(this.totals);
    return {
      runs: this.runs,
      equity: amountJson(this.equity),
      gross_value: notionalJson(this.totals.gross),
      net_value: notionalJson(net),
      gross_exposure_x: amountOrNull(multipleOf(this.totals.gross, this.equity)),
      net_exposure_x: amountOrNull(multipleOf(magnitude(net), this.equity)),
      positions: sorted(this.holdings).map(([symbol, { qty, value }]) => ({
        symbol,
        qty: amountJson(qty),
        value: value === null ? null : notionalJson(value),
      })),
      strategies: sorted(this.strategies).map(([strategy_id, { runs, decided, totals }]) => ({
        strategy_id,
        runs,
        decided: { ...decided },
        gross_value: notionalJson(totals.gross),
        net_value: notionalJson(worseNet(totals)),
      })),
    };
  }
}

const together = (a: Holding, b: Holding): Holding => ({
  qty: plus(a.qty, b.qty),
  value: a.value === null || b.value === null ? null : plusNotional(a.value, b.value),
});
