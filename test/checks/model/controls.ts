/**
 * Control events for one run. Source: docs/contracts.md ("Marked equity"), docs/adr/0001 (kill switch, ended runs), README.
 *
 * From the processor's source: a run begins where it was unknown, with its clock at that moment; a reset of a switch that is off is on record and
 * changes nothing, violations included; the beginning of a run empties its windows, and what was decided before it stays decided.
 */
import { Book } from './book';
import type { Prices } from './equity';
import { markEquity } from './equity';
import type { Content, Expected } from './expected';
import { recordFor } from './expected';
import { figureOf } from './figures';
import { policyOf } from './policy';
import type { AccountFigures, ControlInput, Quantity, RunStart } from './recorded';
import type { ModelRun } from './run';
import { timeOf } from './times';

/** `everyRunTripped`: the switch for all runs, those to come included. */
export const foldControl = (run: ModelRun, control: ControlInput, prices: Prices, everyRunTripped: boolean): Expected => {
  const content = contentOf(run, control, prices, everyRunTripped);
  return recordFor(run, content);
};

/** Who and why, or it is none. */
export const isSigned = ({ actor, reason }: ControlInput): boolean => actor.trim() !== '' && reason.trim() !== '';

const APPLIED: Content = { kind: 'CONTROL' };
const REFUSED: Content = { kind: 'REJECTED_INPUT' };

const contentOf = (run: ModelRun, control: ControlInput, prices: Prices, everyRunTripped: boolean): Content => {
  if (control.name === 'RunStarted') return begin(run, control.start, prices, everyRunTripped);
  if (run.status !== 'ACTIVE') return REFUSED;
  switch (control.name) {
    case 'RunEnded':
      return end(run);
    case 'PortfolioUpdated':
      takeFigures(run, control.figures);
      run.cash = null;
      if (control.positions !== null) takePositions(run, control.positions);
      markEquity(run, prices);
      return APPLIED;
    case 'PolicyActivated': {
      const policy = policyOf(control.text);
      if (policy === null) return REFUSED;
      run.policy = policy;
      return APPLIED;
    }
    case 'SessionRolled':
      if (run.equity <= 0n) return REFUSED;
      run.startOfDay = run.equity;
      return APPLIED;
    case 'KillSwitchTripped':
      return turn(run, control, true);
    case 'KillSwitchReset':
      return isSigned(control) ? turn(run, control, false) : REFUSED;
    case 'PositionDrift':
    case 'OrderResolved':
      return APPLIED;
    case 'unknown':
      return REFUSED;
  }
};

const begin = (run: ModelRun, start: RunStart, prices: Prices, everyRunTripped: boolean): Content => {
  const { portfolio, execution } = start;
  const policy = policyOf(start.policy_text);
  const times = execution.violations_last_window.map(({ timestamp }) => timeOf(timestamp));
  if (run.status !== 'UNKNOWN' || policy === null || !times.every((time) => time !== undefined)) return REFUSED;
  run.status = 'ACTIVE';
  run.policy = policy;
  run.tripped ||= execution.kill_switch_active || everyRunTripped;
  takeFigures(run, portfolio);
  run.marked = start.equity_mode === 'marked';
  run.cash = null;
  run.book = new Book();
  takePositions(run, portfolio.positions);
  run.admitted = [];
  run.begunAt = run.clock;
  run.begunOrders = execution.orders_last_60s_global;
  run.begunByStrategy = new Map(execution.orders_last_60s_by_strategy.map(({ strategy_id, orders }) => [strategy_id, orders]));
  run.forgetViolations();
  run.begunViolations = times;
  markEquity(run, prices);
  return APPLIED;
};

/** What is open stays known until it ends; everything else is forgotten. */
const end = (run: ModelRun): Content => {
  run.status = 'ENDED';
  for (const [intentId, { open }] of run.known) if (!open) run.known.delete(intentId);
  return APPLIED;
};

const turn = (run: ModelRun, { actor }: ControlInput, active: boolean): Content => {
  if (run.tripped === active) return APPLIED;
  const violations = run.violationsInWindow();
  run.tripped = active;
  if (!active) run.forgetViolations();
  return { kind: 'KILL_SWITCH', change: { active, cause: 'OPERATOR', rules: [], violations, actor } };
};

const takeFigures = (run: ModelRun, { equity, start_of_day_equity, peak_equity }: AccountFigures): void => {
  run.equity = figureOf(equity);
  run.startOfDay = figureOf(start_of_day_equity);
  run.peak = figureOf(peak_equity);
};

/** Whole: what is not named is flat. What is open stays open. */
const takePositions = (run: ModelRun, positions: readonly Quantity[]): void => {
  run.book.held.clear();
  for (const { symbol, qty } of positions) run.book.move(symbol, figureOf(qty));
};
