/** From flags to services that are ready to run, on one bus: what `policygate processor`, `policygate gateway` and `policygate serve` share. */
import { groupOf } from '../../bus/kafka/acls';
import type { Codec } from '../../contracts/avro/codec';
import type { Broker, BrokerName } from '../../gateway/broker';
import type { GatewaySettings } from '../../gateway/gateway';
import type { Bus } from '../../processor/bus';
import { openBroker } from '../brokers/openBroker';
import { checkpointPlan } from '../checkpoints/checkpointFlags';
import type { CheckpointFlags, CheckpointPlan } from '../checkpoints/checkpointFlags';
import { CheckpointService } from '../checkpoints/checkpointService';
import { brokerSettings } from '../config/brokerSettings';
import type { BrokerSettings, BusFlags, Settings } from '../config/settings';
import { connect, membershipOf } from '../connection';
import { Failure } from '../failure';
import { kafkaLog } from '../logging';
import { showDisk, showRegistry } from './environmentMetrics';
import { gatewaySettings } from './gatewaySettings';
import type { Logger } from './logger';
import { RegistryProbe } from './registryProbe';
import type { Companion } from './companion';
import { ServiceMetrics } from './serviceMetrics';
import { ShardService } from './shardService';
import type { ServiceName } from './shardWork';
import { gatewayWork, processorWork } from './works';

/** How a gateway trades: flags of `gateway` and `serve`, and of `processor` with --gateway. */
export interface GatewayFlags extends BusFlags, CheckpointFlags {
  readonly onBrokerError: GatewaySettings['onBrokerError'];
  /** False with --keep-open-orders. */
  readonly cancelOpenOrders: boolean;
}

export interface OpenServices {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly metrics: ServiceMetrics;
  /** Undefined: there is no gateway. */
  readonly broker: Broker | undefined;
  /** In the order in which they were named. */
  readonly services: readonly ShardService[];
  /** Looks at what the services depend on, for the metrics. */
  readonly surroundings: readonly Companion[];
  /** Signs checkpoints beside the processor; undefined: no key was named. */
  readonly checkpoints: (CheckpointPlan & { readonly service: CheckpointService }) | undefined;
}

/** `brokerName`: where the gateway sends orders; undefined: there is none. What was opened is closed again where it rejects. */
export const openServices = async (
  names: readonly ServiceName[],
  brokerName: BrokerName | undefined,
  flags: GatewayFlags,
  settings: Settings,
  log: Logger,
): Promise<OpenServices> => {
  const plan = await planOf(names, flags, settings);
  const trading = brokerName === undefined ? undefined : await brokerSettings(brokerName, flags, process.env);
  for (const warning of trading?.warnings ?? []) log.warn({}, warning);
  const { bus, codec } = await connect(settings, kafkaLog(log));
  const metrics = new ServiceMetrics();
  const surroundings = watched(settings, metrics);
  const broker = trading === undefined ? undefined : await brokerBeside(bus, trading, metrics, log);
  const brokerStamps = settings.bus === 'kafka' && settings.kafka.inputTimestamps === 'LogAppendTime';
  // Nobody else writes to a data directory that this process holds: what comes from now on, its own intake has stamped.
  const stampedSince = settings.bus === 'embedded' ? Date.now() : Infinity;
  const decisionLog = settings.logLevel === 'debug' ? log : undefined;
  const { batchRecords } = settings.limits;
  const options = { codec, batchRecords, metrics, brokerStamps, stampedSince, decisionLog };
  const services = names.map((name) => {
    const work =
      name === 'processor' || broker === undefined || trading === undefined
        ? processorWork(options)
        : gatewayWork({ ...options, broker, log, settings: gatewaySettings(trading, flags) });
    const group = { group: groupOf(name, { ...settings, ...settings.kafka }), inputs: work.inputs, log: kafkaLog(log) };
    return new ShardService({ work, membership: membershipOf(settings, bus, group), bus, metrics, log });
  });
  const checkpoints =
    plan === undefined ? undefined : { ...plan, service: new CheckpointService({ ...plan, bus, codec, metrics, log }) };
  return { bus, codec, metrics, broker, services, checkpoints, surroundings };
};

const watched = ({ bus, dataDir, registry, kafka }: Settings, metrics: ServiceMetrics): readonly Companion[] => {
  if (bus === 'kafka') return [new RegistryProbe({ registry, topicPrefix: kafka.topicPrefix }, showRegistry(metrics.registry))];
  if (dataDir !== undefined) showDisk(metrics.registry, dataDir);
  return [];
};

const planOf = async (
  names: readonly ServiceName[],
  flags: CheckpointFlags,
  settings: Settings,
): Promise<CheckpointPlan | undefined> => {
  if (settings.bus !== 'embedded' && flags.checkpointKey !== undefined)
    throw new Failure(
      '--checkpoint-key is for the embedded bus; on Kafka start `policygate checkpoint publish --follow` beside the processor',
    );
  return settings.bus === 'embedded' && names.includes('processor') ? checkpointPlan(flags, settings) : undefined;
};

const brokerBeside = (bus: Bus, trading: BrokerSettings, metrics: ServiceMetrics, log: Logger): Promise<Broker> =>
  openBroker(trading, ({ operation, outcome, status, ms }) => {
    metrics.brokerCall(trading.account.broker, operation, outcome, ms / 1_000);
    log.debug({ broker: trading.account.broker, operation, outcome, status, ms: Math.round(ms) }, 'broker called');
  }).catch(async (error: unknown) => {
    await bus.close();
    throw error;
  });

/** Where the services work, for people. */
export const placeOf = (settings: Settings, { shards }: Bus, names: readonly ServiceName[]): string => {
  const count = shards === 1 ? '1 shard' : `${shards} shards`;
  if (settings.bus === 'embedded') return `the embedded bus in ${settings.dataDir ?? ''}: ${count}`;
  const groups = names.map((name) => groupOf(name, { ...settings, ...settings.kafka })).join(', ');
  return `Kafka at ${settings.kafka.brokers.join(',')}: ${count}${groups === '' ? '' : `, group ${groups}`}`;
};
