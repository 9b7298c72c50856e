import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { openClient } from '../../../bus/kafka/client';
import { registerSchemas } from '../../../bus/kafka/schemaRegistry';
import { createTopics, listTopics, verifyTopics } from '../../../bus/kafka/topicAdmin';
import type { TopicRow } from '../../../bus/kafka/topicAdmin';
import type { TopicFinding } from '../../../bus/kafka/topicFindings';
import { readSettings } from '../../config/readSettings';
import type { ReadSettings } from '../../config/readSettings';
import { Failure } from '../../failure';
import type { Io } from '../io';
import { table } from '../table';
import { aclsCommand } from './topicsAcls';

interface TopicsFlags {
  readonly config?: string;
  readonly json?: boolean;
}

interface CreateFlags extends TopicsFlags {
  readonly partitions?: number;
  readonly replication?: number;
}

const MOST_PARTITIONS = 1_000;
const MOST_REPLICAS = 9;

/** `policygate topics create|verify|list|acls`: the topics, schemas and permissions of a Kafka cluster. Exit 1: something is not as it must be. */
export const topicsCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const topics = parent
    .command('topics')
    .description('Make, verify and list the topics and schemas on Kafka, and the permissions on them.')
    .addHelpText(
      'after',
      `
Examples:
  policygate topics create --partitions 8 --replication 3
  policygate topics verify
  policygate topics list --json
  policygate topics acls > acls.sh`,
    );
  withFlags(
    topics
      .command('create')
      .description('Make the topics and register the schemas that are missing; what is there stays as it is.'),
  )
    .addOption(
      new Option(
        '--partitions <n>',
        'partitions of each topic: the shards that runs are spread over (default: as the topics there have, else 4)',
      ).argParser(wholeNumber('--partitions', MOST_PARTITIONS)),
    )
    .addOption(
      new Option('--replication <n>', 'copies of each partition (default: 3, or 1 where there are fewer brokers)').argParser(
        wholeNumber('--replication', MOST_REPLICAS),
      ),
    )
    .addHelpText(
      'after',
      `
Run it as often as you like: it changes and deletes nothing that is there. The number of partitions is for good: a run lives in one of them.

Exit codes: 0 all as it must be, 1 something that was there already differs (it is listed), 2 could not run.

Examples:
  policygate topics create
  policygate topics create --partitions 8 --replication 3`,
    )
    .action((flags: CreateFlags) => create(flags, io, exit));
  withFlags(topics.command('verify').description('Compare every topic with what it must be, as each start does.'))
    .addHelpText(
      'after',
      `
Exit codes: 0 all as it must be, 1 a difference, 2 could not run.

Examples:
  policygate topics verify
  policygate topics verify --json`,
    )
    .action((flags: TopicsFlags) => verify(flags, io, exit));
  withFlags(topics.command('list').description('The topics that are there: partitions, copies, settings, how much they hold.'))
    .addHelpText(
      'after',
      `
"offsets" counts records and the marks that Kafka leaves at the end of each transaction.

Examples:
  policygate topics list
  policygate topics list --config policygate.yaml --json`,
    )
    .action((flags: TopicsFlags) => list(flags, io));
  aclsCommand(topics, kafkaSettings, io, exit);
};

const withFlags = (command: Command): Command =>
  command.option('--config <file>', 'settings, as YAML (default: POLICYGATE_CONFIG)').option('--json', 'for machines');

const wholeNumber =
  (flag: string, most: number) =>
  (text: string): number => {
    const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > most) throw new InvalidArgumentError(`${flag}: expected a whole number from 1 to ${most}`);
    return value;
  };

const create = async (flags: CreateFlags, io: Io, exit: (code: number) => void): Promise<void> => {
  const { kafka, registry } = await kafkaSettings(flags, io);
  const client = openClient(kafka);
  const { created, existing, findings: kept } = await createTopics(client, kafka, flags);
  const schemas = await registerSchemas(registry, kafka.topicPrefix);
  const { findings: verified, shards } = await verifyTopics(client, kafka);
  const findings = [...kept, ...verified];
  if (findings.length > 0) exit(1);
  if (flags.json === true) {
    io.out(
      `${JSON.stringify({ ok: findings.length === 0, shards: shards ?? null, created, existing, schemas, findings }, null, 2)}\n`,
    );
    return;
  }
  const registered = schemas.filter((schema) => schema.created).length;
  io.out(
    `topics: ${created.length} made, ${existing.length} there already; schemas: ${registered} registered, ${schemas.length - registered} there already\n`,
  );
  report(findings, shards, io);
};

const verify = async (flags: TopicsFlags, io: Io, exit: (code: number) => void): Promise<void> => {
  const { kafka } = await kafkaSettings(flags, io);
  const { findings, shards } = await verifyTopics(openClient(kafka), kafka);
  if (findings.length > 0) exit(1);
  if (flags.json === true)
    io.out(`${JSON.stringify({ ok: findings.length === 0, shards: shards ?? null, findings }, null, 2)}\n`);
  else report(findings, shards, io);
};

const list = async (flags: TopicsFlags, io: Io): Promise<void> => {
  const { kafka } = await kafkaSettings(flags, io);
  const rows = await listTopics(openClient(kafka), kafka);
  if (flags.json === true) {
    io.out(
      `${JSON.stringify(
        rows.map((row) => ({
          ...row,
          cleanup: row.cleanup ?? null,
          timestamps: row.timestamps ?? null,
          offsets: row.offsets ?? null,
        })),
        null,
        2,
      )}\n`,
    );
    return;
  }
  if (rows.length === 0) io.err('No topic of ours is there; run `policygate topics create`.\n');
  else io.out(`${table(['topic', 'partitions', 'replication', 'cleanup', 'timestamps', 'offsets'], rows.map(cellsOf))}\n`);
};

const cellsOf = ({ topic, partitions, replication, cleanup, timestamps, offsets }: TopicRow): readonly string[] => [
  topic,
  String(partitions),
  String(replication),
  cleanup ?? 'may not be read',
  timestamps ?? 'may not be read',
  offsets === undefined ? 'may not be read' : String(offsets),
];

const report = (findings: readonly TopicFinding[], shards: number | undefined, io: Io): void => {
  for (const { topic, setting, found, expected, todo } of findings)
    io.out(`${topic}: ${setting}: found ${found}, expected ${expected}; ${todo}\n`);
  if (shards !== undefined && findings.length === 0)
    io.out(`Every topic is as it must be: ${shards} ${shards === 1 ? 'shard' : 'shards'}.\n`);
};

const kafkaSettings = async ({ config }: TopicsFlags, io: Io): Promise<ReadSettings> => {
  const settings = await readSettings(config === undefined ? {} : { config }, process.env);
  for (const warning of settings.warnings) io.err(`Warning: ${warning}\n`);
  if (settings.bus !== 'kafka') throw new Failure('topics are Kafka’s: set KAFKA_BROKERS, or kafka.brokers in the settings');
  return settings;
};
