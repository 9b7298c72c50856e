/** What every request must pass before a handler sees it, in an order that contracts bind: a wrong method before the token, the token before the path. */
import type { FastifyRequest } from 'fastify';
import type { AllowedMethods } from './allowedMethods';
import type { AuthenticationLog } from './authenticationLog';
import type { Exchange } from './exchange';
import { bodyAnnounced, hostGiven, noneTwice } from './headerChecks';
import { ownPagesOnly } from './ownPages';
import { Problem } from './problem';
import type { RateLimits } from './rateLimits';
import type { Caller, Route } from './route';
import { ANYONE } from './tokens';
import type { Tokens } from './tokens';

export interface GateOptions {
  readonly tokens: Tokens | undefined;
  readonly limits: RateLimits | undefined;
  readonly methods: AllowedMethods;
  readonly failures: AuthenticationLog;
  readonly stopping: () => boolean;
}

/** What the router found at the path: a route, a file, or nothing. */
export type Target = Route | 'file' | 'nothing';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** These are asked for a token first, wherever they go. */
const ASKED_FIRST: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

export class Gate {
  constructor(private readonly options: GateOptions) {}

  /** Throws a Problem, or rejects with one; what it answers with is to be waited for. Fills in the exchange. */
  check(request: FastifyRequest, exchange: Exchange, target: Target): Promise<void> | undefined {
    const { raw, method } = request;
    const { tokens } = this.options;
    hostGiven(raw);
    noneTwice(raw);
    if (tokens === undefined) ownPagesOnly(raw, SAFE.has(method));
    if (target === 'file') return undefined;
    if (target === 'nothing' && !ASKED_FIRST.has(method)) throw this.methodNotAllowed(request);
    if (this.options.stopping()) throw stopping();
    if (target !== 'nothing' && target.roles === undefined) return undefined;
    if (tokens === undefined) {
      exchange.caller = ANYONE;
      this.admit(request, ANYONE, target);
      return undefined;
    }
    return this.authenticated(request, exchange, target, tokens);
  }

  private authenticated(
    request: FastifyRequest,
    exchange: Exchange,
    target: Route | 'nothing',
    tokens: Tokens,
  ): Promise<void> | undefined {
    const { limits } = this.options;
    const { authorization } = request.headers;
    const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    const caller = token === undefined ? undefined : tokens.callerOf(token);
    if (caller === undefined) return this.refuse(request, authorization !== undefined);
    exchange.caller = caller;
    if (limits?.ofToken === undefined) {
      this.admit(request, caller, target);
      return undefined;
    }
    return limits.ofToken(request).then(() => this.admit(request, caller, target));
  }

  private async refuse(request: FastifyRequest, shown: boolean): Promise<void> {
    this.options.failures.failed(request.ip);
    await this.options.limits?.ofFailures(request);
    throw new Problem('unauthorized', {
      detail: shown
        ? 'Authorization: this is not one of the tokens of this server; expected `Bearer TOKEN` with one that is valid'
        : 'Authorization: the header is missing; expected `Bearer TOKEN`',
      field: 'Authorization',
      expected: 'Bearer TOKEN',
      headers: { 'www-authenticate': shown ? 'Bearer realm="policygate", error="invalid_token"' : 'Bearer realm="policygate"' },
    });
  }

  /** The caller is known: is it allowed, is there anything, and is the body one that can be taken? */
  private admit(request: FastifyRequest, caller: Caller, target: Route | 'nothing'): void {
    if (target === 'nothing') throw this.nothingHere(request);
    if (target.roles?.some((role) => caller.roles.has(role)) === false)
      throw new Problem('forbidden', {
        detail: `the token ${caller.name} has no role for this; expected one of ${target.roles.join(', ')}`,
        expected: target.roles.join(', '),
      });
    if (target.body !== undefined) bodyAnnounced(request.raw, target.body);
  }

  private nothingHere(request: FastifyRequest): Problem {
    if (this.options.methods.of(request.raw.url ?? '').length > 0) return this.methodNotAllowed(request);
    return new Problem('not_found', { detail: 'there is nothing at this path; GET /openapi.json lists what there is' });
  }

  private methodNotAllowed({ method, raw }: FastifyRequest): Problem {
    const allowed = this.options.methods.of(raw.url ?? '').join(', ');
    return new Problem('method_not_allowed', {
      detail: `${method} is not for this path; expected ${allowed === '' ? 'GET or POST, of a path that exists' : allowed}`,
      expected: allowed === '' ? 'GET, POST' : allowed,
      headers: { allow: allowed },
    });
  }
}

const stopping = (): Problem =>
  new Problem('not_ready', { detail: 'the server stops; try again in a while', headers: { 'retry-after': '5' } });
