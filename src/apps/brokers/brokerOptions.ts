/** The options of every command that sends orders to a broker. */
import { Option } from 'commander';
import type { Command } from 'commander';

export const BROKERS = ['sim', 'alpaca', 'tradier'] as const;

export const withTradingOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--on-broker-error <answer>', 'after an error that the broker will not take back (credentials, a refused order)')
        .choices(['stop', 'continue'])
        .default('stop'),
    )
    .option(
      '--keep-open-orders',
      'leave open orders at the broker when the kill switch trips, where the policy does not say (version "0.1"; default: they are cancelled)',
    );

/** What commander makes of them. */
export interface TradingFlags {
  readonly onBrokerError: 'stop' | 'continue';
  readonly keepOpenOrders?: boolean;
}

export const BROKER_HELP = `Credentials come from the environment, and from nowhere else: APCA_API_KEY_ID and APCA_API_SECRET_KEY for alpaca (the paper host, unless
APCA_API_BASE_URL names another), TRADIER_TOKEN, TRADIER_ACCOUNT_ID and TRADIER_ENV (sandbox or live) for tradier. See docs/brokers.md before going live.`;
