/**
 * A simulated broker on 127.0.0.1: real HTTP, so that time-outs, resets and half answers are real. A dialect says what requests mean and how answers
 * look; this file receives and spoils them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { BrokerFront, type RateLimit } from './brokerFront';
import type { BrokerAnswer, BrokerRequest, Dialect, Operation } from './dialect';
import { FaultPlan, type FaultScript } from './faults';
import type { Market } from './market';
import { answerWrongly, spoil } from './wrongAnswers';

export interface ServerOptions {
  readonly faults?: readonly FaultScript[];
  /** Requests that may come in a window; beyond it the answer is 429. Default: no limit, and headers that show plenty. */
  readonly rateLimit?: RateLimit;
  /** The broker's clock, ms since 1970. */
  readonly now?: () => number;
  /** Called for each request before anything is done about it: a test can let something happen between two of them. */
  readonly onRequest?: (request: ReceivedRequest) => void;
}

export interface ReceivedRequest {
  readonly sequence: number;
  readonly at: number;
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly clientOrderId: string;
  readonly faulty: boolean;
}

export interface RunningBroker {
  readonly baseUrl: string;
  readonly market: Market;
  readonly requests: readonly ReceivedRequest[];
  /** Requests received so far, of one operation or of all. */
  count(operation?: Operation): number;
  /** Connections that are open now. */
  connections(): number;
  /** Spoils requests from now on; it goes before the faults that are there. */
  fault(script: FaultScript): void;
  clearFaults(): void;
  /** Carries out what was held back by `later`, in order. */
  letThrough(): void;
  /** Nobody listens any more, and all connections are reset; `up()` listens again at the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export const startBroker = async (dialect: Dialect, market: Market, options: ServerOptions): Promise<RunningBroker> => {
  const faults = new FaultPlan(options.faults ?? []);
  const requests: ReceivedRequest[] = [];
  const counts = new Map<Operation, number>();
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const now = options.now ?? Date.now;
  const front = new BrokerFront(dialect, market, now, options.rateLimit);
  const later = (ms: number, task: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      task();
    }, ms);
    timers.add(timer);
  };

  const handle = (incoming: IncomingMessage, response: ServerResponse, body: string): void => {
    const request = requestOf(incoming, body);
    const operation = dialect.operationOf(request);
    const fault = faults.of(operation, request.method, request.path);
    const clientOrderId = front.received(request, operation);
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    const { method, path, query } = request;
    const faulty = fault !== undefined;
    const received: ReceivedRequest = {
      sequence: requests.length,
      at: now(),
      operation,
      method,
      path,
      query: query.toString(),
      clientOrderId,
      faulty,
    };
    requests.push(received);
    options.onRequest?.(received);
    const { headers, refusal } = front.admit(request);
    const send = (answer: BrokerAnswer, more: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(answer.status, { 'content-type': answer.contentType, ...headers, ...more });
      response.end(answer.body);
    };

    if (refusal !== undefined) return send(refusal);
    if (fault === undefined) return send(front.carryOut(request, operation));
    const spoiled = spoil(request, fault);
    let answer: BrokerAnswer | undefined;
    if (fault.carriedOut === 'now') answer = front.carryOut(spoiled, operation);
    if (fault.carriedOut === 'later') {
      const task = (): void => void front.carryOut(request, operation);
      if (fault.laterMs === undefined) held.push(task);
      else later(fault.laterMs, task);
    }
    answerWrongly(fault, { answer, send, request, response, dialect, later });
  };

  const listen = async (port: number): Promise<Server> => {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => handle(incoming, response, Buffer.concat(chunks).toString('utf8')));
      incoming.on('error', () => undefined);
      response.on('error', () => undefined);
    });
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket) => {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return server;
  };
  const unlisten = (server: Server): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
    });

  let server: Server | null = await listen(0);
  const { port } = server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    const listening = server;
    server = null;
    if (listening !== null) await unlisten(listening);
  };
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    market,
    requests,
    count: (operation) => (operation === undefined ? requests.length : (counts.get(operation) ?? 0)),
    connections: () => sockets.size,
    fault: (script) => faults.add(script),
    clearFaults: () => faults.clear(),
    letThrough: () => held.splice(0).forEach((task) => task()),
    down,
    up: async () => void (server ??= await listen(port)),
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      market.stop();
      await down();
    },
  };
};

const requestOf = ({ method = 'GET', url = '/', headers }: IncomingMessage, body: string): BrokerRequest => {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));
  return { method, path: pathname, query: searchParams, headers: plain, body, rows: 'right' };
};
