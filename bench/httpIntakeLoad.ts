/**
 * The load on POST /intent, in a process of its own: so many clients, each with one request on its way at a time, each request another intent. Clients
 * write and read their sockets themselves, so that little of the processor's time is theirs.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { percentile } from './measure';

/** First argument of the process that does it; not for people. */
export const HTTP_LOAD = '--http-load-in-child';

export interface LoadTask {
  readonly url: string;
  readonly clients: number;
  readonly seconds: number;
  /** One connection for all requests of a client; else one for each. */
  readonly keepAlive: boolean;
  /** Of the intents' ids. */
  readonly prefix: string;
  readonly symbols: readonly string[];
}

export interface LoadResult {
  /** Answered within the time that was measured. */
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** How many answers were of each status; zero: no answer, since the connection failed. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Those of status 200 that allow the order. */
  readonly allowed: number;
  /** Of the load itself: seconds of processor time for each second. */
  readonly cpu: number;
}

/** One request may take so long: a connection that the server has no room for is tried again by the system for seconds. */
const PATIENCE_MS = 30_000;
const PAUSE_AFTER_FAILURE_MS = 50;
const HEADERS_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *([0-9]+)/i;

interface Answer {
  readonly status: number;
  readonly body: string;
}

export const runLoad = async (task: LoadTask): Promise<LoadResult> => {
  const load = new Load(task);
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: task.clients }, () => load.client()));
  const { user, system } = process.cpuUsage(before);
  return load.result((user + system) / 1_000_000);
};

class Load {
  private readonly host: string;
  private readonly port: number;
  private readonly start = performance.now();
  private readonly end: number;
  private readonly milliseconds: number[] = [];
  private readonly statuses: Record<string, number> = {};
  private allowed = 0;
  private next = 0;

  constructor(private readonly task: LoadTask) {
    const { hostname, port } = new URL(task.url);
    this.host = hostname;
    this.port = Number(port);
    this.end = this.start + task.seconds * 1_000;
  }

  /** One request after the other until the time is up. */
  async client(): Promise<void> {
    let connection: Connection | undefined;
    while (performance.now() < this.end) {
      const began = performance.now();
      const answer = await (connection ??= new Connection(this.host, this.port)).ask(this.request());
      const now = performance.now();
      if (now <= this.end) this.count(answer, now - began);
      if (answer === undefined || !this.task.keepAlive) {
        connection.close();
        connection = undefined;
      }
      if (answer === undefined) await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
    }
    connection?.close();
  }

  result(cpuSeconds: number): LoadResult {
    const { milliseconds, statuses, allowed } = this;
    const { seconds } = this.task;
    const at = (share: number): number => (milliseconds.length === 0 ? Number.NaN : percentile(milliseconds, share));
    return {
      requests: milliseconds.length,
      perSecond: milliseconds.length / seconds,
      p50: at(0.5),
      p99: at(0.99),
      most: at(1),
      statuses,
      allowed,
      cpu: cpuSeconds / seconds,
    };
  }

  private count(answer: Answer | undefined, took: number): void {
    const status = String(answer?.status ?? 0);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (answer === undefined) return;
    this.milliseconds.push(took);
    if (answer.status === 200 && answer.body.includes('"decision":"ALLOW"')) this.allowed += 1;
  }

  /** Each symbol in turn, bought in one pass and sold in the next. */
  private request(): string {
    const { prefix, symbols, keepAlive } = this.task;
    const number = this.next++;
    const symbol = symbols[number % symbols.length];
    const side = Math.floor(number / symbols.length) % 2 === 0 ? 'buy' : 'sell';
    const body =
      `{"intent":{"intent_id":"${prefix}-${number}","timestamp":"2026-02-24T09:30:01Z","strategy_id":"alpha","account_id":"bench-account",` +
      `"instrument":{"symbol":"${symbol}","asset_class":"equity"},"side":"${side}","order_type":"market","qty":5,"limit_price":null}}`;
    return (
      `POST /intent HTTP/1.1\r\nHost: ${this.host}:${this.port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
      `${keepAlive ? '' : 'Connection: close\r\n'}\r\n${body}`
    );
  }
}

/** A connection with at most one request on its way. */
class Connection {
  private readonly socket: Socket;
  private received = '';
  private answered: (answer: Answer | undefined) => void = () => undefined;

  constructor(host: string, port: number) {
    this.socket = connect({ host, port, noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.setTimeout(PATIENCE_MS, () => this.socket.destroy());
    this.socket.on('data', (text: string) => this.take(text));
    // Whatever went wrong, the connection then closes.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.answered(undefined));
  }

  /** Undefined: the connection failed. */
  ask(request: string): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      this.answered = resolve;
      if (this.socket.destroyed) resolve(undefined);
      else this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const headers = this.received.indexOf(HEADERS_END);
    if (headers < 0) return;
    const length = Number(CONTENT_LENGTH.exec(this.received.slice(0, headers))?.[1] ?? 0);
    const start = headers + HEADERS_END.length;
    if (this.received.length < start + length) return;
    const body = this.received.slice(start, start + length);
    const status = Number(this.received.slice(9, 12));
    this.received = '';
    this.answered({ status, body });
  }
}
