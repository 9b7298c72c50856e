/**
 * What is to be done next for each order, and when: submit, look up, look at, cancel. Broker calls run in the background, so that a broker that hangs
 * keeps nobody from reading the kill switch; what they answer is taken in by the next step of the gateway, which alone writes to the log.
 *
 * Nothing is ever submitted that is not on record as SUBMITTING, by a commit that is fresh. After any outcome that leaves open whether the broker has
 * an order it is looked up, with growing pauses, until the broker or an operator says what became of it; no timer ends it. Only where a second
 * submission under the same name can make no second order, one that the broker does not show is submitted again.
 * Source: design, "Execution gateway"; reliability, promises 9 to 12 and 14.
 */
import type { ExecutionEvent, PublishedDecision } from '../contracts/messages';
import type { Broker, BrokerOrder, FoundOrder, OrderName, OrderReport, PolledOrders, SubmitOutcome, Trouble } from './broker';
import type { GatewayLog } from './gatewayLog';
import { logFields } from './logFields';
import { cancelling, followReport, notSent, rejected, submitted, submitting, unknown } from './orderEvents';
import type { GatewayOrder, Orders } from './orders';
import { orderOf } from './orders';
import type { Runs } from './runs';
import { clientOrderId } from './clientOrderId';

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

/** Submissions, and look-ups, on their way at the same time. */
const MOST_SUBMITTING = 16;
const MOST_CALLS = 8;
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 60_000;
/** From this many on, open orders are cancelled with one request, where the broker has it and shows nobody else's orders. */
const MANY_CANCELS = 10;
/** Looks at which an open order was not among those that the broker shows, until that is worth a record. */
const MOST_ABSENCES = 3;

