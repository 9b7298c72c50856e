/**
 * What is to be done next for each order, and when: submit, look up, look at (orderLooks.ts), cancel (orderCancels.ts).
 *
 * Nothing is ever submitted that is not on record as SUBMITTING, by a commit that is fresh. After any outcome that leaves open whether the broker has
 * an order it is looked up, with growing pauses, until the broker or an operator says what became of it; no timer ends it. Only where a second
 * submission under the same name can make no second order, one that the broker does not show is submitted again.
 * Source: design, "Execution gateway"; reliability, promises 9 to 12 and 14.
 */
import type { ExecutionEvent, PublishedDecision } from '../contracts/messages';
import type { Broker, BrokerOrder, OrderReport, SubmitOutcome, Trouble } from './broker';
import { BrokerCalls } from './brokerCalls';
import { clientOrderId } from './clientOrderId';
import type { GatewayLog } from './gatewayLog';
import { logFields } from './logFields';
import { OrderCancels } from './orderCancels';
import { Cares, isAtBroker, isToBeLookedUp, isToBeSentAgain, LEAST_PAUSE_MS, pauseAfter } from './orderCare';
import type { Care } from './orderCare';
import { cancelling, notSent, rejected, submitted, submitting, unknown } from './orderEvents';
import { OrderLooks } from './orderLooks';
import type { GatewayOrder, Orders } from './orders';
import { orderOf } from './orders';
import type { Runs } from './runs';

export interface DeskOptions {
  readonly broker: Broker;
  readonly orders: Orders;
  readonly runs: Runs;
  readonly log: GatewayLog;
  /** ms; never goes back. */
  readonly monotonic: () => number;
  /** How often open orders are looked at, ms. */
  readonly pollEveryMs: number;
  /** Applies an event to its order, and puts it among what the step commits. */
  readonly tell: (event: ExecutionEvent, order: GatewayOrder) => void;
  /** A broker call has ended: there is something to take in. */
  readonly wake: () => void;
}

/** Submissions on their way at the same time. */
const MOST_SUBMITTING = 16;

interface Waiting {
  readonly decision: PublishedDecision;
  readonly offset: number;
  readonly traceparent: string | undefined;
  /** It will never be sent; said when its turn comes. */
  stop: Trouble | undefined;
}

export class OrderDesk {
  /** A final error of the broker that is not about one order: nothing more is submitted. */
  failure: Trouble | undefined;
  private readonly cares = new Cares();
  private readonly calls: BrokerCalls;
  private readonly looks: OrderLooks;
  private readonly cancels: OrderCancels;
  /** Admitted and not on record as SUBMITTING; in the order of the decisions, which they never leave: the log says how far it came by the newest. */
  private queue: Waiting[] = [];
  private readonly submittingNow = new Set<GatewayOrder>();
  private paused = false;

  constructor(private readonly options: DeskOptions) {
    const { broker, orders, log, monotonic, pollEveryMs } = options;
    this.calls = new BrokerCalls(options.wake);
    const parts = { broker, orders, log, monotonic, cares: this.cares, calls: this.calls };
    this.looks = new OrderLooks({ ...parts, pollEveryMs, tell: (event, order) => this.tell(event, order) });
    this.cancels = new OrderCancels({ ...parts, asked: () => this.looks.soon() });
  }

  /** Nothing more is submitted. */
  pause(): void {
    this.paused = true;
  }

  /** What was surely not taken, and could not be told from what was after a restart, is given up: only an operator could end it otherwise. */
  giveUpUnsent(): void {
    if (this.options.broker.idempotent) return;
    for (const [order, care] of [...this.cares])
      if (care.notTaken && order.phase !== 'ended')
        this.tell(
          notSent(order, { code: 'GATEWAY_STOPPED', reason: 'the broker did not take it before the gateway was stopped' }),
          order,
        );
  }

  /** An admitted order to be sent. */
  enqueue(decision: PublishedDecision, offset: number, traceparent: string | undefined): void {
    this.queue.push({ decision, offset, traceparent, stop: this.options.runs.stopOf(decision) });
  }

  get queued(): number {
    return this.queue.length;
  }

  get hasAnswers(): boolean {
    return this.calls.hasAnswers;
  }

  /** Nothing is waiting to be sent or on its way: what is open may take its time. */
  get settled(): boolean {
    return this.queue.length === 0 && this.isQuiet;
  }

  /** No submission is on its way, and none has answered since the last step. */
  get isQuiet(): boolean {
    return this.submittingNow.size === 0 && !this.hasAnswers;
  }

  /** An order that is on record from before: whatever was on its way is of unknown outcome. */
  resume(order: GatewayOrder): void {
    this.cares.of(order);
    if (order.phase !== 'submitting') return;
    this.tell(unknown(order, { code: 'INTERRUPTED', reason: 'the gateway stopped after it had recorded the submission' }), order);
  }

