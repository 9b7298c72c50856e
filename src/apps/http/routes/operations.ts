/** How the service is. Source: docs/http.md, "The service". */
import type { Registry } from 'prom-client';
import { hexOf } from '../../../contracts/json/hex';
import { canonicalJson } from '../../../contracts/json/write';
import type { JsonOut } from '../../../contracts/json/write';
import { formatRfc3339 } from '../../../contracts/timestamp';
import type { Bus } from '../../../processor/bus';
import type { Live, LiveRun } from '../../live/live';
import { ref } from '../documents/schemas';
import type { SchemaName } from '../documents/schemas';
import { openApiText } from '../openapi';
import type { ApiAnswer, ApiRequest, Answered, Route } from '../route';
import { ROLES } from '../route';
import { ShardLag } from './shardProgress';

export interface OperationsOptions {
  readonly bus: Pick<Bus, 'shards' | 'endOffset'>;
  readonly busName: 'embedded' | 'kafka';
  readonly live: Pick<Live, 'run' | 'shards' | 'problems' | 'lastPriceAt'>;
  readonly metrics: { readonly registry: Registry; lastProgress(service: 'processor', shard: number): number | undefined };
  /** What keeps the services from being ready, beside what `live` says; in one line each. */
  readonly problems: () => readonly string[];
  /** Intents that wait for their decisions. */
  readonly waiting: () => number;
  /** The server's own run, as of now. */
  readonly defaultRun: () => string | undefined;
  /** What `?after=` of /events takes, for now. */
  readonly position: () => string;
  /** The whole table, these routes included. */
  readonly routes: () => readonly Route[];
  /** Whether tokens are configured. */
  readonly secured: boolean;
  readonly engineVersion: string;
  /** ms since 1970. */
  readonly startedAt: number;
}

/** Enough for anybody who looks. */
const REASONS = 100;

export const operationsRoutes = (options: OperationsOptions): readonly Route[] => {
  const lag = new ShardLag(options.bus, options.live);
  let document: string | undefined;
  return [
    get(
      '/health',
      'health',
      'Health of the server’s own run',
      ROLES,
      json('Health', 'What the first program answered, too'),
      () => ok(healthOf(options)),
    ),
    get('/livez', 'livez', 'Whether the process answers', undefined, ALIVE, () => ok({ status: 'ok' })),
    {
      ...get('/readyz', 'readyz', 'Whether it is ready for intents', undefined, json('Ready', 'Ready'), () =>
        readyOf(options, lag),
      ),
      answers: { 200: json('Ready', 'Ready'), 503: json('Ready', 'Not ready, and why') },
    },
    get(
      '/status',
      'status',
      'What the Now view begins with',
      ['read', 'operate'],
      json('Status', 'How the service is'),
      (request) => ok(statusOf(options, request)),
    ),
    get('/metrics', 'metrics', 'Figures for Prometheus', ['read', 'operate'], PROMETHEUS, async () => ({
      status: 200,
      contentType: options.metrics.registry.contentType,
      body: await options.metrics.registry.metrics(),
    })),
    get('/openapi.json', 'openapi', 'This document', ROLES, json('OpenApi', 'OpenAPI 3.1'), () => {
      document ??= openApiText({ routes: options.routes(), version: options.engineVersion, secured: options.secured });
      return { status: 200, body: document };
    }),
  ];
};

const get = (
  path: string,
  operationId: string,
  summary: string,
  roles: Route['roles'],
  answered: Answered,
  handle: Route['handle'],
): Route => ({
  method: 'GET',
  path,
  operationId,
  summary,
  tag: 'operations',
  roles,
  parameters: [],
  answers: { 200: answered },
  problems: [],
  handle,
});

const json = (name: SchemaName, description: string): Answered => ({
  description,
  contentType: 'application/json',
  schema: ref(name),
});
const ALIVE: Answered = {
  description: 'It does',
  contentType: 'application/json',
  schema: { type: 'object', properties: { status: { type: 'string', const: 'ok' } }, required: ['status'] },
};
const PROMETHEUS: Answered = { description: 'Text format 0.0.4', contentType: 'text/plain', schema: { type: 'string' } };

const ok = (value: JsonOut): ApiAnswer => ({ status: 200, body: canonicalJson(value) });

const healthOf = ({ live, defaultRun }: OperationsOptions): JsonOut => {
  const runId = defaultRun();
  const run = runId === undefined ? undefined : live.run(runId);
  return { status: 'ok', ...(run === undefined ? NO_RUN : healthOfRun(run)) };
};

const NO_RUN = { run_id: null, policy_hash: null, positions_count: null, kill_switch_active: null, orders_last_60s_global: null };

const healthOfRun = ({ ledger: { state } }: LiveRun): Readonly<Record<keyof typeof NO_RUN, JsonOut>> => {
  let positions = 0;
  for (const { qty } of state.exposure.positions.values()) if (qty !== 0n) positions += 1;
  return {
    run_id: state.runId,
    policy_hash: state.active === undefined ? null : hexOf(state.active.hash),
    positions_count: positions,
    kill_switch_active: state.killSwitchActive,
    orders_last_60s_global: state.orders.ahead(Math.max(Date.now(), state.clock)).globalCount,
  };
};

const reasonsOf = ({ live, problems }: OperationsOptions): readonly string[] =>
  [...problems(), ...live.problems()].slice(0, REASONS);

const readyOf = async (options: OperationsOptions, lag: ShardLag): Promise<ApiAnswer> => {
  const shards = await lag.now();
  const reasons = reasonsOf(options);
  const ready = reasons.length === 0;
  const now = Date.now();
  const document = {
    ready,
    reasons,
    shards: shards.map(({ shard, lag: behind }) => {
      const last = options.metrics.lastProgress('processor', shard);
      return { shard, lag: behind, last_progress_ms: last === undefined ? null : Math.max(0, now - last) };
    }),
  };
  return { status: ready ? 200 : 503, body: canonicalJson(document) };
};

const statusOf = (options: OperationsOptions, { caller }: ApiRequest): JsonOut => {
  const problems = reasonsOf(options);
  const { lastPriceAt } = options.live;
  return {
    engine_version: options.engineVersion,
    bus: options.busName,
    ready: problems.length === 0,
    problems,
    default_run: options.defaultRun() ?? null,
    started_at: formatRfc3339(options.startedAt),
    feed_lag_ms: lastPriceAt === undefined ? null : Math.max(0, Date.now() - lastPriceAt),
    waiting: options.waiting(),
    caller: { name: caller.name, roles: ROLES.filter((role) => caller.roles.has(role)) },
    position: options.position(),
  };
};