/** What this process knows of an order besides the log. */
interface Care {
  /** A call about it is on its way. */
  busy: boolean;
  /** monotonic; when to look it up or to try again. */
  dueAt: number;
  tries: number;
  cancelDueAt: number;
  cancelTries: number;
  absences: number;
  /** The last submission was surely not taken. */
  notTaken: boolean;
  /** The broker does not show it, and may be sent it again under the same name. */
  again: boolean;
  /** It was sent again, and refused. */
  refused: boolean;
  /** It was among those to be cancelled with one request. */
  inBulk: boolean;
}

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
  private readonly cares = new Map<GatewayOrder, Care>();
  /** Admitted and not on record as SUBMITTING; in the order of the decisions, which they never leave: the log says how far it came by the newest. */
  private queue: Waiting[] = [];
  private readonly submittingNow = new Set<GatewayOrder>();
  private cancels = 0;
  private lookUps = 0;
  private polling = false;
  private pollDueAt = 0;
  private pollTries = 0;
  private cancellingAll = false;
  /** What broker calls have answered since the last step. */
  private answers: (() => void)[] = [];
  private paused = false;
  private closed = false;

  constructor(private readonly options: DeskOptions) {}

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
    return this.answers.length > 0;
  }

  /** Nothing is waiting to be sent or on its way: what is open may take its time. */
  get settled(): boolean {
    return this.queue.length === 0 && this.answers.length === 0 && this.submittingNow.size === 0;
  }

  /** No submission is on its way, and none has answered since the last step. */
  get isQuiet(): boolean {
    return this.submittingNow.size === 0 && this.answers.length === 0;
  }

  /** An order that is on record from before: whatever was on its way is of unknown outcome. */
  resume(order: GatewayOrder): void {
    this.care(order);
    if (order.phase !== 'submitting') return;
    this.tell(unknown(order, { code: 'INTERRUPTED', reason: 'the gateway stopped after it had recorded the submission' }), order);
  }

  /** Takes in what broker calls have answered. */
  takeAnswers(): void {
    const { answers } = this;
    this.answers = [];
    for (const answer of answers) answer();
  }

  /** To be called when a stop may have come: what is not sent never will be, what is open is to be cancelled. */
  applyStops(): void {
    const { runs, orders } = this.options;
    for (const waiting of this.queue) waiting.stop ??= runs.stopOf(waiting.decision);
    for (const order of [...orders.open()]) {
      if (order.decision === undefined) continue;
      const stop = runs.stopOf(order.decision);
      if (stop === undefined) continue;
      if (this.care(order).notTaken) this.tell(notSent(order, stop), order);
      else if (!order.cancelling && runs.cancels(order.decision)) this.tell(cancelling(order, stop), order);
    }
  }

  /** Has what is open cancelled, whatever admitted it. */
  cancelOpenOrders(why: Trouble): void {
    for (const order of [...this.options.orders.open()]) {
      if (this.care(order).notTaken) this.tell(notSent(order, why), order);
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
      const care = this.care(order);
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
      this.call(this.options.broker.submit(request), (outcome) => {
        this.submittingNow.delete(order);
        care.busy = false;
        this.submissionEnded(order, care, outcome);
      });
    }
  }

  /** Starts the look-ups, looks and cancels that are due. */
  tend(): void {
    const { orders, monotonic } = this.options;
    const now = monotonic();
    this.cancelMany(now);
    // Cancels go first, and nothing that hangs takes their place.
    for (const order of orders.open()) {
      if (this.cancels >= MOST_CALLS) break;
      if (!order.cancelling || !isAtBroker(order)) continue;
      const care = this.care(order);
      if (!care.busy && care.cancelDueAt <= now) this.cancel(order, care);
    }
    for (const order of orders.open()) {
      if (this.lookUps >= MOST_CALLS) break;
      if (order.phase !== 'unknown' || order.orderId !== '') continue;
      const care = this.care(order);
      if (!care.busy && care.dueAt <= now) this.lookUp(order, care);
    }
    if (!this.polling && this.pollDueAt <= now) this.poll(this.namesToPoll());
  }

  /** Ms until something is due that can be begun then; Infinity: nothing is. */
  dueInMs(): number {
    const now = this.options.monotonic();
    const [cancelsFull, lookUpsFull] = [this.cancels >= MOST_CALLS, this.lookUps >= MOST_CALLS];
    let due = Infinity;
    for (const [order, care] of this.cares) {
      if (care.busy || order.phase === 'ended') continue;
      if (!lookUpsFull && order.phase === 'unknown' && order.orderId === '') due = Math.min(due, care.dueAt);
      if (!order.cancelling && isToBeSentAgain(order, care)) due = Math.min(due, Math.max(care.dueAt, now + LEAST_PAUSE_MS));
      if (!cancelsFull && order.cancelling && isAtBroker(order)) due = Math.min(due, care.cancelDueAt);
    }
    if (!this.polling && this.options.orders.openCount > 0) due = Math.min(due, this.pollDueAt);
    return Math.max(0, due - now);
  }

  /** Looks at these orders once more, though they have ended: a broker may fill late. */
  lookAgain(ended: readonly GatewayOrder[]): void {
    if (!this.polling) this.poll([...this.namesToPoll(), ...ended.map(nameOf)]);
  }

  /** An operator has said what became of an order: whatever was tried is over. */
  forget(order: GatewayOrder): void {
    this.cares.delete(order);
  }

  /** An order that had ended on the log is open at the broker after all: its fills count, and it is cancelled. */
  reappeared(order: GatewayOrder, report: OrderReport): void {
    if (order.orderId === '') order.orderId = report.orderId;
    this.follow(order, report);
    if (report.status !== 'open' || this.care(order).busy) return;
    const care = this.care(order);
    this.cancel(order, care);
  }

  /** Drops everything: calls on their way end unheard, and nothing is sent any more. */
  close(): void {
    this.closed = true;
    this.answers = [];
  }

  /** Asked right before the first byte: a request may have waited for a connection while the kill switch was tripped. */
  private mayLeave(order: GatewayOrder): boolean {
    if (this.closed || this.paused || order.cancelling || order.phase === 'ended' || order.decision === undefined) return false;
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
    if (order.phase === 'ended') this.cares.delete(order);
  }

  private care(order: GatewayOrder): Care {
    let care = this.cares.get(order);
    if (care === undefined) {
      care = {
        busy: false,
        dueAt: 0,
        tries: 0,
        cancelDueAt: 0,
        cancelTries: 0,
        absences: 0,
        notTaken: false,
        again: false,
        refused: false,
        inBulk: false,
      };
      this.cares.set(order, care);
    }
    return care;
  }

  private call<T>(answer: Promise<T>, take: (answer: T) => void): void {
    const ended = (then: () => void): void => {
      if (this.closed) return;
      this.answers.push(then);
      this.options.wake();
    };
    answer.then(
      (value) => ended(() => take(value)),
      // An adapter never rejects: what it did then is unknown, and the shard is dropped and taken over again.
      (error: unknown) =>
        ended(() => {
          throw error instanceof Error ? error : new Error(String(error));
        }),
    );
  }

  private submissionEnded(order: GatewayOrder, care: Care, outcome: SubmitOutcome): void {
    const { log } = this.options;
    // An operator may have ended it meanwhile; a poll shows what the broker makes of it.
    if (order.phase === 'ended') return;
    switch (outcome.type) {
      case 'accepted':
        care.tries = 0;
        if (outcome.report === undefined) this.tell(submitted(order, outcome.orderId), order);
        else this.follow(order, outcome.report);
        this.pollSoon();
        return;
      case 'rejected':
      case 'failed':
        if (outcome.type === 'failed') this.failure ??= { code: outcome.code, reason: outcome.reason };
        if (order.mayExist) return this.stillUnknown(order, care, outcome);
        if (outcome.type === 'rejected' && outcome.orderId !== '') this.tell(submitted(order, outcome.orderId), order);
        this.tell(rejected(order, outcome.type === 'rejected' ? outcome.orderId : '', outcome), order);
        return;
      case 'deferred':
        care.dueAt = this.options.monotonic() + Math.max(outcome.afterMs, this.pauseAfter(care));
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
        care.dueAt = this.options.monotonic() + this.pauseAfter(care);
        this.tell(unknown(order, outcome), order);
        log.warn({ ...logFields(order), code: outcome.code, reason: outcome.reason }, 'outcome of a submission unknown');
        return;
    }
  }

  /** This submission was refused, but an earlier one may have been taken: looked up again, and not submitted any more. */
  private stillUnknown(order: GatewayOrder, care: Care, { code, reason }: Trouble): void {
    care.refused = true;
    care.dueAt = this.options.monotonic() + this.pauseAfter(care);
    this.tell(
      unknown(order, { code, reason: `an earlier submission may have been taken; this one was refused: ${reason}` }),
      order,
    );
  }

  private lookUp(order: GatewayOrder, care: Care): void {
    care.busy = true;
    this.lookUps += 1;
    this.call(this.options.broker.find(nameOf(order)), (found: FoundOrder) => {
      this.lookUps -= 1;
      care.busy = false;
      if (order.phase === 'ended') return;
      care.dueAt = this.options.monotonic() + this.pauseAfter(care);
      if (found.type === 'found') {
        care.tries = 0;
        this.follow(order, found.report);
        this.pollSoon();
      } else if (found.type === 'absent') {
        care.again = this.options.broker.idempotent && !care.refused;
        this.options.log.info(logFields(order), 'order not shown by the broker');
      } else
        this.options.log.warn({ ...logFields(order), code: found.code, reason: found.reason }, 'order could not be looked up');
    });
  }

  private namesToPoll(): readonly OrderName[] {
    return [...this.options.orders.open()].filter((order) => order.orderId !== '').map(nameOf);
  }

  private poll(names: readonly OrderName[]): void {
    const { broker, orders, pollEveryMs, monotonic, log } = this.options;
    this.pollDueAt = monotonic() + pollEveryMs;
    if (names.length === 0) return;
    const byName = new Map<string, GatewayOrder>();
    for (const order of [...orders.open(), ...orders.unfilledSince(0)]) byName.set(order.clientOrderId, order);
    this.polling = true;
    this.call(broker.poll(names), (polled: PolledOrders) => {
      this.polling = false;
      if (polled.type === 'unavailable') {
        this.pollTries += 1;
        this.pollDueAt = monotonic() + Math.max(pollEveryMs, pauseMs(this.pollTries));
        log.warn({ code: polled.code, reason: polled.reason }, 'open orders could not be looked at');
        return;
      }
      this.pollTries = 0;
      this.pollDueAt = monotonic() + pollEveryMs;
      for (const report of polled.reports) {
        const order = byName.get(report.clientOrderId);
        if (order === undefined) continue;
        if (order.phase !== 'ended') this.care(order).absences = 0;
        this.follow(order, report);
      }
      for (const name of polled.absent) {
        const order = byName.get(name);
        if (order?.phase === 'open') this.missing(order);
      }
    });
  }

  /** A broker may show an order a moment later than it took it. */
  private missing(order: GatewayOrder): void {
    const care = this.care(order);
    care.absences += 1;
    if (care.absences !== MOST_ABSENCES) return;
    const reason = `the broker does not show order ${order.orderId} any more`;
    this.tell(unknown(order, { code: 'NOT_SHOWN', reason }), order);
    this.options.log.error({ ...logFields(order), reason }, 'order unknown');
  }

  private cancel(order: GatewayOrder, care: Care): void {
    care.busy = true;
    this.cancels += 1;
    this.call(this.options.broker.cancel(nameOf(order)), (outcome) => {
      this.cancels -= 1;
      care.busy = false;
      if (order.phase === 'ended') this.cares.delete(order);
      care.cancelTries += 1;
      // The broker will try: whether it did, a poll tells; if it did not, it is asked again.
      care.cancelDueAt = this.options.monotonic() + pauseMs(care.cancelTries + 1);
      this.pollSoon();
      if (outcome.type === 'unavailable')
        this.options.log.warn(
          { ...logFields(order), code: outcome.code, reason: outcome.reason },
          'order could not be cancelled yet',
        );
    });
  }

  /**
   * One request beside the many, if it touches nobody else's orders: with a rate limit, many cancels take minutes. It is tried once for each order, and
   * keeps no single cancel from being asked for.
   */
  private cancelMany(now: number): void {
    const { broker, orders, log } = this.options;
    if (broker.cancelAll === undefined || this.cancellingAll) return;
    const cancelAll = broker.cancelAll.bind(broker);
    const due = [...orders.open()].filter((order) => {
      if (!order.cancelling || !isAtBroker(order)) return false;
      const care = this.care(order);
      return !care.inBulk && care.cancelDueAt <= now;
    });
    if (due.length < MANY_CANCELS) return;
    this.cancellingAll = true;
    for (const order of due) this.care(order).inBulk = true;
    const names = new Set(due.map((order) => order.clientOrderId));
    const attempt = async (): Promise<boolean> => {
      const shown = await broker.openOrders();
      if (shown.type === 'unavailable' || shown.reports.some((report) => !names.has(report.clientOrderId))) return false;
      return (await cancelAll()).type === 'requested';
    };
    this.call(attempt(), (requested) => {
      this.cancellingAll = false;
      this.pollSoon();
      log.info({ orders: due.length, requested }, 'open orders to be cancelled with one request');
    });
  }

  private follow(order: GatewayOrder, report: OrderReport): void {
    const { log } = this.options;
    // The broker shows it: to send it once more would undo what is known of it.
    const care = this.cares.get(order);
    if (care !== undefined) care.again = false;
    const { oddities } = followReport(order, report, (event) => this.tell(event, order));
    for (const oddity of oddities) log.error({ ...logFields(order), oddity }, 'the broker reports something odd');
  }

  private pollSoon(): void {
    this.pollDueAt = Math.min(this.pollDueAt, this.options.monotonic() + SOON_MS);
  }

  private pauseAfter(care: Care): number {
    care.tries += 1;
    return pauseMs(care.tries);
  }
}

/** What was not taken, and what the broker does not show where a name is a key. */
const isToBeSentAgain = ({ phase, orderId }: GatewayOrder, { notTaken, again }: Care): boolean =>
  notTaken || (again && phase === 'unknown' && orderId === '');

const CANCELLED_BEFORE: Trouble = { code: 'CANCELLED', reason: 'it was to be cancelled before it left' };
const NO_POLICY = new Uint8Array(32);
/** A market order is mostly filled by then. */
const SOON_MS = 100;

const pauseMs = (tries: number): number => Math.min(MOST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(tries - 1, 10));
const symbolOf = ({ runId, symbol }: GatewayOrder): string => `${runId}\0${symbol}`;
const nameOf = ({ clientOrderId: name, orderId, submittedAt }: GatewayOrder): OrderName => ({
  clientOrderId: name,
  orderId,
  submittedAt,
});
const isAtBroker = ({ phase, orderId }: GatewayOrder): boolean => phase === 'open' || (phase === 'unknown' && orderId !== '');
const minusOwn = <T extends bigint>(sum: T, { qty }: GatewayOrder): T => (sum - qty) as T;
