/** A request's way through the server: past the gate, to its handler, and to its answer, whatever goes wrong on the way. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../service/logger';
import type { AllowedMethods } from './allowedMethods';
import type { Answers } from './answer';
import { Asked } from './asked';
import type { ConnectionErrors } from './connectionErrors';
import { Exchange } from './exchange';
import type { Exchanges } from './exchange';
import type { Gate } from './gate';
import type { HttpMetrics } from './httpMetrics';
import { NO_BODY_BYTES } from './limits';
import { pathChecker, queryReader } from './parameters';
import { Problem } from './problem';
import { codeOf, problemOf, refusedByFramework } from './problemOf';
import type { Route } from './route';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null: the gate has not seen it. */
    exchange: Exchange | null;
  }
  interface FastifyContextConfig {
    /** Absent: a file. */
    route?: Route;
  }
}

export interface RoutingParts {
  readonly gate: Gate;
  readonly answers: Answers;
  readonly exchanges: Exchanges;
  readonly connections: ConnectionErrors;
  readonly metrics: HttpMetrics;
  readonly methods: AllowedMethods;
  readonly log: Logger;
  readonly logRequests: boolean;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const LOOKED_FOR: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);
const SOUGHT: ReadonlySet<string> = new Set(['not_found', 'method_not_allowed']);

export class Routing {
  constructor(private readonly parts: RoutingParts) {}

  add(app: FastifyInstance, route: Route): void {
    const checkPath = pathChecker(route);
    const readQuery = queryReader(route);
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    for (const method of methods) this.parts.methods.add(route.path, method);
    app.route({
      method: methods,
      url: route.path.replace(/\{([^}]+)\}/g, ':$1'),
      bodyLimit: route.body?.mostBytes ?? NO_BODY_BYTES,
      config: { route },
      handler: (request, reply) => {
        // From here on the answer is ours.
        reply.hijack();
        const { exchange } = request;
        if (exchange === null) throw new TypeError('a request passed no gate');
        const asked = new Asked(request, exchange);
        void this.answer(route, asked, exchange, reply.raw, () => {
          checkPath(asked.params);
          asked.query = readQuery(request.raw.url ?? '');
        });
      },
    });
  }

  addFile(path: string, methods: readonly string[]): void {
    for (const method of methods) this.parts.methods.add(path, method);
  }

  onRequest(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { route } = request.routeOptions.config;
    const target = request.is404 || this.isAnotherPath(request, route) ? 'nothing' : (route ?? 'file');
    const exchange = this.begin(request, reply.raw);
    if (typeof target === 'object') exchange.route = target;
    try {
      const checking = this.parts.gate.check(request, exchange, target);
      if (checking === undefined) done();
      else checking.then(() => done(), done);
    } catch (error) {
      done(error as Error);
    }
  }

  /** Of the gate, of reading the body, and of the framework, which refuses some requests before the gate has seen them. */
  onError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const known = request.exchange as Exchange | null | undefined;
    if (known !== null && known !== undefined) this.fail(refusedByFramework(error), known, reply.raw);
    else void this.unrouted(error, request, this.begin(request, reply.raw), reply.raw);
  }

  private async answer(
    route: Route,
    asked: Asked,
    exchange: Exchange,
    response: ServerResponse,
    read: () => void,
  ): Promise<void> {
    try {
      read();
      const answer = await route.handle(asked);
      if (answer.contentType?.startsWith('text/event-stream') === true) this.parts.exchanges.endless(exchange);
      await this.parts.answers.send(response, answer);
    } catch (error) {
      this.fail(error, exchange, response);
    }
  }

  /** `GET /policies/diff` is no question about a policy called `diff`, and `/policies/` none about one without a name. */
  private isAnotherPath({ raw, method, params }: FastifyRequest, route: Route | undefined): boolean {
    if (route?.path.includes('{') !== true) return false;
    return (
      Object.values(params as Readonly<Record<string, string>>).includes('') || this.parts.methods.forbids(raw.url ?? '', method)
    );
  }

  private begin(request: FastifyRequest, response: ServerResponse): Exchange {
    const exchange = new Exchange(request.method);
    request.exchange = exchange;
    this.parts.exchanges.begin(exchange, request.raw, response, this.ended);
    this.parts.connections.began(request.raw, response);
    return exchange;
  }

  /** Who may not ask is told that, and nobody else that something is missing which could not even be looked for. */
  private async unrouted(error: unknown, request: FastifyRequest, exchange: Exchange, response: ServerResponse): Promise<void> {
    try {
      await this.parts.gate.check(request, exchange, 'nothing');
    } catch (refused) {
      const unreadable = codeOf(error) === 'FST_ERR_BAD_URL' && refused instanceof Problem && SOUGHT.has(refused.code);
      this.fail(unreadable && LOOKED_FOR.has(exchange.method) ? error : refused, exchange, response);
    }
  }

  private fail(error: unknown, exchange: Exchange, response: ServerResponse): void {
    const gone = response.destroyed || response.socket?.destroyed === true;
    const problem = problemOf(error, SAFE.has(exchange.method));
    if (problem !== undefined && !response.headersSent) {
      this.parts.answers.problem(response, problem);
      return;
    }
    // A client that went while its body was read, or its stream written, did nothing that we should look into.
    if (gone) return;
    const requestId = randomUUID();
    this.parts.log.error(
      { request_id: requestId, method: exchange.method, route: exchange.route?.path ?? null, err: error },
      'a request failed',
    );
    if (response.headersSent) response.destroy();
    else this.parts.answers.problem(response, internal(requestId));
  }

  private readonly ended = (exchange: Exchange, response: ServerResponse): void => {
    const { method, route, startedAt, endless, caller } = exchange;
    const ms = performance.now() - startedAt;
    const template = route?.path ?? (response.statusCode < 400 ? 'file' : 'none');
    const status = response.writableEnded ? response.statusCode : 499;
    if (!endless) this.parts.metrics.answered(method, template, status, ms / 1_000);
    if (!this.parts.logRequests) return;
    this.parts.log.debug(
      { method, route: template, status, ms: Math.round(ms * 10) / 10, caller: caller?.name ?? null },
      'request',
    );
  };
}

const internal = (requestId: string): Problem =>
  new Problem('internal_error', {
    detail: `something went wrong here; the log of the server says what, under request_id ${requestId}`,
    members: { request_id: requestId },
  });
