import { connect } from 'node:net';
import { DEAD_LETTERS } from '../../contracts/topics';
import { TestShard, policyText } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { FaultyBus } from '../../../test/support/faultyBus';
import { endsOf, settled, stopServices, testService, until, TestLog } from '../../../test/support/services';
import { DECISIONS, ORDER_INTENTS } from '../../contracts/topics';
import { PAPER } from '../../../test/support/trading';
import { BusError } from '../../processor/bus';
import type { Monitoring } from './monitoring';
import { openMonitoring } from './monitoring';
import { ServiceMetrics } from './serviceMetrics';
import type { Problem } from './shardService';
import { gatewayWork, processorWork } from './works';

let open: Monitoring | undefined;
let problems: readonly Problem[] = [];
const metrics = new ServiceMetrics();

const url = async (): Promise<string> => {
  open ??= await openMonitoring({ host: '127.0.0.1', port: 0, registry: metrics.registry, problems: () => problems });
  return open.url;
};
afterEach(async () => {
  await stopServices();
  await open?.close();
  open = undefined;
  problems = [];
});
const get = async (path: string, init: RequestInit = {}): Promise<readonly [number, string]> => {
  const response = await fetch((await url()) + path, init);
  return [response.status, await response.text()];
};
/** The value of a series, by its whole line. */
const series = async (of: ServiceMetrics, line: string): Promise<number> => {
  const found = (await of.registry.metrics()).split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? Number.NaN : Number(found.slice(line.length));
};

describe('the monitoring server', () => {
  it('is healthy, and ready or says why not', async () => {
    expect(await get('/health')).toEqual([200, '{"status":"ok"}\n']);
    expect(await get('/ready')).toEqual([200, '{"ready":true,"reasons":[]}\n']);
    problems = [{ service: 'processor', shard: 3, reason: 'restoring' }];
    expect(await get('/ready?now')).toEqual([
      503,
      '{"ready":false,"reasons":[{"service":"processor","shard":3,"reason":"restoring"}]}\n',
    ]);
    expect(await get('/health')).toEqual([200, '{"status":"ok"}\n']);
  });

  it('answers nothing else', async () => {
    expect((await get('/'))[0]).toBe(404);
    expect((await get('/metrics', { method: 'DELETE' }))[0]).toBe(405);
    expect((await get('/health', { method: 'POST', body: 'x'.repeat(100_000) }))[0]).toBe(400);
    expect(await get('/ready', { method: 'HEAD' })).toEqual([200, '']);
    expect((await get(`/${'x'.repeat(20_000)}`))[0]).toBe(431);
  });

  it('lets nobody hold a socket', async () => {
    const { port } = new URL(await url());
    const socket = connect(Number(port), '127.0.0.1');
    const startedAt = Date.now();
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n');
    await new Promise((resolve) => socket.once('close', resolve).resume());
    expect(Date.now() - startedAt).toBeLessThan(6_000);
  }, 10_000);

  it('cannot listen where another does: one line', async () => {
    const { port } = new URL(await url());
    const again = openMonitoring({ host: '127.0.0.1', port: Number(port), registry: metrics.registry, problems: () => [] });
    await expect(again).rejects.toMatchObject({ name: 'Failure', message: expect.stringContaining('EADDRINUSE') });
  });
});

describe('the figures', () => {
  it('count what was committed, by verdict, rule, kind and topic, and what failed', async () => {
    const shard = new TestShard();
    const rejected = { type: 'fails', error: new BusError('BUS_FAILED', 'x') } as const;
    const rival = { type: 'rival' } as const;
    const faults = [undefined, rejected, undefined, rival];
    const bus = new FaultyBus(shard.bus, (operation) => (operation === 'commit' ? faults.shift() : undefined));
    const processor = testService(bus, (of) =>
      processorWork({ codec: shard.codec, batchRecords: 10, metrics: of, brokerStamps: true, waitMs: 5 }),
    );
    await shard.publish(
      shard.started({ policy_text: policyText({ position: '0.03' }) }),
      shard.price('AAPL', '200'),
      shard.intent(intentOf({ intent_id: 'a' })),
      shard.intent(intentOf({ intent_id: 'b' })),
      shard.intent(intentOf({ intent_id: 'b' })),
      shard.intent(intentOf({ intent_id: 'c' })),
      shard.record(ORDER_INTENTS, 'r-1', Buffer.from('garbage')),
    );
    await processor.service.start();
    await settled(shard.bus, [processor]);
    const gateway = testService(shard.bus, (of) =>
      gatewayWork({
        codec: shard.codec,
        batchRecords: 10,
        metrics: of,
        brokerStamps: true,
        waitMs: 5,
        ...PAPER,
        log: new TestLog(),
      }),
    );
    await gateway.service.start();
    await settled(shard.bus, [gateway], [DECISIONS]);
    await settled(shard.bus, [processor]);

    const value = (line: string): Promise<number> => series(processor.metrics, `policygate_${line}`);
    expect(await value('decisions_total{verdict="ALLOW"}')).toBe(1);
    expect(await value('decisions_total{verdict="MODIFY"}')).toBe(1);
    expect(await value('decisions_total{verdict="DENY"}')).toBe(1);
    expect(await value('violations_total{rule="EXP-001"}')).toBe(2);
    expect(await value('audit_records_total{kind="DECISION"}')).toBe(3);
    expect(await value('audit_records_total{kind="DUPLICATE"}')).toBe(1);
    expect(await value('audit_records_total{kind="CONTROL"}')).toBe(1);
    expect(await value('audit_records_total{kind="EXECUTION"}')).toBe(4);
    expect(await value('dead_letters_total{service="processor"}')).toBe((await endsOf(shard.bus, [DEAD_LETTERS]))[0]?.offset);
    expect(await value('inputs_total{service="processor",topic="order-intents"}')).toBe(5);
    expect(await value('inputs_total{service="processor",topic="market-prices"}')).toBe(1);
    expect(await value('inputs_total{service="processor",topic="policy-state"}')).toBeNaN();
    expect(await value('batch_records_sum{service="processor"}')).toBe(11);
    expect(await value('transaction_seconds_count{service="processor"}')).toBeGreaterThan(3);
    expect(await value('intent_to_decision_seconds_count')).toBe(3);
    expect(await value('takeovers_total{service="processor"}')).toBe(3);
    expect(await value('restore_seconds_count{service="processor"}')).toBe(3);
    expect(await value('fenced_total{service="processor"}')).toBe(1);
    expect(await value('bus_errors_total{service="processor",code="BUS_FAILED"}')).toBe(1);
    expect(await value('shard_state{service="processor",shard="0",state="running"}')).toBe(1);
    expect(await value('shard_state{service="processor",shard="0",state="waiting"}')).toBe(0);
    expect(await value('last_progress_timestamp_seconds{service="processor",shard="0"}')).toBeGreaterThan(1e9);
    expect(await series(gateway.metrics, 'policygate_executions_total{event="ORDER_FILLED"}')).toBe(2);
    expect(await processor.metrics.summary()).toBe(
      '11 inputs, 3 decisions (1 ALLOW, 1 MODIFY, 1 DENY), 0 execution events, 1 dead letters, 3 takeovers',
    );
    expect(await processor.metrics.registry.metrics()).not.toMatch(/r-1|AAPL|alpha|="a"/);

    processor.membership.assign([]);
    await until('forgotten', async () => Number.isNaN(await value('shard_state{service="processor",shard="0",state="running"}')));
  });
});