  /** Takes in what broker calls have answered. */
  takeAnswers(): void {
    this.calls.takeAnswers();
  }

  /** To be called when a stop may have come: what is not sent never will be, what is open is to be cancelled. */
  applyStops(): void {
    const { runs, orders } = this.options;
    for (const waiting of this.queue) waiting.stop ??= runs.stopOf(waiting.decision);
    for (const order of [...orders.open()]) {
      if (order.decision === undefined) continue;
      const stop = runs.stopOf(order.decision);
      if (stop === undefined) continue;
      if (this.cares.of(order).notTaken) this.tell(notSent(order, stop), order);
      else if (!order.cancelling && runs.cancels(order.decision)) this.tell(cancelling(order, stop), order);
    }
  }

  /** Has what is open cancelled, whatever admitted it. */
  cancelOpenOrders(why: Trouble): void {
    for (const order of [...this.options.orders.open()]) {
      if (this.cares.of(order).notTaken) this.tell(notSent(order, why), order);
      else if (!order.cancelling) this.tell(cancelling(order, why), order);
    }
  }

  /** The next orders to submit, each told as SUBMITTING; to be handed to `dispatch` when that is committed. */
  nextSubmissions(): readonly GatewayOrder[] {
    const { broker, orders, runs, monotonic } = this.options;
    if (this.failure !== undefined || this.paused) return [];
    const chosen: GatewayOrder[] = [];
    const symbols = new Set([...this.submittingNow].map(symbolOf));
    let room = Math.min(broker.capacity(), MOST_SUBMITTING - this.submittingNow.size);
    const choose = (order: GatewayOrder): void => {
      symbols.add(symbolOf(order));
      chosen.push(order);
      this.tell(submitting(order, broker.venue), order);
      room -= 1;
    };
    for (const [order, care] of this.cares) {
      if (room <= 0) break;
      if (!isToBeSentAgain(order, care) || care.busy || care.dueAt > monotonic() || symbols.has(symbolOf(order))) continue;
      if (order.cancelling || order.phase === 'ended' || order.decision === undefined) continue;
      if (runs.stopOf(order.decision) !== undefined) continue;
      choose(order);
    }
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      const order = this.orderOf(next);
      if (next.stop === undefined) {
        // Orders of one symbol reach the broker in the order in which they were admitted.
        if (room <= 0 || symbols.has(symbolOf(order))) break;
        orders.add(order);
        choose(order);
      } else {
        orders.add(order);
        this.tell(notSent(order, next.stop), order);
      }
      this.queue.shift();
    }
    return chosen;
  }

  /** Submits them; their SUBMITTING is committed. `mayBeSent`: whether that commit is fresh still. */
  dispatch(chosen: readonly GatewayOrder[], mayBeSent: () => boolean): void {
    for (const order of chosen) {
      const intent = order.decision?.order ?? null;
      const referencePrice = order.decision?.reference_price ?? null;
      if (intent === null || referencePrice === null) throw new TypeError(`order ${order.intentId} without a decision`);
      const care = this.cares.of(order);
      care.busy = true;
      care.notTaken = false;
      care.again = false;
      this.submittingNow.add(order);
      const working = this.options.orders.working(order.runId, order.symbol);
      const request: BrokerOrder = {
        runId: order.runId,
        clientOrderId: order.clientOrderId,
        intent,
        referencePrice,
        number: 0,
        held: this.options.runs.held(order.runId, order.symbol),
        openBuys: order.side === 'buy' ? minusOwn(working.buys, order) : working.buys,
        openSells: order.side === 'sell' ? minusOwn(working.sells, order) : working.sells,
        submittedAt: order.submittedAt,
        mayBeSent: () => mayBeSent() && this.mayLeave(order),
      };
      this.calls.call(this.options.broker.submit(request), (outcome) => {
        this.submittingNow.delete(order);
        care.busy = false;
        this.submissionEnded(order, care, outcome);
      });
    }
  }

  /** Starts the look-ups, looks and cancels that are due. */
  tend(): void {
    const now = this.options.monotonic();
    // Cancels go first, and nothing that hangs takes their place.
    this.cancels.tend(now);
    this.looks.tend(now);
  }

  /** Ms until something is due that can be begun then; Infinity: nothing is. */
  dueInMs(): number {
    const now = this.options.monotonic();
    let due = this.looks.dueAt;
    for (const [order, care] of this.cares) {
      if (care.busy || order.phase === 'ended') continue;
      if (!this.looks.isFull && isToBeLookedUp(order)) due = Math.min(due, care.dueAt);
      if (!order.cancelling && isToBeSentAgain(order, care)) due = Math.min(due, Math.max(care.dueAt, now + LEAST_PAUSE_MS));
      if (!this.cancels.isFull && order.cancelling && isAtBroker(order)) due = Math.min(due, care.cancelDueAt);
    }
    return Math.max(0, due - now);
  }

  /** Looks at these orders once more, though they have ended: a broker may fill late. */
  lookAgain(ended: readonly GatewayOrder[]): void {
    this.looks.lookAgain(ended);
  }

  /** An operator has said what became of an order: whatever was tried is over. */
  forget(order: GatewayOrder): void {
    this.cares.forget(order);
  }

  /** An order that had ended on the log is open at the broker after all: its fills count, and it is cancelled. */
  reappeared(order: GatewayOrder, report: OrderReport): void {
    if (order.orderId === '') order.orderId = report.orderId;
    this.looks.follow(order, report);
    if (report.status !== 'open' || this.cares.of(order).busy) return;
    this.cancels.cancel(order, this.cares.of(order));
  }

  /** Drops everything: calls on their way end unheard, and nothing is sent any more. */
  close(): void {
    this.calls.close();
  }

  /** Asked right before the first byte: a request may have waited for a connection while the kill switch was tripped. */
  private mayLeave(order: GatewayOrder): boolean {
    if (this.calls.isClosed || this.paused || order.cancelling || order.phase === 'ended' || order.decision === undefined)
      return false;
    return this.options.runs.stopOf(order.decision) === undefined;
  }

  private orderOf({ decision, offset, traceparent }: Waiting): GatewayOrder {
    const { order: intent, run_id, intent_id } = decision;
    if (intent === null) throw new TypeError(`decision ${intent_id} admits no order`);
    const { instrument, side, order_type, qty } = intent;
    const order = orderOf({
      run_id,
      intent_id,
      client_order_id: clientOrderId(run_id, intent_id),
      symbol: instrument.symbol,
      side,
      order_type,
      qty,
      leaves_qty: qty,
      policy_hash: decision.policy_hash ?? NO_POLICY,
      decision_offset: offset,
    });
    order.decision = decision;
    order.traceparent = traceparent;
    return order;
  }

  private tell(event: ExecutionEvent, order: GatewayOrder): void {
    this.options.tell(event, order);
    if (order.phase === 'ended') this.cares.forget(order);
  }

  private submissionEnded(order: GatewayOrder, care: Care, outcome: SubmitOutcome): void {
    const { log } = this.options;
    // An operator may have ended it meanwhile; a poll shows what the broker makes of it.
    if (order.phase === 'ended') return;
    switch (outcome.type) {
      case 'accepted':
        care.tries = 0;
        if (outcome.report === undefined) this.tell(submitted(order, outcome.orderId), order);
        else this.looks.follow(order, outcome.report);
        this.looks.soon();
        return;
      case 'rejected':
      case 'failed':
        if (outcome.type === 'failed') this.failure ??= { code: outcome.code, reason: outcome.reason };
        if (order.mayExist) return this.stillUnknown(order, care, outcome);
        if (outcome.type === 'rejected' && outcome.orderId !== '') this.tell(submitted(order, outcome.orderId), order);
        this.tell(rejected(order, outcome.type === 'rejected' ? outcome.orderId : '', outcome), order);
        return;
      case 'deferred':
        care.dueAt = this.options.monotonic() + Math.max(outcome.afterMs, pauseAfter(care));
        if (order.mayExist) {
          // This submission was not taken; what became of the one before it is as unknown as it was, for the log and for an operator too.
          this.tell(unknown(order, outcome), order);
          care.again = true;
        } else {
          // A stop that was read while it was on its way has not found it waiting.
          const stop = order.decision === undefined ? undefined : this.options.runs.stopOf(order.decision);
          if (stop !== undefined || order.cancelling) return this.tell(notSent(order, stop ?? CANCELLED_BEFORE), order);
          care.notTaken = true;
        }
        log.warn({ ...logFields(order), code: outcome.code, reason: outcome.reason }, 'order not taken, to be submitted again');
        return;
      case 'unknown':
        care.dueAt = this.options.monotonic() + pauseAfter(care);
        this.tell(unknown(order, outcome), order);
        log.warn({ ...logFields(order), code: outcome.code, reason: outcome.reason }, 'outcome of a submission unknown');
        return;
    }
  }

  /** This submission was refused, but an earlier one may have been taken: looked up again, and not submitted any more. */
  private stillUnknown(order: GatewayOrder, care: Care, { code, reason }: Trouble): void {
    care.refused = true;
    care.dueAt = this.options.monotonic() + pauseAfter(care);
    this.tell(
      unknown(order, { code, reason: `an earlier submission may have been taken; this one was refused: ${reason}` }),
      order,
    );
  }
}

const CANCELLED_BEFORE: Trouble = { code: 'CANCELLED', reason: 'it was to be cancelled before it left' };
const NO_POLICY = new Uint8Array(32);

const symbolOf = ({ runId, symbol }: GatewayOrder): string => `${runId}\0${symbol}`;
const minusOwn = <T extends bigint>(sum: T, { qty }: GatewayOrder): T => (sum - qty) as T;
