/** The HTTP server with a table of routes of the test's own. */
import { Registry } from 'prom-client';
import type { ApiAnswer, ApiRequest, Route } from '../../src/apps/http/route';
import { openServer } from '../../src/apps/http/server';
import type { HttpServer, ServerOptions } from '../../src/apps/http/server';
import { TestLog } from './services';

const open: HttpServer[] = [];
/** For `afterEach`. */
export const closeServers = async (): Promise<void> => {
  await Promise.all(open.splice(0).map((server) => server.close()));
};

export interface TestServer extends HttpServer {
  readonly log: TestLog;
  readonly registry: Registry;
}

export const testServer = async (routes: readonly Route[], options: Partial<ServerOptions> = {}): Promise<TestServer> => {
  const log = new TestLog();
  const registry = new Registry();
  const server = await openServer({
    routes,
    tokens: undefined,
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    rateLimit: 0,
    assetsDirectory: undefined,
    registry,
    log,
    logRequests: false,
    drainMs: 2_000,
    ...options,
  });
  open.push(server);
  return { ...server, log, registry };
};

/** A route that says what it was asked, unless it is told to do something else. */
export const testRoute = (
  method: Route['method'],
  path: string,
  { handle = echo, ...rest }: Partial<Omit<Route, 'method' | 'path'>> = {},
): Route => ({
  method,
  path,
  operationId: `${method.toLowerCase()}${path.replace(/[^a-zA-Z]/g, '')}`,
  summary: 'For tests',
  tag: 'operations',
  roles: ['read'],
  parameters: [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    description: name,
    required: true,
    schema: { type: 'string' },
  })),
  ...(method === 'GET'
    ? {}
    : {
        body: { contentType: 'application/json', description: 'Anything', schema: { type: 'object' }, mostBytes: 1_024 } as const,
      }),
  answers: { 200: { description: 'What was asked', contentType: 'application/json', schema: { type: 'object' } } },
  problems: [],
  handle,
  ...rest,
});

const echo = ({ params, query, body, caller }: ApiRequest): ApiAnswer => ({
  status: 200,
  body: JSON.stringify({ params, query, body: body.toString('utf8'), caller: caller.name }),
});
