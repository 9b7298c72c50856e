/** One look at a broker's account beside the log; only read on both sides. */
import type { Decimal } from '../../contracts/decimal';
import type { Broker, OrderReport, Unavailable } from '../../gateway/broker';
import { isClientOrderId } from '../../gateway/clientOrderId';
import type { GatewayOrder } from '../../gateway/orders';
import { Failure } from '../failure';
import type { Session } from '../session';
import { agrees, compareAccount, confirmed } from './accountComparison';
import type { AccountDifferences } from './accountComparison';
import { openOrdersOnLog, ordersOnLog } from './ordersOnLog';
import { activePositions } from './runPositions';

export interface AccountLook extends AccountDifferences {
  readonly venue: string;
  readonly equity: Decimal;
  readonly cash: Decimal | null;
  /** What was compared. */
  readonly openOrders: number;
  readonly runs: readonly string[];
}

/**
 * Looks, and, where something differs and the log may be written meanwhile, looks once more after `pause`: a difference is one that both looks saw.
 * Rejects with a Failure where the broker cannot be asked.
 */
export const lookAtAccount = async (
  session: Session,
  broker: Broker,
  { runId, pause }: { readonly runId?: string | undefined; readonly pause?: (() => Promise<unknown>) | undefined },
): Promise<AccountLook> => {
  const first = await look(session, broker, runId);
  if (agrees(first) || pause === undefined) return first;
  await pause();
  const second = await look(session, broker, runId);
  return { ...second, ...confirmed(first, second) };
};

const look = async (session: Session, broker: Broker, runId: string | undefined): Promise<AccountLook> => {
  const logged = (await openOrdersOnLog(session)).map(({ order }) => order);
  const open = runId === undefined ? logged : logged.filter((order) => order.runId === runId);
  const positions = await activePositions(session, runId);
  const [shown, held, account] = await Promise.all([broker.openOrders(), broker.positions(), broker.account()]);
  if (shown.type === 'unavailable') throw refusal(broker, 'its open orders', shown);
  if (held.type === 'unavailable') throw refusal(broker, 'its positions', held);
  if (account.type === 'unavailable') throw refusal(broker, 'its account', account);
  const listed = new Set(shown.reports.map(({ clientOrderId }) => clientOrderId));
  const missing = open.filter(({ clientOrderId, venue }) => venue === broker.venue && !listed.has(clientOrderId));
  const ours = new Set(logged.map(({ clientOrderId }) => clientOrderId));
  const stray = new Set([...listed].filter((name) => isClientOrderId(name) && !ours.has(name)));
  const differences = compareAccount(
    { open, others: ours, ended: await endedOrders(session, stray), positions: [...positions.values()] },
    { venue: broker.venue, open: shown.reports, found: await find(broker, missing), positions: held.quantities },
  );
  const { equity, cash } = account;
  return { venue: broker.venue, equity, cash, openOrders: open.length, runs: [...positions.keys()].sort(), ...differences };
};

/** What the broker says of orders that it does not list as open: as many as it tells at once, then the rest one by one. */
const find = async (broker: Broker, orders: readonly GatewayOrder[]): Promise<ReadonlyMap<string, OrderReport>> => {
  const found = new Map<string, OrderReport>();
  let left = orders;
  for (let before = Infinity; left.length > 0 && left.length < before;) {
    before = left.length;
    const polled = await broker.poll(left.filter(({ orderId }) => orderId !== ''));
    if (polled.type === 'unavailable') throw refusal(broker, 'orders', polled);
    for (const report of polled.reports) found.set(report.clientOrderId, report);
    const told = new Set([...found.keys(), ...polled.absent]);
    left = left.filter(({ clientOrderId }) => !told.has(clientOrderId));
  }
  for (const order of left) {
    const answer = await broker.find(order);
    if (answer.type === 'unavailable') throw refusal(broker, `order ${order.clientOrderId}`, answer);
    if (answer.type === 'found') found.set(order.clientOrderId, answer.report);
  }
  return found;
};

/** Orders that have ended on the log, by these names. The log is only read again where there are any. */
const endedOrders = async (session: Session, names: ReadonlySet<string>): Promise<ReadonlyMap<string, GatewayOrder>> => {
  const ended = new Map<string, GatewayOrder>();
  if (names.size === 0) return ended;
  for await (const { order } of ordersOnLog(session))
    if (order.phase === 'ended' && names.has(order.clientOrderId)) ended.set(order.clientOrderId, order);
  return ended;
};

const refusal = ({ venue }: Broker, what: string, { code, reason }: Unavailable): Failure =>
  new Failure(`${venue} could not be asked for ${what}: ${code}: ${reason}`);
