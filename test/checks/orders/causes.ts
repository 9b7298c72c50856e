/**
 * Why orders were not sent, or are to be cancelled: a stop that stands on the log and was read by then, a refusal on the broker's own record, or a form
 * that the broker does not take. An admitted order that is refused for no reason is lost. Promises 11 and 14; docs/brokers.md, "When the broker says no".
 */
import type { Findings } from '../findings';
import type { AccountEvidence, OrderEvidence } from './evidence';
import { Holdings } from './holdings';
import type { LoggedDecision, LoggedEvent } from './orderLog';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';
import type { Stop } from './stops';
import { policiesIn, policyIn, stopsOf } from './stops';
import { standingAt, standingsIn } from './switches';

const ONE = 10n ** 18n;
/** Alpaca takes 9 decimal places. */
const NANO = 10n ** 9n;

export const checkCauses = (shard: ShardOrders, account: AccountEvidence, evidence: OrderEvidence, findings: Findings): void => {
  const stated = shard.orders.flatMap((order) =>
    order.events.filter((event) => isStated(order, event)).map((event) => ({ order, event })),
  );
  if (stated.length === 0) return;
  const isStopped = stopsHeard(shard, evidence);
  const isStrict = strictReadings(shard, evidence);
  const isRefused = refusalsAt(account);
  const holdings = new Holdings(shard);
  for (const { order, event } of stated) {
    const { decision } = order;
    const meant = decision?.order ?? null;
    if (decision === undefined || meant === null) continue;
    const { code } = event;
    let hasCause: boolean;
    if (code === 'KILL_SWITCH') hasCause = isStopped(decision, event, 'trip') || isStrict(decision);
    else if (code === 'RUN_ENDED') hasCause = isStopped(decision, event, 'end of run');
    else if (code === 'CANCELLED') hasCause = isStopped(decision, event, undefined);
    else if (code === 'UNKNOWN_RUN') hasCause = false;
    // The programs end then, and give up what was not taken.
    else if (code === 'GATEWAY_STOPPED') hasCause = !account.namesAreKeys;
    else if (event.event === 'ORDER_CANCELLING') hasCause = code === 'RUN_ENDS';
    else if (code === 'FRACTIONAL_QUANTITY') hasCause = !account.namesAreKeys && meant.qty % ONE !== 0n;
    else if (code === 'UNSUPPORTED') hasCause = account.namesAreKeys && meant.qty % NANO !== 0n;
    else if (code === 'CROSSES_ZERO') hasCause = !account.namesAreKeys && holdings.mayCrossZero(order, event);
    else hasCause = isRefused(event);
    if (!hasCause)
      findings.add(
        'order life',
        `${called(order)}: ${event.event} at ${event.offset} for ${code ?? 'no reason'}, which is not so`,
      );
  }
};

/** A cancel, or an end of what the broker has never made, without the word of an operator. */
const isStated = (order: OrderOfDecision, event: LoggedEvent): boolean =>
  event.event === 'ORDER_CANCELLING' ||
  (event === order.end && event.event === 'ORDER_REJECTED' && order.made.length === 0 && !order.isResolved);

type IsStopped = (decision: LoggedDecision, event: LoggedEvent, what: Stop['what'] | undefined) => boolean;

const stopsHeard = (shard: ShardOrders, { handed, committedAt }: OrderEvidence): IsStopped => {
  const stops = stopsOf(shard, policiesIn(shard.controls));
  const standings = standingsIn(shard.controls);
  const wanted = new Map(stops.map((stop) => [`${stop.topic}@${stop.offset}`, Infinity]));
  for (const { topic, shard: of, offset, at } of handed) {
    if (of !== shard.shard) continue;
    const place = `${topic}@${offset}`;
    const first = wanted.get(place);
    if (first !== undefined && at < first) wanted.set(place, at);
  }
  return (decision, event, what) => {
    if (what !== 'end of run' && standingAt(standings.get(decision.runId), decision.knew) !== undefined) return true;
    const by = handed.length === 0 ? Infinity : (committedAt?.(shard.shard, event.offset) ?? Infinity);
    return stops.some(
      (stop) =>
        (what === undefined || stop.what === what) &&
        stop.stops(decision) &&
        (by === Infinity || (wanted.get(`${stop.topic}@${stop.offset}`) ?? Infinity) <= by),
    );
  };
};

/** A broker that is busy says so before it looks at what it is asked for: there is no more to see of it than that it was asked. */
const refusalsAt = ({ market, firstBytes }: AccountEvidence): ((event: LoggedEvent) => boolean) => {
  const refused = new Set<string>();
  for (const { type, clientOrderId } of market.log) if (type === 'refused') refused.add(clientOrderId);
  const sent = new Set(firstBytes.map(({ clientOrderId }) => clientOrderId));
  return ({ name, code }) => refused.has(name) || (code === 'RATE_LIMITED' && sent.has(name));
};

/**
 * A trip by a limit in monitor mode stops nothing. Whoever reads it before the policy takes it for one that stops: the stricter reading of what is not known
 * yet (docs/brokers.md).
 */
const strictReadings = (
  { shard, decisions, controls }: ShardOrders,
  { handed }: OrderEvidence,
): ((decision: LoggedDecision) => boolean) => {
  const activations = new Map<number, string>();
  for (const control of controls) {
    const policy = policyIn(control);
    if (policy !== null) activations.set(control.offset, policy);
  }
  const trips = new Map(decisions.filter(({ trips: isTrip }) => isTrip).map((decision) => [decision.offset, decision]));
  // What each process had been handed, in the order in which it was.
  const known = new Map<string, Set<string>>();
  const strict = new Map<string, number>();
  for (const { process, topic, shard: of, offset } of handed) {
    if (of !== shard) continue;
    const policies = known.get(process) ?? new Set();
    known.set(process, policies);
    const policy = topic === 'control-events' ? activations.get(offset) : undefined;
    if (policy !== undefined) policies.add(policy);
    const trip = topic === 'decisions' ? trips.get(offset) : undefined;
    if (trip !== undefined && !policies.has(trip.policyHash))
      strict.set(trip.runId, Math.max(strict.get(trip.runId) ?? -1, trip.seq));
  }
  return ({ runId, seq }) => seq <= (strict.get(runId) ?? -1);
};
