/** Counts what two courses of events come to, side by side. What it holds grows with the names in them, never with their decisions. */
import { NO_NOTIONAL, plusNotional, times } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import type { AuditRecord, ExecutionEvent, PublishedDecision, Verdict } from '../../contracts/messages';
import { admittedQty, ruleIds, sameAnswer } from './decidedTwice';
import type { DecidedTwice } from './decidedTwice';
import type { OtherOutcome } from './otherWorld';

/** One figure of each course of events. */
export interface Both<T> {
  readonly recorded: T;
  readonly other: T;
}

/** Changed decisions of one rule, strategy or symbol; notionals of what was admitted, at the reference prices. */
export interface Group {
  changed: number;
  recordedNotional: Notional;
  otherNotional: Notional;
}

/** Fills that are assumed in a symbol. */
export interface AssumedFills {
  fills: number;
  notional: Notional;
  lowest: Decimal;
  highest: Decimal;
}

/** Trips of the kill switch, by cause. */
export type Trips = Record<'RULE' | 'COUNT' | 'OPERATOR', number>;

const noVerdicts = (): Record<Verdict, number> => ({ ALLOW: 0, MODIFY: 0, DENY: 0 });
const noTrips = (): Trips => ({ RULE: 0, COUNT: 0, OPERATOR: 0 });

export class WhatIfTally {
  decisions = 0;
  changed = 0;
  readonly verdicts: Both<Record<Verdict, number>> = { recorded: noVerdicts(), other: noVerdicts() };
  /** Verdicts of changed decisions, such as `ALLOW to DENY`. */
  readonly turns = new Map<string, number>();
  readonly byRule = new Map<string, Group>();
  readonly byStrategy = new Map<string, Group>();
  readonly bySymbol = new Map<string, Group>();
  readonly trips: Both<Trips> = { recorded: noTrips(), other: noTrips() };
  readonly assumedFills = new Map<string, AssumedFills>();
  assumedRejections = 0;
  policyActivationsLeftOut = 0;
  executionsKept = 0;
  executionsLeftOut = 0;
  /** Kept executions that end an order, or ask for its end, because the kill switch had tripped. */
  killSwitchStopsKept = 0;
  portfoliosKept = 0;

  /** Answers whether the decision is a changed one. */
  decided({ intent, recorded, other, assumed }: DecidedTwice): boolean {
    this.decisions += 1;
    this.verdicts.recorded[recorded.decision] += 1;
    this.verdicts.other[other.decision] += 1;
    const { symbol } = intent.instrument;
    if (assumed?.type === 'rejected') this.assumedRejections += 1;
    if (assumed?.type === 'filled') this.assume(symbol, admittedQty(other), assumed.price);
    if (sameAnswer(recorded, other)) return false;

    this.changed += 1;
    const turn = `${recorded.decision} to ${other.decision}`;
    this.turns.set(turn, (this.turns.get(turn) ?? 0) + 1);
    const notionals = { recorded: admittedNotional(recorded), other: admittedNotional(other) };
    for (const rule of rulesOf(recorded, other)) add(this.byRule, rule, notionals);
    add(this.byStrategy, intent.strategy_id, notionals);
    add(this.bySymbol, symbol, notionals);
    return true;
  }

  recorded(record: AuditRecord, { leftOut }: OtherOutcome): void {
    countTrip(this.trips.recorded, record);
    const { kind, execution, control } = record;
    if (leftOut === 'policy activation') this.policyActivationsLeftOut += 1;
    if (kind === 'EXECUTION' && execution !== null) {
      if (leftOut === 'execution') this.executionsLeftOut += 1;
      else this.keep(execution);
    }
    if (kind === 'CONTROL' && control?.payload.type === 'PortfolioUpdated') this.portfoliosKept += 1;
  }

  other(record: AuditRecord): void {
    countTrip(this.trips.other, record);
  }

  private keep({ event, code }: ExecutionEvent): void {
    this.executionsKept += 1;
    if (code === 'KILL_SWITCH' && (event === 'ORDER_REJECTED' || event === 'ORDER_CANCELLING')) this.killSwitchStopsKept += 1;
  }

  private assume(symbol: string, qty: Decimal, price: Decimal): void {
    const { fills, notional, lowest, highest } = this.assumedFills.get(symbol) ?? {
      fills: 0,
      notional: NO_NOTIONAL,
      lowest: price,
      highest: price,
    };
    this.assumedFills.set(symbol, {
      fills: fills + 1,
      notional: plusNotional(notional, times(qty, price)),
      lowest: price < lowest ? price : lowest,
      highest: price > highest ? price : highest,
    });
  }
}

const admittedNotional = (decision: PublishedDecision): Notional =>
  decision.reference_price === null ? NO_NOTIONAL : times(admittedQty(decision), decision.reference_price);

/** Every rule that speaks on either side: what it says may have changed, and where it had spoken alone its silence is the change. */
const rulesOf = (recorded: PublishedDecision, other: PublishedDecision): ReadonlySet<string> =>
  new Set([...ruleIds(recorded), ...ruleIds(other)]);

const add = (groups: Map<string, Group>, name: string, { recorded, other }: Both<Notional>): void => {
  const group = groups.get(name) ?? { changed: 0, recordedNotional: NO_NOTIONAL, otherNotional: NO_NOTIONAL };
  group.changed += 1;
  group.recordedNotional = plusNotional(group.recordedNotional, recorded);
  group.otherNotional = plusNotional(group.otherNotional, other);
  groups.set(name, group);
};

const countTrip = (trips: Trips, { kind, kill_switch }: AuditRecord): void => {
  if (kind === 'KILL_SWITCH' && kill_switch?.active === true) trips[kill_switch.cause] += 1;
};
