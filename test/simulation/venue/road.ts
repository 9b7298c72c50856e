/**
 * The road from one process to a simulated broker: what exchange.ts asks of undici, on virtual time. What is on its way arrives even if the process dies
 * meanwhile; what comes back is an event of the process, which a dead one never sees. Nothing is ever there twice.
 */
import type { Dispatcher } from 'undici';
import type { BrokerFront } from '../../support/brokers/brokerFront';
import type { BrokerAnswer, BrokerRequest, Dialect, Operation } from '../../support/brokers/dialect';
import { unlike } from '../../support/brokers/wrongAnswers';
import type { Ports } from '../kernel/ports';
import { logUniform, uniform } from '../kernel/ports';
import type { SimulatedProcess } from '../kernel/process';
import { drawFate, RIGHT, type RequestFate } from './requestFate';

export interface BrokerEnd {
  readonly dialect: Dialect;
  readonly front: BrokerFront;
  /** Virtual ms until which nobody listens there. */
  downUntil: number;
}

/** A request as those see it who count requests. */
export interface RequestOnTheRoad {
  readonly operation: Operation;
  /** With its query: the same for the same question. */
  readonly target: string;
  /** The whole answer that the process has heard; undefined: none. `retryAfter`: seconds. */
  readonly answered: { readonly status: number; readonly retryAfter: string | undefined } | undefined;
}

/** `asked`: it is handed over; `before`: right before its first byte; `begun`: the first byte leaves; `after`: carried out; `ended`: answered or given up. */
export type Moment = 'asked' | 'before' | 'begun' | 'after' | 'ended';

export interface RoadOptions extends Ports {
  /** For its words in the trace. */
  readonly name: string;
  readonly broker: BrokerEnd;
  /** At `before` and `after` the process may crash, or stand still. */
  readonly onCall: (process: SimulatedProcess, when: Moment, request: RequestOnTheRoad) => void;
  readonly onFirstByte: (process: SimulatedProcess, request: BrokerRequest, operation: Operation) => void;
}

/** ms, virtual. */
const CONNECTS = { least: 0.1, most: 2 };
const LATENCY = { least: 1, most: 25 };
const SLOW = { least: 500, most: 15_000 };
const DOWN = { least: 500, most: 60_000 };
const SECOND_HALF_MS = 2;

export class Road {
  private readonly open = new Set<Call>();

  constructor(
    private readonly options: RoadOptions,
    private readonly process: SimulatedProcess,
  ) {}

  dispatch({ method, path, headers, body }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { broker, scheduler, faults } = this.options;
    const request = requestOf(method, path, headers as BrokerRequest['headers'], typeof body === 'string' ? body : '');
    const call = new Call(this.options, this.process, handler, request, path, () => void this.open.delete(call));
    this.open.add(call);
    this.options.onCall(this.process, 'asked', call);
    if (!this.isDown() && faults.happens('broker: down')) broker.downUntil = scheduler.nowMs + logUniform(faults, DOWN);
    call.leave(this.isDown() ? { type: 'unreachable' } : drawFate(faults, call.operation));
    return true;
  }

  /** What is under way breaks. */
  destroy(): Promise<void> {
    for (const call of this.open) call.breaks(0, 'UND_ERR_DESTROYED');
    return Promise.resolve();
  }

  private isDown(): boolean {
    const { broker, scheduler, faults } = this.options;
    return !faults.areOver && scheduler.nowMs < broker.downUntil;
  }
}

class Call implements Dispatcher.DispatchController, RequestOnTheRoad {
  answered: RequestOnTheRoad['answered'];
  readonly operation: Operation;
  aborted = false;
  readonly paused = false;
  readonly reason = null;
  private isOver = false;

  constructor(
    private readonly options: RoadOptions,
    private readonly process: SimulatedProcess,
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly request: BrokerRequest,
    readonly target: string,
    private readonly ended: () => void,
  ) {
    this.operation = options.broker.dialect.operationOf(request);
  }

  abort(): void {
    this.aborted = true;
    this.end();
  }

  pause(): void {
    throw new Error('nobody reads answers slowly');
  }

  resume(): void {
    throw new Error('nobody reads answers slowly');
  }

  leave(fate: RequestFate): void {
    if (fate !== RIGHT) this.say(() => (fate.type === 'answered' ? fate.answer.type : fate.type));
    if (fate.type === 'unreachable') return this.breaks(this.ms(CONNECTS), 'ECONNREFUSED');
    const { onCall, onFirstByte, scheduler } = this.options;
    const { process } = this;
    const begin = (): void => {
      this.handler.onRequestStart?.(this, {});
      if (this.aborted) return;
      onCall(process, 'begun', this);
      onFirstByte(process, this.request, this.operation);
      this.travel(fate);
    };
    this.heard(this.ms(CONNECTS), () => {
      onCall(process, 'before', this);
      if (!process.isAlive) return;
      // Whoever stands still before the first byte asks again whether it may be sent when it goes on.
      if (process.pausedUntil > scheduler.nowMs) this.heard(0, begin);
      else begin();
    });
  }

