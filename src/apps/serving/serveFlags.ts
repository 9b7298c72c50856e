/** What the command line of `policygate serve` may say. */
import type { BrokerName } from '../../gateway/broker';
import type { TradingFlags } from '../brokers/brokerOptions';
import type { CheckpointFlags } from '../checkpoints/checkpointFlags';
import type { HttpFlags } from '../config/httpSettings';
import type { BusFlags, Settings } from '../config/settings';
import { Failure } from '../failure';
import { runOption } from '../publishing/controlCommand';
import type { DefaultRunFlags } from './defaultRun';
import { namesRunFiles } from './runFiles';

export interface ServeFlags extends BusFlags, HttpFlags, CheckpointFlags, TradingFlags, DefaultRunFlags {
  readonly broker?: BrokerName;
  readonly auditLog?: string;
  readonly execLog?: string;
  readonly token?: string;
  readonly allowSenderPrices?: boolean;
}

/** Where the embedded bus keeps its records if nobody says. */
export const DATA_DIR = '.policygate/serve';

/** What one flag allows alone, and the others do not. Throws a Failure. */
export const checkServeFlags = (flags: ServeFlags, { bus }: Pick<Settings, 'bus'>): void => {
  if (flags.run !== undefined) runOption(flags.run);
  runOption(flags.account, '--account');
  if (flags.watchPolicy === true && flags.policy === undefined)
    throw new Failure('--watch-policy: which file? expected --policy with it');
  if (flags.newRun === true && !namesRunFiles(flags))
    throw new Failure('--new-run: expected --policy, --portfolio and --market with it, which the run begins with');
  if (bus === 'embedded') return;
  const elsewhere: readonly (readonly [keyof ServeFlags, string, string])[] = [
    ['broker', '--broker', 'start `policygate gateway` beside the processor'],
    ['auditLog', '--audit-log', 'use `policygate export`, or `policygate tail audit-records --follow`'],
    ['execLog', '--exec-log', 'use `policygate export`, or `policygate tail execution-events --follow`'],
  ];
  for (const [name, flag, instead] of elsewhere)
    if (flags[name] !== undefined) throw new Failure(`${flag} is for the embedded bus; on Kafka ${instead}`);
  if (flags.newRun === true)
    throw new Failure('--new-run is for the embedded bus; on Kafka use `policygate runs end`, and name another with --run');
  if (flags.run === undefined && (flags.watchPolicy === true || namesRunFiles(flags)))
    throw new Failure('--run is missing; on Kafka, a run that this server begins or watches over must be named');
};
