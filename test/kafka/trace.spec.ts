/** Headers on Kafka: a trace goes through intake, processor and gateway, each a process of its own, and a registry that goes away is noticed. */
import type { ChildProcess } from 'node:child_process';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { registerSchemas, registryAnswers } from '../../src/bus/kafka/schemaRegistry';
import { ORDER_INTENTS, DECISIONS, EXECUTION_EVENTS, AUDIT_RECORDS } from '../../src/contracts/topics';
import { recordsTo } from '../../src/processor/readTo';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { policygate } from '../support/program';
import { DEMO_FILES, demoIntents, endServers, get, post, serving } from '../support/serve';
import { until } from '../support/services';

describeKafka('a trace on Kafka', () => {
  jest.setTimeout(120_000);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    endServers();
  });

  it('goes from the request to the fill', async () => {
    const { brokers, registryUrl, topicPrefix } = kafkaUnderTest();
    const options = await freshTopics({ topicPrefix }, 1);
    await registerSchemas({ url: registryUrl }, topicPrefix);
    const env = {
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      POLICYGATE_TOPIC_PREFIX: topicPrefix,
      POLICYGATE_INPUT_TIMESTAMPS: 'CreateTime',
    };
    for (const service of ['processor', 'gateway'])
      void policygate([service], { ...env, POLICYGATE_MONITORING_PORT: '0' }, (child) => children.push(child));
    const served = await serving(['--run', 'k-1', ...DEMO_FILES], { ...env, POLICYGATE_MONITORING_PORT: '0' });
    await until('begun', async () => (await get(`${served.url}/runs/k-1`)).status === 200, 60_000);
    const [intent] = demoIntents();
    expect((await post(`${served.url}/intent?wait=30`, { intent }, { traceparent })).status).toBe(200);

    const bus = await openKafkaBus(options);
    const carried = async (): Promise<Record<string, number>> => {
      const found: Record<string, number> = {};
      for (const topic of [ORDER_INTENTS, DECISIONS, AUDIT_RECORDS, EXECUTION_EVENTS] as const)
        for await (const { headers } of recordsTo(bus, { topic, partition: 0, offset: 0 }))
          if (headers.traceparent === traceparent) found[topic] = (found[topic] ?? 0) + 1;
      return found;
    };
    await until('filled, and on record', async () => (await carried())[AUDIT_RECORDS] === 3, 60_000);
    expect(await carried()).toEqual({ [ORDER_INTENTS]: 1, [DECISIONS]: 1, [EXECUTION_EVENTS]: 2, [AUDIT_RECORDS]: 3 });
    await bus.close();

    const { text } = await get(`${served.url}/metrics`);
    expect(text).toMatch(/^policygate_schema_registry_up 1$/m);
    expect(text).toMatch(/^policygate_ready 1$/m);
    expect(await policygate(['replay'], env)).toMatchObject({ code: 0, stderr: '' });
  });

  it('a registry that does not answer, or does not know us, is told from one that does', async () => {
    const { registryUrl, topicPrefix } = kafkaUnderTest();
    await registerSchemas({ url: registryUrl }, topicPrefix);
    expect(await registryAnswers({ url: registryUrl }, topicPrefix)).toBe(true);
    expect(await registryAnswers({ url: registryUrl }, `${topicPrefix}nobody-`)).toBe(false);
    expect(await registryAnswers({ url: 'http://127.0.0.1:9' }, topicPrefix)).toBe(false);
  });
});
