/**
 * The broker's account beside the log, at the start and from time to time: open orders that are not ours, orders that the log says have ended, fills
 * that came late, and positions. What is found is reported, and stops nothing. Orders that are not ours are never touched; one of ours that is open
 * though the log says it has ended is handed out, to be followed and cancelled.
 * Source: design, "Execution gateway"; docs/brokers.md, "Reconciliation".
 */
import type { Decimal } from '../contracts/decimal';
import { formatDecimal, plus, ZERO } from '../contracts/decimal';
import type { PositionDifference } from '../contracts/messages';
import type { Broker, OrderReport } from './broker';
import { clientOrderId as clientOrderIdOf, isClientOrderId } from './clientOrderId';
import type { GatewayLog } from './gatewayLog';
import { logFields } from './logFields';
import type { OrderDesk } from './orderDesk';
import type { GatewayOrder, Orders } from './orders';
import type { Runs } from './runs';

export interface ReconciliationOptions {
  readonly broker: Broker;
  readonly orders: Orders;
  readonly runs: Runs;
  readonly log: GatewayLog;
  readonly monotonic: () => number;
  /** ms since 1970. */
  readonly wallMs: () => number;
  readonly everyMs: number;
  readonly wake: () => void;
}

/** A change of what the last PositionDrift of a run says. */
export interface DriftChange {
  readonly runId: string;
  readonly differences: readonly PositionDifference[];
}

/** An order that has ended on the log, and is open at the broker. */
export interface Reappeared {
  readonly order: GatewayOrder;
  readonly report: OrderReport;
}

/** Orders that ended so recently are looked at once more each time: a fill may come after a cancel. */
const LATE_FILLS_MS = 15 * 60 * 1_000;
/**
 * A difference counts when it is seen twice: fills and positions are read one after the other. An order that ended so short a time before a look
 * may stand in the broker's list of open ones only because that is older.
 */
const CONFIRM_MS = 3_000;
/** Foreign orders that are named in the log once; above it, only their number is. */
const MOST_NAMED = 1_000;

export class Reconciliation {
  private dueAt = 0;
  private busy = false;
  private closed = false;
  private changes: DriftChange[] = [];
  private reappeared: Reappeared[] = [];
  /** As the last look saw them, in one text. */
  private seen: string | undefined;
  private readonly named = new Set<string>();
  private foreignOrders = 0;
  private differing = 0;

  constructor(private readonly options: ReconciliationOptions) {}

  get hasChanges(): boolean {
    return this.changes.length > 0 || this.reappeared.length > 0;
  }

  /** Open orders of the account that are not open ones of this gateway's, and symbols in which the broker holds something else than the runs. */
  get status(): { readonly foreignOrders: number; readonly differingSymbols: number } {
    return { foreignOrders: this.foreignOrders, differingSymbols: this.differing };
  }

  /** To be published. */
  takeChanges(): readonly DriftChange[] {
    const { changes } = this;
    this.changes = [];
    return changes;
  }

  /** To be followed and cancelled; each look hands out again what it still sees. */
  takeReappeared(): readonly Reappeared[] {
    const { reappeared } = this;
    this.reappeared = [];
    return reappeared;
  }

  /** Starts what is due. */
  tend(desk: OrderDesk): void {
    const { broker, everyMs, monotonic, wallMs, log, wake, orders } = this.options;
    this.reportLateFills();
    if (broker.instant || this.busy || monotonic() < this.dueAt) return;
    this.busy = true;
    this.dueAt = monotonic() + everyMs;
    const lookedAt = wallMs();
    desk.lookAgain(orders.unfilledSince(lookedAt - LATE_FILLS_MS));
    void Promise.all([broker.openOrders(), broker.positions()]).then(
      ([shown, held]) => {
        this.busy = false;
        if (this.closed) return;
        if (shown.type === 'orders') this.compareOrders(shown.reports, lookedAt);
        else log.warn({ code: shown.code, reason: shown.reason }, 'open orders of the broker could not be compared');
        if (held.type === 'positions') this.comparePositions(held.quantities);
        else log.warn({ code: held.code, reason: held.reason }, 'positions of the broker could not be compared');
        wake();
      },
      (error: unknown) => {
        this.busy = false;
        log.error({ reason: String(error) }, 'reconciliation failed');
      },
    );
  }

  close(): void {
    this.closed = true;
  }

  private reportLateFills(): void {
    for (const { runId, symbol, side, qty } of this.options.runs.takeLateFills())
      this.options.log.error(
        { run: runId, symbol, side, qty: formatDecimal(qty) },
        'a fill of a run that has ended: it moves that run’s final positions if its order was still open when the run ended',
      );
  }

