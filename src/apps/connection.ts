/** Opens the bus that the settings name. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { GroupMembership } from '../bus/kafka/groupMembership';
import { openKafkaBus } from '../bus/kafka/kafkaBus';
import type { KafkaLog } from '../bus/kafka/options';
import { registeredSchemas } from '../bus/kafka/schemaRegistry';
import { Codec } from '../contracts/avro/codec';
import type { Topic } from '../contracts/topics';
import type { Bus } from '../processor/bus';
import type { BusFlags, Settings } from './config/settings';
import { Failure } from './failure';
import { faultPoints } from './faultPoints';
import type { Membership } from './service/membership';
import { allShards } from './service/membership';
import { openSession } from './session';
import type { Session } from './session';

/** Gives a command the flags that say which bus it works on. */
export const withBusOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'settings, as YAML (default: POLICYGATE_CONFIG)')
    .addOption(
      new Option('--bus <bus>', 'which bus to use (default: kafka where brokers are set, else embedded)').choices([
        'embedded',
        'kafka',
      ]),
    )
    .option('--data-dir <dir>', 'directory of the embedded bus, which it then is');

/** The bus with its codec. On Kafka, topics and schemas are verified first: rejects with a BusError, SchemaError or Failure that says what to do. */
export const connect = async (settings: Settings, log?: KafkaLog): Promise<Session> => {
  if (settings.bus === 'embedded') {
    if (settings.dataDir === undefined)
      throw new Failure('the embedded bus needs a directory: give --data-dir, or data_dir in the settings');
    return openSession(settings.dataDir);
  }
  const { kafka, registry } = settings;
  const [opened, looked] = await Promise.allSettled([
    openKafkaBus({
      ...kafka,
      ...(log === undefined ? {} : { log }),
      // Where no test asks for one, the writer needs not pause at it.
      ...(process.env.POLICYGATE_FAULT_POINT === undefined ? {} : { faultPoint: faultPoints }),
    }),
    registeredSchemas(registry, kafka.topicPrefix).then((schemas) => new Codec(schemas)),
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  if (looked.status === 'fulfilled') return { bus: opened.value, codec: looked.value };
  await opened.value.close();
  throw looked.reason;
};

/** Who shares a service's shards: the consumer group `<group>-<service>`, or, on the embedded bus, nobody. */
export const membershipOf = (
  settings: Settings,
  { shards }: Bus,
  { group, inputs, log }: { readonly group: string; readonly inputs: readonly Topic[]; readonly log?: KafkaLog },
): Membership => {
  if (settings.bus === 'embedded') return allShards({ shards });
  const { kafka, limits } = settings;
  return new GroupMembership({
    kafka: { ...kafka, ...(log === undefined ? {} : { log }) },
    groupId: group,
    inputs,
    shards,
    sessionTimeoutMs: limits.sessionTimeoutMs,
  });
};

export type { BusFlags };
