/**
 * The verdict on a chain of cells: the checks of orders (test/checks/orders) on its log and on what the broker has on record, the model of the policy engine
 * on its journal, and what was sent while everybody knew that the kill switch was tripped.
 */
import type { RunningBroker } from '../../support/brokers/brokerServer';
import { EXECUTION_EVENTS } from '../../../src/contracts/topics';
import type { DecodedLog } from '../../checks/decodedLog';
import type { Findings } from '../../checks/findings';
import { checkModel } from '../../checks/model/checkModel';
import { checkOrders } from '../../checks/orders/checkOrders';
import type { AccountEvidence } from '../../checks/orders/evidence';

/** ms since 1970, between which the kill switch was tripped and everybody knew. */
export interface Tripped {
  readonly from: number;
  readonly to: number;
}

interface Chain {
  readonly log: DecodedLog;
  readonly server: RunningBroker;
  readonly namesAreKeys: boolean;
  readonly tripped: readonly Tripped[];
  /** See TroubleAtBroker. */
  readonly restates: boolean;
  readonly findings: Findings;
}

const SHARD = 0;

export const judge = ({ log, server, namesAreKeys, tripped, restates, findings }: Chain): void => {
  const { market } = server;
  const account = { market, namesAreKeys, restates, ...byTheClock(log, market) };
  checkOrders({ log, accounts: [account], handed: [], cancelOpenOrders: true, atRest: true }, findings);
  checkModel(log.log, SHARD, log.audits(SHARD), findings);
  for (const { type, at, clientOrderId } of market.log)
    if (type === 'received' && tripped.some(({ from, to }) => at > from && at < to))
      findings.add('kill: sent after trip', `order ${clientOrderId} was sent while the kill switch was tripped`);
};

/**
 * Nobody sees a killed program's first byte, nor the log at the moment of a fill: broker and gateway have one clock here, and each event says when it was
 * recorded, shortly before it was committed. Of what has one time the log's comes last, but for an order's own submission.
 */
const byTheClock = (
  log: DecodedLog,
  { log: entries }: RunningBroker['market'],
): Pick<AccountEvidence, 'firstBytes' | 'executionsEnds'> => {
  const times = log.log
    .records(EXECUTION_EVENTS, SHARD)
    .map(({ offset, headers }) => ({ offset, at: Date.parse(headers.recorded_at ?? '') }));
  const timeOf = new Map(times.map(({ offset, at }) => [offset, at]));
  const submissions = new Map<string, { readonly offset: number; readonly at: number }>();
  for (const { event, client_order_id: name, offset } of log.executions(SHARD))
    if (event === 'ORDER_SUBMITTING' && !submissions.has(name)) submissions.set(name, { offset, at: timeOf.get(offset) ?? 0 });
  const endBefore = (at: number, name: string): number => {
    const end = times.find((time) => time.at >= at)?.offset ?? log.log.end(EXECUTION_EVENTS, SHARD);
    const own = submissions.get(name);
    return own?.at === at ? Math.max(end, own.offset + 1) : end;
  };
  const executionsEnds = entries.map(({ at, clientOrderId }) => endBefore(at, clientOrderId));
  const firstBytes = entries.flatMap(({ type, at, clientOrderId }, index) =>
    type === 'received' ? [{ at, process: 'the gateway', clientOrderId, executionsEnd: executionsEnds[index] ?? 0 }] : [],
  );
  return { firstBytes, executionsEnds };
};
