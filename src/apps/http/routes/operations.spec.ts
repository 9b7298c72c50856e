import { expectDocument } from '../../../../test/support/apiSchemas';
import { closeServers, testServer } from '../../../../test/support/httpServer';
import type { TestServer } from '../../../../test/support/httpServer';
import { closeRigs, QuestionRig } from '../../../../test/support/questions';
import { temporaryFolder } from '../../../../test/support/program';
import { policyText } from '../../../../test/support/shard';
import { portfolioOf } from '../../../../test/support/situations';
import { hexOf } from '../../../contracts/json/hex';
import { policyHash } from '../../../contracts/policyDocument';
import { BusError } from '../../../processor/bus';
import { ServiceMetrics } from '../../service/serviceMetrics';
import { Tokens } from '../tokens';
import type { Route } from '../route';
import { operationsRoutes } from './operations';
import type { OperationsOptions } from './operations';
import { writeFileSync } from 'node:fs';

afterEach(async () => {
  await closeServers();
  await closeRigs();
});
const folder = temporaryFolder();
afterAll(folder.remove);

const STARTED_AT = Date.UTC(2026, 1, 24);

const served = async (rig: QuestionRig, options: Partial<OperationsOptions> = {}, tokens?: Tokens): Promise<TestServer> => {
  const routes: readonly Route[] = operationsRoutes({
    bus: rig.shard.bus,
    busName: 'embedded',
    live: rig.live,
    metrics: new ServiceMetrics(),
    problems: () => [],
    waiting: () => 3,
    defaultRun: () => 'r-1',
    position: () => rig.live.position().join(','),
    routes: () => routes,
    secured: tokens !== undefined,
    engineVersion: '1.2.3',
    startedAt: STARTED_AT,
    ...options,
  });
  return testServer(routes, { tokens });
};
const ask = async ({ app }: TestServer, url: string): Promise<readonly [number, string]> => {
  const { statusCode, payload } = await app.inject({ url, headers: { host: 'localhost' } });
  return [statusCode, payload];
};

describe('GET /health', () => {
  it('is that of the server’s own run, in the fields of the first program', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.started({ portfolio: portfolioOf({ AAPL: '10', MSFT: '0' }) }));
    const [status, text] = await ask(await served(rig), '/health');
    expect([status, expectDocument('Health', text)]).toEqual([
      200,
      {
        status: 'ok',
        run_id: 'r-1',
        policy_hash: hexOf(policyHash(Buffer.from(policyText()))),
        positions_count: 1,
        kill_switch_active: false,
        orders_last_60s_global: 0,
      },
    ]);
  });

  it('knows of nothing where there is no such run', async () => {
    const server = await served(await QuestionRig.open(), { defaultRun: () => undefined });
    const [, text] = await ask(server, '/health');
    expect(expectDocument('Health', text)).toEqual({
      status: 'ok',
      run_id: null,
      policy_hash: null,
      positions_count: null,
      kill_switch_active: null,
      orders_last_60s_global: null,
    });
  });
});

describe('GET /readyz', () => {
  it('is ready when nothing speaks against it, with what is not folded yet', async () => {
    const rig = await QuestionRig.open({ shards: 2 });
    await rig.feed(rig.shard.started());
    const metrics = new ServiceMetrics();
    metrics.progressed('processor', 1);
    const [status, text] = await ask(await served(rig, { metrics }), '/readyz');
    expect(status).toBe(200);
    const { ready, reasons, shards } = expectDocument('Ready', text);
    expect([ready, reasons]).toEqual([true, []]);
    expect(shards).toEqual([
      { shard: 0, lag: 0, last_progress_ms: null },
      { shard: 1, lag: 0, last_progress_ms: expect.any(Number) as number },
    ]);
    rig.pause();
    await rig.shard.publish(rig.shard.price('AAPL', '200'), rig.shard.price('MSFT', '100'));
    const [, later] = await ask(await served(rig), '/readyz');
    expect(expectDocument('Ready', later).shards).toMatchObject([{ lag: 2 }, { lag: 0 }]);
  });

  it('says why it is not', async () => {
    const server = await served(await QuestionRig.open(), { problems: () => ['processor, shard 0: fenced'] });
    const [status, text] = await ask(server, '/readyz');
    expect(status).toBe(503);
    expect(expectDocument('Ready', text)).toMatchObject({ ready: false, reasons: ['processor, shard 0: fenced'] });
  });

  it('answers while the bus cannot be asked, and asks it no more often than it needs to', async () => {
    let asked = 0;
    const endOffset = (): Promise<number> => {
      asked += 1;
      return asked > 4 ? new Promise(() => undefined) : Promise.reject(new BusError('BUS_UNREACHABLE', 'there'));
    };
    const server = await served(await QuestionRig.open(), { bus: { shards: 1, endOffset } });
    for (let n = 0; n < 5; n++) {
      const [, text] = await ask(server, '/readyz');
      expect(expectDocument('Ready', text).shards).toMatchObject([{ lag: null }]);
    }
    expect(asked).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 550));
    const startedAt = performance.now();
    const [status] = await ask(server, '/readyz');
    expect([status, performance.now() - startedAt < 1_500]).toEqual([200, true]);
  });
});

describe('GET /status', () => {
  it('is what the Now view begins with', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.started());
    const [, text] = await ask(await served(rig, { problems: () => ['one'] }), '/status');
    expect(expectDocument('Status', text)).toEqual({
      engine_version: '1.2.3',
      bus: 'embedded',
      ready: false,
      problems: ['one'],
      default_run: 'r-1',
      started_at: '2026-02-24T00:00:00Z',
      feed_lag_ms: null,
      waiting: 3,
      caller: { name: 'anonymous', roles: ['submit', 'read', 'operate', 'feed'] },
      position: rig.live.position().join(','),
    });
  });

  it('says how old the newest price is, once one came', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.price('AAPL', '200'));
    const [, text] = await ask(await served(rig), '/status');
    expect(expectDocument('Status', text).feed_lag_ms).toEqual(expect.any(Number));
  });
});

it('GET /livez, /metrics and /openapi.json answer', async () => {
  const server = await served(await QuestionRig.open());
  expect(await ask(server, '/livez')).toEqual([200, '{"status":"ok"}']);
  const [status, metrics] = await ask(server, '/metrics');
  expect([status, metrics.includes('policygate_decisions_total')]).toEqual([200, true]);
  const [, document] = await ask(server, '/openapi.json');
  expect(Object.keys((expectDocument('OpenApi', document) as { paths: object }).paths)).toContain('/openapi.json');
});

it('with tokens, only what says nothing of runs is there for all', async () => {
  const file = folder.path('tokens.yaml');
  writeFileSync(file, 'tokens:\n  - { name: strategy, token: submit-submit-submit, roles: [submit] }\n', { mode: 0o600 });
  const { app } = await served(await QuestionRig.open(), {}, await Tokens.open({ file }));
  const statuses = async (headers: Record<string, string>): Promise<readonly number[]> => {
    const all: number[] = [];
    for (const url of ['/livez', '/readyz', '/health', '/openapi.json', '/status', '/metrics'])
      all.push((await app.inject({ url, headers })).statusCode);
    return all;
  };
  expect(await statuses({})).toEqual([200, 200, 401, 401, 401, 401]);
  expect(await statuses({ authorization: 'Bearer submit-submit-submit' })).toEqual([200, 200, 200, 200, 403, 403]);
});
