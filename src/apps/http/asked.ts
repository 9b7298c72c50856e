/** What a handler gets of a request. */
import type { FastifyRequest } from 'fastify';
import type { Exchange } from './exchange';
import type { ApiRequest, Caller } from './route';

/** Of a route that asks for no token. */
const NOBODY: Caller = { name: 'anonymous', roles: new Set(), strategies: undefined };
const NO_BODY = Buffer.alloc(0);
type Texts = Readonly<Record<string, string>>;
const NO_QUERY: Texts = Object.freeze({});

export class Asked implements ApiRequest {
  /** Set when it was read. */
  query = NO_QUERY;

  constructor(
    private readonly request: FastifyRequest,
    private readonly exchange: Exchange,
  ) {}

  get params(): Texts {
    return this.request.params as Texts;
  }
  get body(): Buffer {
    const { body } = this.request;
    return Buffer.isBuffer(body) ? body : NO_BODY;
  }
  get caller(): Caller {
    return this.exchange.caller ?? NOBODY;
  }
  get signal(): AbortSignal {
    return this.exchange.signal;
  }
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }
}