  /** The process hears, after a while, that the connection is no more. */
  breaks(ms: number, code: string): void {
    this.heard(ms, () => {
      this.end();
      this.handler.onResponseError?.(this, Object.assign(new Error(code), { code }));
    });
  }

  /** From the first byte on. */
  private travel(fate: Exclude<RequestFate, { type: 'unreachable' }>): void {
    const { scheduler, faults } = this.options;
    if (fate.type === 'lost') return this.breaks(fate.breaksAfterMs, 'ECONNRESET');
    const isSlow = faults.happens('broker: slow');
    const slowThere = isSlow && faults.draw.chance(0.5);
    const there = fate.type === 'late' ? fate.arrivesAfterMs : this.ms(slowThere ? SLOW : LATENCY);
    const back = this.ms(isSlow && !slowThere ? SLOW : LATENCY);
    if (fate.type === 'late' || fate.type === 'unheard') this.breaks(fate.breaksAfterMs, 'ECONNRESET');
    scheduler.after(there, () => this.arrive(fate, back));
  }

  private arrive(fate: Exclude<RequestFate, { type: 'unreachable' | 'lost' }>, backMs: number): void {
    const { broker, scheduler, faults, onCall } = this.options;
    const { request, operation } = this;
    if (!faults.areOver && scheduler.nowMs < broker.downUntil) return this.breaks(this.ms(LATENCY), 'ECONNRESET');
    const { front, dialect } = broker;
    front.received(request, operation);
    const { headers, refusal } = front.admit(request);
    const instead = refusal ?? (fate.type === 'instead' ? dialect.fault(fate.answer.status, request) : undefined);
    const carriedOut = fate.type === 'doubled' ? { ...request, rows: fate.rows } : request;
    const right = instead ?? front.carryOut(carriedOut, operation);
    onCall(this.process, 'after', this);
    if (fate.type === 'late' || fate.type === 'unheard') return;
    if (fate.type === 'doubled' || refusal !== undefined) return this.answer(backMs, right, headers);
    const { answer } = fate;
    if (answer.type === 'cutOff') return this.answerHalf(backMs, right, headers);
    if (answer.type !== 'status') return this.answer(backMs, unlike(right, answer), headers);
    const { status, retryAfter } = answer;
    const more = retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfter };
    this.answer(backMs, instead ?? dialect.fault(status, request), more);
  }

  private answer(ms: number, { status, contentType, body }: BrokerAnswer, headers: Readonly<Record<string, string>>): void {
    this.heard(ms, () => {
      this.answered = { status, retryAfter: headers['retry-after'] };
      this.end();
      const { handler } = this;
      handler.onResponseStart?.(this, status, { 'content-type': contentType, ...headers });
      if (body !== '') handler.onResponseData?.(this, Buffer.from(body));
      handler.onResponseEnd?.(this, {});
    });
  }

  private answerHalf(ms: number, { status, body }: BrokerAnswer, headers: Readonly<Record<string, string>>): void {
    const bytes = Buffer.from(body === '' ? '{"id":"' : body);
    this.heard(ms, () => {
      this.handler.onResponseStart?.(this, status === 204 ? 200 : status, { ...headers });
      this.handler.onResponseData?.(this, bytes.subarray(0, bytes.length >> 1));
      this.breaks(SECOND_HALF_MS, 'ECONNRESET');
    });
  }

  private heard(ms: number, task: () => void): void {
    this.options.scheduler.after(
      ms,
      () => {
        if (!this.aborted && !this.isOver) task();
      },
      this.process,
    );
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ended();
    this.options.onCall(this.process, 'ended', this);
  }

  private ms(range: { readonly least: number; readonly most: number }): number {
    return uniform(this.options.faults, range);
  }

  private say(what: () => string): void {
    const { trace, name } = this.options;
    trace(() => `${this.process.name} ${name} ${this.request.method} ${this.request.path}: ${what()}`);
  }
}

const requestOf = (method: string, target: string, headers: BrokerRequest['headers'], body: string): BrokerRequest => {
  const at = target.indexOf('?');
  const path = at === -1 ? target : target.slice(0, at);
  return { method, path, query: new URLSearchParams(at === -1 ? '' : target.slice(at + 1)), headers, body, rows: 'right' };
};
