/** From flags to services that run: what `policygate processor` and `policygate gateway` share. */
import type { BrokerName } from '../../gateway/broker';
import type { GatewaySettings } from '../../gateway/gateway';
import type { Bus } from '../../processor/bus';
import type { Io } from '../cli/io';
import { openBroker } from '../brokers/openBroker';
import { brokerSettings } from '../config/brokerSettings';
import { readSettings } from '../config/readSettings';
import type { BusFlags, Settings } from '../config/settings';
import { checkpointPlan } from '../checkpoints/checkpointFlags';
import type { CheckpointFlags } from '../checkpoints/checkpointFlags';
import { CheckpointService } from '../checkpoints/checkpointService';
import { connect, membershipOf } from '../connection';
import { Failure } from '../failure';
import { kafkaLog, openLog } from '../logging';
import { gatewaySettings } from './gatewaySettings';
import { processHost } from './host';
import { runServices } from './runServices';
import { ServiceMetrics } from './serviceMetrics';
import { ShardService } from './shardService';
import type { ServiceName } from './shardWork';
import { gatewayWork, processorWork } from './works';

export interface ServiceFlags extends BusFlags, CheckpointFlags {
  readonly drain?: boolean;
}

/** How a gateway trades: flags of `gateway`, and of `processor` with --gateway. */
export interface GatewayFlags extends ServiceFlags {
  readonly onBrokerError: GatewaySettings['onBrokerError'];
  /** False with --keep-open-orders. */
  readonly cancelOpenOrders: boolean;
}

/**
 * Runs these services in one process, on one bus, until they end; prints what they run on, and at the end what they did. `brokerName`: where the gateway
 * sends orders; undefined: there is none.
 */
export const serve = async (
  names: readonly ServiceName[],
  brokerName: BrokerName | undefined,
  flags: GatewayFlags,
  io: Io,
): Promise<void> => {
  const settings = await readSettings(flags, process.env);
  if (names.length > 1 && settings.bus !== 'embedded')
    throw new Failure('--gateway is for the embedded bus; on Kafka start `policygate gateway` beside the processor');
  if (settings.bus !== 'embedded' && flags.checkpointKey !== undefined)
    throw new Failure(
      '--checkpoint-key is for the embedded bus; on Kafka start `policygate checkpoint publish --follow` beside the processor',
    );
  const checkpoints =
    settings.bus === 'embedded' && names.includes('processor') ? await checkpointPlan(flags, settings) : undefined;
  const log = openLog(settings.logLevel);
  const trading = brokerName === undefined ? undefined : await brokerSettings(brokerName, flags, process.env);
  for (const warning of [...settings.warnings, ...(trading?.warnings ?? [])]) log.warn({}, warning);
  const { bus, codec } = await connect(settings, kafkaLog(log));
  const metrics = new ServiceMetrics();
  const brokerStamps = settings.bus === 'kafka' && settings.kafka.inputTimestamps === 'LogAppendTime';
  const options = { codec, batchRecords: settings.limits.batchRecords, metrics, brokerStamps };
  const broker =
    trading === undefined
      ? undefined
      : await openBroker(trading, ({ operation, outcome, status, ms }) => {
          metrics.brokerCall(trading.account.broker, operation, outcome, ms / 1_000);
          log.debug({ broker: trading.account.broker, operation, outcome, status, ms: Math.round(ms) }, 'broker called');
        }).catch(async (error: unknown) => {
          await bus.close();
          throw error;
        });
  const services = names.map((name) => {
    const work =
      name === 'processor' || broker === undefined || trading === undefined
        ? processorWork(options)
        : gatewayWork({ ...options, broker, log, settings: gatewaySettings(trading, flags) });
    const group = { group: groupOf(settings, name), inputs: work.inputs, log: kafkaLog(log) };
    return new ShardService({ work, membership: membershipOf(settings, bus, group), bus, metrics, log });
  });
  const ended = await runServices({
    bus,
    services,
    companion: checkpoints === undefined ? undefined : new CheckpointService({ ...checkpoints, bus, codec, metrics, log }),
    metrics,
    monitoring: settings.monitoring,
    drain: flags.drain === true,
    host: processHost,
    log,
    lastWords: (line) => io.err(line),
    onStarted: (url) => {
      const monitoring = url === undefined ? '' : `; monitoring on ${url}`;
      const signing = checkpoints === undefined ? '' : `; checkpoints are signed as ${checkpoints.key.name}`;
      const venue = broker === undefined ? '' : `; orders go to ${broker.venue}`;
      io.err(`${names.join(' and ')} on ${placeOf(settings, bus, names)}${venue}${signing}${monitoring}\n`);
    },
  });
  await broker?.close();
  io.out(`${names.join(' and ')} ended (${ended}): ${await metrics.summary()}\n`);
};

/** Named after the topics too: two gates on one cluster share no group by accident. */
const groupOf = ({ group, kafka }: Settings, name: ServiceName): string => `${kafka.topicPrefix}${group}-${name}`;

const placeOf = (settings: Settings, { shards }: Bus, names: readonly ServiceName[]): string => {
  const count = shards === 1 ? '1 shard' : `${shards} shards`;
  if (settings.bus === 'embedded') return `the embedded bus in ${settings.dataDir ?? ''}: ${count}`;
  const groups = names.map((name) => groupOf(settings, name)).join(', ');
  return `Kafka at ${settings.kafka.brokers.join(',')}: ${count}, group ${groups}`;
};