  private compareOrders(reports: readonly OrderReport[], lookedAt: number): void {
    const { orders, log } = this.options;
    this.reappeared = [];
    const ours = new Set([...orders.open()].map(({ clientOrderId }) => clientOrderId));
    const foreign = reports.filter(({ clientOrderId }) => !ours.has(clientOrderId));
    this.foreignOrders = foreign.length;
    for (const report of foreign) {
      const { orderId, clientOrderId, symbol, side } = report;
      const order = this.endedOrder(clientOrderId);
      if (order !== undefined) {
        this.reappears(order, report, lookedAt);
        continue;
      }
      if (this.named.has(orderId) || this.named.size >= MOST_NAMED) continue;
      this.named.add(orderId);
      const made = isClientOrderId(clientOrderId);
      log.warn(
        { orderId, clientOrderId, symbol, side },
        made
          ? 'open at the broker: an order of a gateway, though not open on this shard'
          : 'open at the broker: an order that is not ours',
      );
    }
  }

  private endedOrder(clientOrderId: string): GatewayOrder | undefined {
    const order = this.options.orders.endedNamed(clientOrderId);
    // An order of another venue only bears the name; a record that somebody else wrote may bear any.
    return order?.venue === this.options.broker.venue && order.clientOrderId === clientOrderIdOf(order.runId, order.intentId)
      ? order
      : undefined;
  }

  private reappears(order: GatewayOrder, report: OrderReport, lookedAt: number): void {
    const { log, monotonic } = this.options;
    if (order.endedAt > lookedAt - CONFIRM_MS) {
      this.dueAt = Math.min(this.dueAt, monotonic() + CONFIRM_MS);
      return;
    }
    this.reappeared.push({ order, report });
    if (this.named.has(report.orderId)) return;
    if (this.named.size < MOST_NAMED) this.named.add(report.orderId);
    log.error(
      { ...logFields(order), orderId: report.orderId, status: order.status },
      'open at the broker: an order of ours that has ended on the log; its fills are followed, and it is cancelled',
    );
  }

  private comparePositions(quantities: ReadonlyMap<string, Decimal>): void {
    const { runs, orders, log, monotonic } = this.options;
    const compared = runs.answerable();
    if (compared.length === 0) return;
    // What is on its way may have been filled on one side of the comparison only.
    if ([...orders.open()].some(({ phase }) => phase === 'submitting')) {
      this.dueAt = Math.min(this.dueAt, monotonic() + CONFIRM_MS);
      return;
    }
    const differences = differencesOf(
      compared.map(({ positions }) => positions),
      quantities,
    );
    this.differing = differences.length;
    const text = textOf(differences);
    const confirmed = text === this.seen;
    this.seen = text;
    const news = compared.filter(({ drift }) => textOf(drift) !== text);
    if (news.length === 0) return;
    if (!confirmed) {
      this.dueAt = Math.min(this.dueAt, monotonic() + CONFIRM_MS);
      return;
    }
    for (const run of news) {
      run.drift = differences;
      const symbols = differences.map(({ symbol }) => symbol);
      if (run.endedAt < 0) {
        this.changes.push({ runId: run.runId, differences });
        log.warn({ run: run.runId, symbols }, 'positions compared with the broker’s');
      } else {
        // Its journal takes no control events any more.
        const fields = { run: run.runId, symbols };
        if (symbols.length > 0) log.error(fields, 'final positions of a run that has ended differ from the broker’s');
        else log.warn(fields, 'final positions of a run that has ended agree with the broker’s again');
      }
    }
  }
}

/** Symbols in which the runs together hold something else than the account, by code units. */
export const differencesOf = (
  runs: readonly ReadonlyMap<string, Decimal>[],
  quantities: ReadonlyMap<string, Decimal>,
): readonly PositionDifference[] => {
  const held = new Map<string, Decimal>();
  for (const positions of runs) for (const [symbol, qty] of positions) held.set(symbol, plus(held.get(symbol) ?? ZERO, qty));
  return [...new Set([...held.keys(), ...quantities.keys()])]
    .sort()
    .map((symbol) => ({ symbol, run_qty: held.get(symbol) ?? ZERO, broker_qty: quantities.get(symbol) ?? ZERO }))
    .filter(({ run_qty, broker_qty }) => run_qty !== broker_qty);
};

const textOf = (differences: readonly PositionDifference[]): string =>
  differences.map(({ symbol, run_qty, broker_qty }) => `${symbol} ${run_qty} ${broker_qty}`).join('\n');
