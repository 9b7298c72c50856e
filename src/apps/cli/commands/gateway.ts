import { Option } from 'commander';
import type { Command } from 'commander';
import type { BrokerName } from '../../../gateway/broker';
import { BROKER_HELP, BROKERS, withTradingOptions } from '../../brokers/brokerOptions';
import type { TradingFlags } from '../../brokers/brokerOptions';
import { withBusOptions } from '../../connection';
import { serve } from '../../service/serve';
import type { ServiceFlags } from '../../service/serve';
import type { Io } from '../io';

interface GatewayOptions extends ServiceFlags, TradingFlags {
  readonly broker: BrokerName;
}

/** `policygate gateway`: sends the orders that were admitted to a broker, until it is stopped. */
export const gatewayCommand = (parent: Command, io: Io): void => {
  withTradingOptions(
    withBusOptions(
      parent.command('gateway').description('Send the orders that were admitted to a broker, until it is stopped: a service.'),
    ),
  )
    .addOption(new Option('--broker <name>', 'where orders go').choices(BROKERS).default('sim'))
    .option(
      '--drain',
      'send what is admitted now, take in what the broker answers, and end; what is still open, the next start goes on with',
    )
    .addHelpText(
      'after',
      `
On Kafka the gateways of a group share the shards, and take over from one that ends or dies. The embedded bus belongs to one process at a time:
beside a processor use \`policygate processor --gateway sim\`.

Before an order is sent it is on the log as ORDER_SUBMITTING, under a name derived from run and intent. Whatever happens then, the order is looked up, and
never sent blindly again; \`policygate orders\` shows what is open and what is unknown. While the kill switch is tripped nothing is sent, and open
orders are cancelled until the broker shows none.

${BROKER_HELP}

SIGTERM or SIGINT finishes the batch in flight and ends within 10 s; a second one ends at once. Where the settings name a monitoring port it
answers /health, /ready and /metrics.

Exit codes: 0 stopped or drained, 2 could not run or must not go on (one line on stderr says why).

Examples:
  policygate gateway --broker sim --bus kafka --config policygate.yaml
  policygate gateway --broker sim --data-dir ./data --drain
  policygate gateway --broker alpaca --bus kafka --config policygate.yaml
  policygate gateway --broker tradier --on-broker-error continue`,
    )
    .action((options: GatewayOptions) =>
      serve(['gateway'], options.broker, { ...options, cancelOpenOrders: options.keepOpenOrders !== true }, io),
    );
};
