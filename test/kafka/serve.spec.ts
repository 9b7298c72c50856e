/** `policygate serve` in front of Kafka: intake and live view in one process, the processor in another, and nothing but the log between them. */
import type { ChildProcess } from 'node:child_process';
import { registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { policygate } from '../support/program';
import type { Outcome } from '../support/program';
import { DEMO_FILES, demoIntents, endServers, get, jsonOf, post, serving } from '../support/serve';
import { until } from '../support/services';

describeKafka('serve in front of Kafka', () => {
  jest.setTimeout(120_000);
  const [first, , , second] = demoIntents();
  let env: Readonly<Record<string, string>> = {};
  let processor: ChildProcess | undefined;
  let ended: Promise<Outcome>;

  beforeAll(async () => {
    const { brokers, registryUrl, topicPrefix } = kafkaUnderTest();
    await freshTopics({ topicPrefix }, 2);
    await registerSchemas({ url: registryUrl }, topicPrefix);
    env = {
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      POLICYGATE_TOPIC_PREFIX: topicPrefix,
      POLICYGATE_INPUT_TIMESTAMPS: 'CreateTime',
    };
    let monitoring = '';
    ended = policygate(['processor'], { ...env, POLICYGATE_MONITORING_PORT: '0' }, (child) => {
      processor = child;
      child.stderr?.on('data', (chunk: Buffer) => (monitoring ||= /monitoring on (\S+)/.exec(chunk.toString('utf8'))?.[1] ?? ''));
    });
    await until('a processor', () => monitoring !== '', 60_000);
    await until('ready', async () => (await fetch(`${monitoring}/ready`)).status === 200, 60_000);
  });
  afterEach(endServers);
  afterAll(async () => {
    processor?.kill('SIGTERM');
    await ended;
  });

  it('begins a run, decides, repeats itself, shows the portfolio and stops everything', async () => {
    const served = await serving(['--run', 'k-1', ...DEMO_FILES], env);
    const { url, run } = served;
    expect(run).toBe('k-1');
    await until('begun', async () => (await get(`${url}/runs/k-1`)).status === 200, 30_000);

    const decided = await post(`${url}/intent`, { intent: first });
    expect([decided.status, jsonOf(decided)]).toEqual([
      200,
      expect.objectContaining({ decision: 'ALLOW', intent_id: 'demo-01' }),
    ]);
    const again = await post(`${url}/intent`, { intent: first });
    expect([again.status, again.headers['policygate-replayed'], again.text]).toEqual([200, 'true', decided.text]);
    expect(jsonOf(await get(`${url}/runs/k-1/portfolio`))).toMatchObject({
      run_id: 'k-1',
      decided: { ALLOW: 1, MODIFY: 0, DENY: 0 },
    });
    expect((await post(`${url}/intent`, { intent: first, run_id: 'nobody' })).status).toBe(404);

    const tripped = await post(`${url}/runs/k-1/kill-switch`, { action: 'trip', actor: 'alice', reason: 'a test' });
    expect([tripped.status, jsonOf(tripped)]).toEqual([
      200,
      expect.objectContaining({ type: 'KillSwitchTripped', answers: [expect.objectContaining({ run_id: 'k-1', taken: true })] }),
    ]);
    expect(jsonOf(await post(`${url}/intent`, { intent: second }))).toMatchObject({ decision: 'DENY' });
    served.child.kill('SIGTERM');
    expect((await served.outcome).code).toBe(0);
  });

  it('starts again with nothing but the name of the run, or none', async () => {
    const served = await serving(['--run', 'k-1'], env);
    const again = await post(`${served.url}/intent`, { intent: first });
    expect([again.status, again.headers['policygate-replayed']]).toEqual([200, 'true']);
    served.child.kill('SIGTERM');
    expect((await served.outcome).code).toBe(0);

    const nameless = await serving([], env);
    expect(nameless.line).toContain('requests name their run');
    const missing = await post(`${nameless.url}/intent`, { intent: first });
    expect([missing.status, jsonOf(missing)]).toEqual([400, expect.objectContaining({ code: 'run_missing' })]);
    expect((await post(`${nameless.url}/intent`, { intent: first, run_id: 'k-1' })).status).toBe(200);
    expect(jsonOf(await get(`${nameless.url}/health`))).toMatchObject({ status: 'ok', run_id: null });
  });

  it('sends orders nowhere by itself', async () => {
    const { code, stderr } = await policygate(['serve', '--broker', 'sim'], env);
    expect([code, stderr.trim().split('\n').at(-1)]).toEqual([
      2,
      'Error: --broker is for the embedded bus; on Kafka start `policygate gateway` beside the processor',
    ]);
  });
});
