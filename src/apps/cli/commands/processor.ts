import { Option } from 'commander';
import type { Command } from 'commander';
import type { BrokerName } from '../../../gateway/broker';
import { BROKER_HELP, BROKERS, withTradingOptions } from '../../brokers/brokerOptions';
import type { TradingFlags } from '../../brokers/brokerOptions';
import { withCheckpointOptions } from '../../checkpoints/checkpointFlags';
import { withBusOptions } from '../../connection';
import { serve } from '../../service/serve';
import type { ServiceFlags } from '../../service/serve';
import type { Io } from '../io';

interface ProcessorOptions extends ServiceFlags, TradingFlags {
  readonly gateway?: BrokerName;
}

/** `policygate processor`: judges what arrives on the bus, until it is stopped. */
export const processorCommand = (parent: Command, io: Io): void => {
  withCheckpointOptions(
    withTradingOptions(
      withBusOptions(
        parent
          .command('processor')
          .description('Judge the order intents that arrive on the bus, until it is stopped: a service.'),
      ),
    ),
  )
    .addOption(
      new Option(
        '--gateway <broker>',
        'run a gateway to this broker in the same process: the embedded bus is for one process at a time',
      ).choices(BROKERS),
    )
    .option('--drain', 'fold what is on the bus now, and end')
    .addHelpText(
      'after',
      `
On Kafka the processors of a group share the shards, and take over from one that ends or dies. The embedded bus belongs to one process: there
--gateway closes the loop, from intents to executions; its options are those of \`policygate gateway\`. There it signs checkpoints as well, where a key is
named (--checkpoint-key, or checkpoints.key_file in the settings): \`policygate checkpoint --help\`.

${BROKER_HELP}

SIGTERM or SIGINT finishes the batch in flight and ends within 10 s; a second one ends at once. Where the settings name a monitoring port it
answers /health, /ready and /metrics.

Exit codes: 0 stopped or drained, 2 could not run or must not go on (one line on stderr says why).

Examples:
  policygate processor --bus kafka --config policygate.yaml
  policygate processor --data-dir ./data --gateway sim           # the whole gate on a laptop
  policygate processor --data-dir ./data --gateway sim --drain   # a batch job: decide and trade what is there, then end`,
    )
    .action((options: ProcessorOptions) =>
      serve(
        options.gateway === undefined ? ['processor'] : ['processor', 'gateway'],
        options.gateway,
        { ...options, cancelOpenOrders: options.keepOpenOrders !== true },
        io,
      ),
    );
};
