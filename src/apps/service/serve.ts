/** From flags to services that run: what `policygate processor` and `policygate gateway` share. */
import { simBroker } from '../../gateway/brokers/sim';
import type { Bus } from '../../processor/bus';
import type { Io } from '../cli/io';
import { readSettings } from '../config/readSettings';
import type { BusFlags, Settings } from '../config/settings';
import { connect, membershipOf } from '../connection';
import { Failure } from '../failure';
import { kafkaLog, openLog } from '../logging';
import { processHost } from './host';
import { runServices } from './runServices';
import { ServiceMetrics } from './serviceMetrics';
import { ShardService } from './shardService';
import type { ServiceName, ShardWork } from './shardWork';
import { gatewayWork, processorWork } from './works';
import type { WorkOptions } from './works';

export interface ServiceFlags extends BusFlags {
  readonly drain?: boolean;
}

/** Runs these services in one process, on one bus, until they end; prints what they run on, and at the end what they did. */
export const serve = async (names: readonly ServiceName[], flags: ServiceFlags, io: Io): Promise<void> => {
  const settings = await readSettings(flags, process.env);
  if (names.length > 1 && settings.bus !== 'embedded')
    throw new Failure('--gateway is for the embedded bus; on Kafka start `policygate gateway` beside the processor');
  const log = openLog(settings.logLevel);
  for (const warning of settings.warnings) log.warn({}, warning);
  const { bus, codec } = await connect(settings, kafkaLog(log));
  const metrics = new ServiceMetrics();
  const brokerStamps = settings.bus === 'kafka' && settings.kafka.inputTimestamps === 'LogAppendTime';
  const options = { codec, batchRecords: settings.limits.batchRecords, metrics, brokerStamps };
  const services = names.map((name) => {
    const work = workOf(name, options);
    const group = { group: groupOf(settings, name), inputs: work.inputs, log: kafkaLog(log) };
    return new ShardService({ work, membership: membershipOf(settings, bus, group), bus, metrics, log });
  });
  const ended = await runServices({
    bus,
    services,
    metrics,
    monitoring: settings.monitoring,
    drain: flags.drain === true,
    host: processHost,
    log,
    lastWords: (line) => io.err(line),
    onStarted: (url) => {
      const monitoring = url === undefined ? '' : `; monitoring on ${url}`;
      io.err(`${names.join(' and ')} on ${placeOf(settings, bus, names)}${monitoring}\n`);
    },
  });
  io.out(`${names.join(' and ')} ended (${ended}): ${await metrics.summary()}\n`);
};

const workOf = (name: ServiceName, options: WorkOptions): ShardWork =>
  name === 'processor' ? processorWork(options) : gatewayWork(options, simBroker);

/** Named after the topics too: two gates on one cluster share no group by accident. */
const groupOf = ({ group, kafka }: Settings, name: ServiceName): string => `${kafka.topicPrefix}${group}-${name}`;

const placeOf = (settings: Settings, { shards }: Bus, names: readonly ServiceName[]): string => {
  const count = shards === 1 ? '1 shard' : `${shards} shards`;
  if (settings.bus === 'embedded') return `the embedded bus in ${settings.dataDir ?? ''}: ${count}`;
  const groups = names.map((name) => groupOf(settings, name)).join(', ');
  return `Kafka at ${settings.kafka.brokers.join(',')}: ${count}, group ${groups}`;
};
