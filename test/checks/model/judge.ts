/**
 * What an intent must be answered: facts, rules, verdict, order. Written from design, "The engine", docs/contracts.md and docs/adr/0001.
 *
 * The documents leave open, and the processor's source says: SYS-002 for equity that is not above zero, for facts and for ratios that cannot be written
 * down comes alone, without evidence; a kill switch list that names SYS rules counts them too.
 */
import { sideOf, worstOf } from './book';
import type { Holding } from './book';
import type { Prices } from './equity';
import { figureOf, isAmount, isProduct, ONE, optionalFigure, shareShown, sizeOf, toSixPlaces } from './figures';
import type { Limits, Policy, Rule } from './policy';
import { limitsFor } from './policy';
import type { Intent } from './recorded';
import type { ModelRun } from './run';

export interface ModelFacts {
  readonly clock: number;
  readonly price: bigint | null;
  readonly unpriced_symbol: string | null;
  readonly position_qty: bigint;
  readonly working_buy_qty: bigint;
  readonly working_sell_qty: bigint;
  readonly other_gross: bigint;
  readonly other_net: bigint;
  readonly equity: bigint;
  readonly start_of_day_equity: bigint;
  readonly peak_equity: bigint;
  readonly orders_last_60s_global: number;
  readonly orders_last_60s_strategy: number;
  readonly violations_in_window: number;
  readonly kill_switch_active: boolean;
}

export interface Answer {
  readonly verdict: 'ALLOW' | 'MODIFY' | 'DENY';
  /** Of the order; null: none. */
  readonly qty: bigint | null;
  readonly rules: readonly Rule[];
  /** Null: nothing to judge by, or nothing that could be written down. */
  readonly facts: ModelFacts | null;
  /** Value and limit, of each metric in turn. */
  readonly evidence: readonly (readonly [bigint, bigint])[];
  /** A rule of `trip_on_rules` fired. */
  readonly triggered: boolean;
}

export const answerTo = (run: ModelRun, intent: Intent, prices: Prices): Answer => {
  const refused: Answer = { verdict: 'DENY', qty: null, rules: ['SYS-002'], facts: null, evidence: [], triggered: false };
  const { policy } = run;
  if (run.status !== 'ACTIVE' || policy === null) return refused;
  const facts = factsFor(run, intent, prices);
  const denied = (rule: Rule): Answer => ({ ...refused, rules: [rule], facts, triggered: policy.tripOn.includes(rule) });
  if (!canBeWritten(facts)) return { ...denied('SYS-002'), facts: null };
  if (facts.price === null || facts.unpriced_symbol !== null) return denied('SYS-001');
  if (facts.equity <= 0n || facts.start_of_day_equity <= 0n || facts.peak_equity <= 0n) return denied('SYS-002');

  const limits = limitsFor(policy, intent.instrument.symbol, intent.strategy_id);
  const asked = figureOf(intent.qty);
  const question: Question = { intent, limits, facts, price: facts.price };
  const evidence = evidenceOf(question, afterwards(question, asked));
  const canBeShown = evidence.every(([value, limit]) => isAmount(value * 10n) && isAmount(limit));
  if (!canBeShown) return denied('SYS-002');

  const rules = rulesBroken(question, asked);
  const answer = (verdict: Answer['verdict'], qty: bigint | null): Answer => {
    return { verdict, qty, rules, facts, evidence, triggered: rules.some((rule) => policy.tripOn.includes(rule)) };
  };
  if (rules.length === 0) return answer('ALLOW', asked);
  if (rules.includes('SYS-002')) return answer('DENY', null);
  if (policy.monitors) return answer('ALLOW', asked);
  const fits = rules.length === 1 && rules[0] === 'EXP-001' ? quantityThatFits(question, asked) : 0n;
  return fits > 0n && rulesBroken(question, fits).length === 0 ? answer('MODIFY', fits) : answer('DENY', null);
};

/** After the decision is booked: whether the switch trips, and by which rules (none: by count). */
export const tripAfter = (run: ModelRun, policy: Policy | null, { triggered, rules }: Answer): readonly Rule[] | undefined => {
  if (run.tripped || run.status !== 'ACTIVE' || policy === null) return undefined;
  if (triggered) return rules.filter((rule) => policy.tripOn.includes(rule));
  return run.violationsInWindow() >= policy.tripAfter ? [] : undefined;
};

