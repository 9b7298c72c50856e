/** The Kafka steps of the README, as they stand there, on the cluster under test. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { parseLines, ROOT } from '../support/program';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocksOf = (section: string): string[] => {
  const [, text = ''] = new RegExp(`\\n## ${section}\\n([^]*?)\\n## `).exec(readme) ?? [];
  // A cluster is there already.
  const steps = text.replace(/<!-- kafka-start -->[^]*?<!-- \/kafka-start -->/, '');
  return [...steps.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block ?? '');
};

describeKafka('the README’s steps on Kafka', () => {
  it('do what they say', async () => {
    const [alias = ''] = blocksOf('Five minutes');
    const blocks = blocksOf('On Kafka');
    expect(blocks).toHaveLength(4);
    const { brokers, registryUrl, topicPrefix } = kafkaUnderTest();
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-c', ['set -e -m; shopt -s expand_aliases', alias, ...blocks].join('\n')],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          KAFKA_BROKERS: brokers.join(','),
          SCHEMA_REGISTRY_URL: registryUrl,
          POLICYGATE_TOPIC_PREFIX: topicPrefix,
        },
        timeout: 100_000,
      },
    );
    expect(stdout).toMatch(/topics: 9 made/);
    const lines = parseLines(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{"topic"'))
        .join('\n'),
    );
    const decisions = lines
      .filter(({ topic }) => topic === 'decisions')
      .map(({ value }) => (value as { decision: string }).decision);
    expect(decisions.length).toBeGreaterThan(0);
    expect(new Set(decisions)).toEqual(new Set(['DENY']));
    expect(lines.filter(({ topic }) => topic === 'execution-events')).toHaveLength(2);
    expect(stdout).toMatch(/PolicyActivated took effect at seq \d+/);
    expect(stdout).toMatch(/day-1 .*ACTIVE/);
    expect(stdout).toMatch(/processor ended \(SIGTERM\): .*10 decisions/);
    expect(stdout).toMatch(/gateway ended \(SIGTERM\): /);
  }, 120_000);
});
