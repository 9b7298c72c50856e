/** What a chain of cells came to, whoever ran it. */
import type { RunningBroker } from '../../support/brokers/brokerServer';
import type { Finding, Findings } from '../../checks/findings';
import type { OrderLog } from '../../checks/orders/orderLog';

export interface ChainOutcome {
  readonly name: string;
  readonly seed: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly told: readonly Finding[];
  readonly counts: Readonly<Record<string, number>>;
  /** How often each kill has happened. */
  readonly kills: Readonly<Record<string, number>>;
  /** Planned, and not reached. */
  readonly missed: readonly string[];
}

export interface ChainFacts {
  readonly name: string;
  readonly seed: number;
  readonly findings: Findings;
  readonly kills: ReadonlyMap<string, number>;
  readonly missed: readonly string[];
  readonly log: OrderLog;
  readonly server: RunningBroker;
  readonly intents: number;
  readonly trips: number;
  readonly resolved: number;
  /** Its trouble is one of requests. */
  readonly spoils: boolean;
}

export const outcomeOf = (facts: ChainFacts): ChainOutcome => {
  const { name, seed, findings, kills, log, server, intents, trips, resolved } = facts;
  const spoiled = server.requests.filter(({ faulty }) => faulty).length;
  const missed = facts.spoils && spoiled === 0 ? [...facts.missed, `${name}: no request was spoiled`] : facts.missed;
  const events = new Map<string, number>();
  for (const { event } of log.events) events.set(event, (events.get(event) ?? 0) + 1);
  return {
    ...{ name, seed, findings: findings.counts, told: findings.told, kills: Object.fromEntries(kills), missed },
    counts: {
      intents,
      admitted: log.decisions.filter(({ order }) => order !== null).length,
      'order requests': server.count('submit'),
      'orders at the broker': server.market.orders.length,
      'fills at the broker': server.market.fills.length,
      requests: server.requests.length,
      'requests spoiled': spoiled,
      trips,
      'decided by an operator': resolved,
      ...Object.fromEntries(events),
    },
  };
};

const ENDS = ['ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED'];

/** Orders whose outcome nobody knows by the end of the log. */
export const unknownOf = ({ events }: OrderLog): readonly { readonly intentId: string; readonly name: string }[] => {
  const unknown = new Map<string, { readonly intentId: string; readonly name: string }>();
  for (const { event, intentId, name, leavesQty } of events) {
    if (event === 'ORDER_UNKNOWN' || event === 'ORDER_SUBMITTING') unknown.set(intentId, { intentId, name });
    else if (event === 'ORDER_SUBMITTED' || ENDS.includes(event) || (event === 'ORDER_FILLED' && leavesQty === 0n))
      unknown.delete(intentId);
  }
  return [...unknown.values()];
};

/** Whether every admitted order has come to an end. */
export const hasEnded = ({ decisions, events }: OrderLog): boolean => {
  const ended = new Set(
    events
      .filter(({ event, leavesQty }) => ENDS.includes(event) || (event === 'ORDER_FILLED' && leavesQty === 0n))
      .map(({ decisionOffset }) => decisionOffset),
  );
  return decisions.every(({ order, offset }) => order === null || ended.has(offset));
};
