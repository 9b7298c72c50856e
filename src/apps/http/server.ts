/** The HTTP server: Fastify, made from the table of routes. It knows who asks, what is asked and how it is answered, and nothing of what it is about. */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { Failure, lineOf } from '../failure';
import type { Logger } from '../service/logger';
import { AllowedMethods } from './allowedMethods';
import { Answers } from './answer';
import { AuthenticationLog } from './authenticationLog';
import { ConnectionErrors } from './connectionErrors';
import { dashboardFiles } from './dashboardFiles';
import { Exchanges } from './exchange';
import { fastifyOptions, identityOf, secureContext } from './fastifyOptions';
import type { TlsFiles } from './fastifyOptions';
import { Gate } from './gate';
import { HttpMetrics } from './httpMetrics';
import * as limits from './limits';
import { Problem } from './problem';
import { rateLimits } from './rateLimits';
import type { Route } from './route';
import { Routing } from './routing';
import { requireTokensFor } from './tokens';
import type { Tokens } from './tokens';

export interface ServerOptions {
  readonly routes: readonly Route[];
  /** Undefined: whoever reaches the loopback interface may do everything. */
  readonly tokens: Tokens | undefined;
  readonly host: string;
  /** Zero: any that is free. */
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Requests a second and token; zero: any number. */
  readonly rateLimit: number;
  /** The dashboard, built; undefined: none is served. */
  readonly assetsDirectory: string | undefined;
  readonly registry: Registry;
  readonly log: Logger;
  /** A line for each request on level debug; off, not even the line is made. */
  readonly logRequests: boolean;
  readonly connections?: number;
  readonly stallMs?: number;
  readonly drainMs?: number;
}

export interface HttpServer {
  readonly url: string;
  /** For tests, by `inject`. */
  readonly app: FastifyInstance;
  /** Reads tokens and certificates again; event streams of tokens that are gone end. Throws a Failure: then what was stays. */
  reload(): Promise<void>;
  /** Takes no more, lets what is in flight end, ends event streams. */
  close(): Promise<void>;
}

const LAST_WORDS_MS = 1_000;
const SWEEP_MS = 50;

/** Rejects with a Failure when it cannot listen there, or what it is told to serve cannot be. */
export const openServer = async (options: ServerOptions): Promise<HttpServer> => {
  requireTokensFor(options.host, options.tokens);
  for (const warning of options.tokens?.warnings ?? []) options.log.warn({}, warning);
  const api = await Api.build(options);
  const { app } = api;
  try {
    // By its address: for the name, Fastify would listen on two sockets and keep the limits of one.
    await app.listen({ host: options.host === 'localhost' ? '127.0.0.1' : options.host, port: options.port });
  } catch (error) {
    await app.close();
    throw new Failure(`HTTP on ${options.host}:${options.port}: ${causeOf(error)}; choose another --host or --port`);
  }
  const { port } = app.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    app,
    reload: () => api.reload(),
    close: () => api.close(),
  };
};

const causeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? lineOf(error);

/** The server without its socket. */
class Api {
  private readonly exchanges = new Exchanges();
  private routing: Routing | undefined;
  private stopping = false;

  private constructor(
    private readonly options: ServerOptions,
    readonly app: FastifyInstance,
  ) {}

  static async build(options: ServerOptions): Promise<Api> {
    const connections = new ConnectionErrors();
    const identity = options.tls === undefined ? undefined : await identityOf(options.tls);
    const app = Fastify(
      fastifyOptions(identity, {
        onConnectionError: connections.handle,
        onUnreadable: (error, request, reply) => api.routing?.onError(error, request, reply),
      }),
    );
    const api = new Api(options, app);
    api.routing = await api.makeRouting(connections);
    await api.furnish(api.routing);
    return api;
  }

  async reload(): Promise<void> {
    const { tokens, tls, log } = this.options;
    const identity = tls === undefined ? undefined : await identityOf(tls);
    await tokens?.reload();
    for (const warning of tokens?.warnings ?? []) log.warn({}, warning);
    if (identity !== undefined) (this.app.server as unknown as TlsServer).setSecureContext(secureContext(identity));
    if (tokens !== undefined) this.exchanges.keepStreamsOf(({ caller }) => caller === undefined || tokens.knows(caller));
  }

  async close(): Promise<void> {
    this.stopping = true;
    const { server } = this.app;
    const closed = this.app.close();
    // Connections whose last answer had begun before the stop were not told to close.
    const sweeping = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    await this.exchanges.drain(this.options.drainMs ?? limits.DRAIN_MS);
    await this.exchanges.empty(LAST_WORDS_MS);
    clearInterval(sweeping);
    server.closeAllConnections();
    await closed;
  }

  private async makeRouting(connections: ConnectionErrors): Promise<Routing> {
    const { app, options, exchanges } = this;
    const { tokens, tls, log, logRequests, registry } = options;
    const methods = new AllowedMethods();
    const stopping = (): boolean => this.stopping;
    const gate = new Gate({
      tokens,
      limits: tokens === undefined ? undefined : await rateLimits(app, options.rateLimit, nameOfCaller),
      methods,
      failures: new AuthenticationLog(log),
      stopping,
    });
    const answers = new Answers({ tls: tls !== undefined, stallMs: options.stallMs ?? limits.STALL_MS, closing: stopping });
    const metrics = new HttpMetrics(
      registry,
      () => openConnections(app),
      () => exchanges.streams,
    );
    return new Routing({ gate, answers, exchanges, connections, metrics, methods, log, logRequests });
  }

  private async furnish(routing: Routing): Promise<void> {
    const { app, options } = this;
    const { server } = app;
    server.maxConnections = options.connections ?? limits.CONNECTIONS;
    // Whoever expects more than `100-continue` gets the answer without it.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    app.decorateRequest('exchange', null);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addHook('onRequest', (request, reply, done) => routing.onRequest(request, reply, done));
    app.addHook('onRoute', ({ method, url, config }) => {
      if (config?.route === undefined) routing.addFile(url, [method].flat());
    });
    app.setErrorHandler((error, request, reply) => routing.onError(error, request, reply));
    app.setNotFoundHandler((request, reply) => routing.onError(fileGone(), request, reply));
    for (const route of options.routes) routing.add(app, route);
    if (options.assetsDirectory !== undefined) await dashboardFiles(app, options.assetsDirectory, options.tls !== undefined);
    await app.ready();
  }
}

const nameOfCaller = ({ exchange }: FastifyRequest): string => exchange?.caller?.name ?? '';

const openConnections = (app: FastifyInstance): Promise<number> =>
  new Promise((resolve) => {
    app.server.getConnections((error, count) => resolve(error === null ? count : 0));
  });

/** What never existed is refused by the gate. */
const fileGone = (): Problem => new Problem('not_found', { detail: 'this file is not there any more; load the dashboard again' });