const factsFor = (run: ModelRun, { instrument, side, strategy_id }: Intent, prices: Prices): ModelFacts => {
  const { symbol } = instrument;
  const holdings = run.book.holdings();
  const own: Holding = holdings.get(symbol) ?? { held: 0n, buys: 0n, sells: 0n };
  let gross = 0n;
  let net = 0n;
  let unpriced: string | null = null;
  for (const [name, holding] of holdings) {
    const price = prices.get(name);
    const isFlat = holding.held === 0n && holding.buys === 0n && holding.sells === 0n;
    if (price === undefined && !isFlat && (unpriced === null || name < unpriced)) unpriced = name;
    if (price === undefined || name === symbol) continue;
    gross += worstOf(holding) * price;
    net += sideOf(holding, side) * price;
  }
  return {
    clock: run.clock,
    price: prices.get(symbol) ?? null,
    unpriced_symbol: unpriced,
    position_qty: own.held,
    working_buy_qty: own.buys,
    working_sell_qty: own.sells,
    other_gross: gross,
    other_net: net,
    equity: run.equity,
    start_of_day_equity: run.startOfDay,
    peak_equity: run.peak,
    orders_last_60s_global: run.ordersInMinute(run.clock),
    orders_last_60s_strategy: run.ordersInMinute(run.clock, strategy_id),
    violations_in_window: run.violationsInWindow(),
    kill_switch_active: run.tripped,
  };
};

const canBeWritten = ({ position_qty, working_buy_qty, working_sell_qty, other_gross, other_net }: ModelFacts): boolean =>
  [position_qty, working_buy_qty, working_sell_qty].every(isAmount) && isProduct(other_gross) && isProduct(other_net);

interface Question {
  readonly intent: Intent;
  readonly limits: Limits;
  readonly facts: ModelFacts;
  readonly price: bigint;
}

interface Afterwards {
  readonly quantity: bigint;
  readonly value: bigint;
  readonly gross: bigint;
  readonly net: bigint;
}

/** What is held and open on the order's side, before the order. */
const sideBefore = ({ intent, facts }: Question): bigint =>
  sideOf({ held: facts.position_qty, buys: facts.working_buy_qty, sells: facts.working_sell_qty }, intent.side);

const afterwards = (question: Question, qty: bigint): Afterwards => {
  const { intent, facts, price } = question;
  const quantity = sideBefore(question) + (intent.side === 'buy' ? qty : -qty);
  const value = quantity * price;
  return { quantity, value: sizeOf(value), gross: facts.other_gross + sizeOf(value), net: sizeOf(facts.other_net + value) };
};

const rulesBroken = (question: Question, qty: bigint): readonly Rule[] => {
  const { intent, limits, facts } = question;
  const { exposure, loss, rate } = limits;
  const { quantity, value, gross, net } = afterwards(question, qty);
  const noLimitPrice = intent.order_type === 'limit' && optionalFigure(intent.limit_price) === null;
  const checks: readonly (readonly [Rule, boolean])[] = [
    ['SYS-002', noLimitPrice || !isAmount(quantity) || !isProduct(gross)],
    ['KILL-001', facts.kill_switch_active],
    ['LOSS-001', (facts.start_of_day_equity - facts.equity) * ONE >= loss.day * facts.start_of_day_equity],
    ['LOSS-002', (facts.peak_equity - facts.equity) * ONE >= loss.drawdown * facts.peak_equity],
    ['EXEC-001', facts.orders_last_60s_global >= rate.all],
    ['EXEC-002', facts.orders_last_60s_strategy >= rate.strategy],
    ['EXP-001', value > exposure.position * facts.equity],
    ['EXP-002', gross > exposure.gross * facts.equity],
    ['EXP-003', exposure.net !== null && net > exposure.net * facts.equity],
  ];
  return checks.filter(([, isBroken]) => isBroken).map(([rule]) => rule);
};

const EIGHT_PLACES = 10n ** 10n;

/** The largest quantity up to what was asked, in whole units of the eighth place, that leaves the position within its cap; zero: none. */
const quantityThatFits = (question: Question, asked: bigint): bigint => {
  const { intent, limits, facts, price } = question;
  const cap = limits.exposure.position * facts.equity;
  // As if every order were a buy: a sell is one of the mirrored book.
  const before = intent.side === 'buy' ? sideBefore(question) : -sideBefore(question);
  const room = cap - before * price;
  if (room <= 0n) return 0n;
  const most = (room / (price * EIGHT_PLACES)) * EIGHT_PLACES;
  const offer = most < asked ? most : asked;
  return (before + offer) * price >= -cap ? offer : 0n;
};

const evidenceOf = ({ limits, facts }: Question, { value, gross, net }: Afterwards): Answer['evidence'] => {
  const { exposure, loss } = limits;
  const { equity, start_of_day_equity: start, peak_equity: peak } = facts;
  return [
    [shareShown((equity - start) * ONE, start), toSixPlaces(-loss.day)],
    [shareShown((peak - equity) * ONE, peak), toSixPlaces(loss.drawdown)],
    [shareShown(value, equity), toSixPlaces(exposure.position)],
    [shareShown(gross, equity), toSixPlaces(exposure.gross)],
    [shareShown(net, equity), toSixPlaces(exposure.net ?? 0n)],
  ];
};
