/**
 * `GET /health` (the process lives), `/ready` (200, or 503 with the reasons) and `/metrics` (Prometheus). For the network of the operator:
 * it asks for no credentials and shows no run, intent or symbol.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { Failure } from '../failure';
import type { Problem } from './shardService';

export interface MonitoringOptions {
  readonly host: string;
  /** Zero: any that is free. */
  readonly port: number;
  readonly registry: Registry;
  /** Empty: ready. */
  readonly problems: () => readonly Problem[];
}

export interface Monitoring {
  readonly url: string;
  close(): Promise<void>;
}

/** Nobody holds a socket for long, or many of them, or fills the memory by a header. */
const LIMITS = { headersTimeout: 4_000, requestTimeout: 5_000, connectionsCheckingInterval: 500, maxHeaderSize: 8_192 } as const;
const CONNECTIONS = 100;
const IDLE_MS = 5_000;
const REASONS = 100;

/** Rejects with a Failure when it cannot listen there. */
export const openMonitoring = async (options: MonitoringOptions): Promise<Monitoring> => {
  const server = createServer({ ...LIMITS, keepAliveTimeout: IDLE_MS }, (request, response) => {
    void answer(options, request, response);
  });
  server.maxConnections = CONNECTIONS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const listen = (server: Server, { host, port }: MonitoringOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new Failure(`monitoring on ${host}:${port}: ${error.code ?? error.message}; choose another host or port in the settings`),
      );
    });
    server.listen(port, host, resolve);
  });

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const answer = async (options: MonitoringOptions, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  // A body is never read: the connection ends with the answer.
  if (hasBody(request)) response.shouldKeepAlive = false;
  const { status, type, body } = await answerOf(options, request);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? '' : body);
};

const answerOf = async ({ registry, problems }: MonitoringOptions, request: IncomingMessage): Promise<Answer> => {
  if (hasBody(request)) return json(400, { error: 'no body is expected here' });
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'expected GET' });
  const [path] = (request.url ?? '').split('?');
  switch (path) {
    case '/health':
      return json(200, { status: 'ok' });
    case '/ready': {
      const reasons = problems().slice(0, REASONS);
      return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
    }
    case '/metrics':
      try {
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      } catch {
        return json(500, { error: 'the metrics could not be collected' });
      }
    default:
      return json(404, { error: 'expected /health, /ready or /metrics' });
  }
};

const json = (status: number, body: unknown): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
