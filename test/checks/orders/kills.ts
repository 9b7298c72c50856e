/** Behind a trip of the kill switch, or the end of a run: nothing is sent by whoever has read it, and nothing stays open. Promise 14. */
import { isOpen } from '../../support/brokers/marketOrder';
import type { Findings } from '../findings';
import type { AccountEvidence, HandedRecord, OrderEvidence } from './evidence';
import type { ShardOrders } from './shardOrders';
import { called } from './shardOrders';
import type { Stop } from './stops';
import { policiesIn, stopsOf } from './stops';
import { standingAt, standingsIn } from './switches';

export const checkKills = (shard: ShardOrders, account: AccountEvidence, evidence: OrderEvidence, findings: Findings): void => {
  const policies = policiesIn(shard.controls);
  const stops = stopsOf(shard, policies);
  if (stops.length === 0) return;

  const read = readBy(stops, shard.shard, evidence.handed);
  for (const { process, clientOrderId, at } of account.firstBytes) {
    const order = shard.byName.get(clientOrderId);
    const decision = order?.decision;
    if (order === undefined || decision === undefined) continue;
    const before = read.get(process)?.find(({ stop, readAt }) => readAt < at && stop.stops(decision));
    if (before === undefined) continue;
    const { what, topic, offset } = before.stop;
    findings.add(
      'kill: sent after trip',
      `${called(order)} was sent by ${process}, which had read the ${what} at ${topic}/${shard.shard}@${offset}`,
    );
  }

  checkStandings(shard, account, evidence, findings);

  const { openAtClose } = account;
  if (openAtClose === undefined && !evidence.atRest) return;
  const known = openAtClose === undefined ? stops : stopsRead(read, openAtClose.readBefore);
  for (const made of account.market.orders) {
    if (made.foreign || !(openAtClose === undefined ? isOpen(made) : openAtClose.orders.has(made.id))) continue;
    const order = shard.byName.get(made.clientOrderId);
    const decision = order?.decision;
    if (order === undefined || decision === undefined) continue;
    const cancels = policies.get(decision.policyHash)?.cancels ?? evidence.cancelOpenOrders;
    const stop = known.find((one) => one.stops(decision) && (cancels || one.what === 'end of run'));
    if (stop !== undefined)
      findings.add(
        'kill: open at the end',
        `${called(order)} is open at the broker behind the ${stop.what} at ${stop.topic}/${shard.shard}@${stop.offset}`,
      );
  }
};

/** The switch was on when it was judged, as in monitor mode: it may be sent by whoever has read a reset since. */
const checkStandings = (
  { byName, controls, shard }: ShardOrders,
  { firstBytes }: AccountEvidence,
  { handed }: OrderEvidence,
  findings: Findings,
): void => {
  const standings = standingsIn(controls);
  for (const { process, clientOrderId, at } of firstBytes) {
    const order = byName.get(clientOrderId);
    const decision = order?.decision;
    if (order === undefined || decision === undefined) continue;
    const standing = standingAt(standings.get(decision.runId), decision.knew);
    if (standing === undefined) continue;
    const hasRead = (wanted: number): boolean =>
      handed.some(
        (one) =>
          one.shard === shard &&
          one.topic === 'control-events' &&
          one.offset === wanted &&
          one.process === process &&
          one.at <= at,
      );
    if (hasRead(standing.from) && !hasRead(standing.until))
      findings.add(
        'kill: sent after trip',
        `${called(order)} was sent by ${process}, which had read the trip at control-events/${shard}@${standing.from}, and no reset`,
      );
  }
};

interface ReadStop {
  readonly stop: Stop;
  readonly readAt: number;
}

/** Stops that somebody had read before then. */
const stopsRead = (read: ReadonlyMap<string, readonly ReadStop[]>, before: number): readonly Stop[] =>
  [...read.values()].flatMap((ofProcess) => ofProcess.filter(({ readAt }) => readAt < before).map(({ stop }) => stop));

/** What each process had read when. */
const readBy = (
  stops: readonly Stop[],
  shard: number,
  handed: readonly HandedRecord[],
): ReadonlyMap<string, readonly ReadStop[]> => {
  const wanted = {
    'control-events': new Map<number, Stop>(),
    decisions: new Map<number, Stop>(),
  };
  for (const stop of stops) wanted[stop.topic].set(stop.offset, stop);
  const read = new Map<string, ReadStop[]>();
  for (const { process, topic, shard: of, offset, at: readAt } of handed) {
    const stop = of === shard ? wanted[topic].get(offset) : undefined;
    if (stop === undefined) continue;
    const before = read.get(process);
    if (before === undefined) read.set(process, [{ stop, readAt }]);
    else before.push({ stop, readAt });
  }
  return read;
};
