import { Option } from 'commander';
import type { Command } from 'commander';
import { withBusOptions } from '../../connection';
import { serve } from '../../service/serve';
import type { ServiceFlags } from '../../service/serve';
import type { Io } from '../io';

interface GatewayOptions extends ServiceFlags {
  readonly broker: string;
}

/** `policygate gateway`: sends the orders that were admitted to a broker, until it is stopped. */
export const gatewayCommand = (parent: Command, io: Io): void => {
  withBusOptions(
    parent.command('gateway').description('Send the orders that were admitted to a broker, until it is stopped: a service.'),
  )
    .addOption(new Option('--broker <name>', 'where orders go').choices(['sim']).default('sim'))
    .option('--drain', 'handle the decisions that are on the bus now, and end')
    .addHelpText(
      'after',
      `
On Kafka the gateways of a group share the shards, and take over from one that ends or dies. The embedded bus belongs to one process at a time:
beside a processor use \`policygate processor --gateway sim\`.

SIGTERM or SIGINT finishes the batch in flight and ends within 10 s; a second one ends at once. Where the settings name a monitoring port it
answers /health, /ready and /metrics.

Exit codes: 0 stopped or drained, 2 could not run or must not go on (one line on stderr says why).

Examples:
  policygate gateway --broker sim --bus kafka --config policygate.yaml
  policygate gateway --broker sim --data-dir ./data --drain`,
    )
    .action((options: GatewayOptions) => serve(['gateway'], options, io));
};
