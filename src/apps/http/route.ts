/**
 * One route of the HTTP API: what it takes, what it answers, who may ask, and how. The server and the OpenAPI document are both made from the table of
 * routes (routes.ts), so that neither can say what the other does not. Handlers know nothing of the framework.
 */
import type { ProblemCode } from './problem';

/** submit: send intents; read: look at everything; operate: read, and change what holds (kill switch, policies, prices); feed: send prices. */
export const ROLES = ['submit', 'read', 'operate', 'feed'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. */
export interface Caller {
  /** Of the token, as logs and records show it; without tokens `anonymous`. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  /** The only strategies that it may send intents of; undefined: any. */
  readonly strategies: ReadonlySet<string> | undefined;
}

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. `{ $ref: '#/components/schemas/…' }` names one of `SchemaName`. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface Body {
  readonly contentType: 'application/json' | 'application/x-ndjson';
  readonly description: string;
  readonly schema: JsonSchema;
  /** Bytes; more is 413. */
  readonly mostBytes: number;
  /** The example that docs/http.md shows, as a value. */
  readonly example?: unknown;
}

export interface Answered {
  readonly description: string;
  readonly contentType: string;
  readonly schema: JsonSchema;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRequest {
  /** Decoded parts of the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  /** Only the parameters that the route declares, each given once: anything else was refused. */
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. */
  header(name: string): string | undefined;
  /** Empty without a body. */
  readonly body: Buffer;
  readonly caller: Caller;
  /** The client has gone, or the server stops. */
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** Default: application/json. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is read no faster than the client takes it. */
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** In OpenAPI's form: `/runs/{run}/portfolio`. */
  readonly path: string;
  /** Unique, in camelCase. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'intents' | 'prices' | 'runs' | 'controls' | 'policies' | 'audit' | 'operations';
  /** One of them suffices; undefined: nobody is asked for a token. */
  readonly roles: readonly Role[] | undefined;
  readonly parameters: readonly Parameter[];
  readonly body?: Body;
  /** By status. */
  readonly answers: Readonly<Record<number, Answered>>;
  /** What it may refuse, beyond what every route may (problem.ts). */
  readonly problems: readonly ProblemCode[];
  /** Throws a Problem, or rejects with one. */
  readonly handle: (request: ApiRequest) => Promise<ApiAnswer> | ApiAnswer;
}
