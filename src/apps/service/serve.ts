/** `policygate processor` and `policygate gateway`: services that run until they are told to stop. */
import type { BrokerName } from '../../gateway/broker';
import type { Io } from '../cli/io';
import type { CheckpointFlags } from '../checkpoints/checkpointFlags';
import { readSettings } from '../config/readSettings';
import type { BusFlags } from '../config/settings';
import { Failure } from '../failure';
import { openLog } from '../logging';
import { processHost } from './host';
import { openServices, placeOf } from './openServices';
import type { GatewayFlags } from './openServices';
import { runServices } from './runServices';
import type { ServiceName } from './shardWork';

export interface ServiceFlags extends BusFlags, CheckpointFlags {
  readonly drain?: boolean;
}

/**
 * Runs these services in one process, on one bus, until they end; prints what they run on, and at the end what they did. `brokerName`: where the gateway
 * sends orders; undefined: there is none.
 */
export const serve = async (
  names: readonly ServiceName[],
  brokerName: BrokerName | undefined,
  flags: ServiceFlags & GatewayFlags,
  io: Io,
): Promise<void> => {
  const settings = await readSettings(flags, process.env);
  if (names.length > 1 && settings.bus !== 'embedded')
    throw new Failure('--gateway is for the embedded bus; on Kafka start `policygate gateway` beside the processor');
  const log = openLog(settings.logLevel);
  for (const warning of settings.warnings) log.warn({}, warning);
  const { bus, metrics, broker, services, checkpoints, surroundings } = await openServices(
    names,
    brokerName,
    flags,
    settings,
    log,
  );
  const ended = await runServices({
    bus,
    services,
    companions: [...surroundings, ...(checkpoints === undefined ? [] : [checkpoints.service])],
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
