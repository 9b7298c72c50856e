import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { decimalToJson, formatDecimal } from '../../../contracts/decimal';
import { alternatives } from '../../../contracts/contractError';
import { didYouMean } from '../../../contracts/nearest';
import { canonicalJson } from '../../../contracts/json/write';
import { openBroker } from '../../brokers/openBroker';
import { brokerSettings } from '../../config/brokerSettings';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { agrees } from '../../orders/accountComparison';
import { lookAtAccount } from '../../orders/accountLook';
import type { AccountLook } from '../../orders/accountLook';
import { NOTHING, plainLine } from '../../orders/orderTexts';
import { runOption } from '../../publishing/controlCommand';
import { onBus } from '../../records/onBus';
import type { Io } from '../io';
import { table } from '../table';

interface ReconcileFlags extends BusFlags {
  readonly broker?: string;
  readonly run?: string;
  readonly json?: boolean;
}

const BROKERS = ['alpaca', 'tradier'] as const;

/** `policygate reconcile`: the broker's account beside the log. */
export const reconcileCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('reconcile'))
    .description("Compare a broker's account with the log: open orders and positions. Nothing is changed on either side.")
    .option('--broker <name>', 'whose account: alpaca or tradier')
    .option('--run <id>', "only this run's orders and positions (default: all active runs)")
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
On Kafka, where a gateway may be at work, what differs is looked at twice, 3 s apart.

Exit codes: 0 they agree, 1 something differs, 2 could not run, or the broker could not be asked.

Examples:
  policygate reconcile --broker alpaca --bus kafka
  policygate reconcile --broker tradier --run r-1 --json --data-dir ./data`,
    )
    .action(async (flags: ReconcileFlags) => exit(await reconcile(flags, io)));
};

/** As the gateway does: fills and positions are read one after the other. */
const CONFIRM_MS = 3_000;

const reconcile = async (flags: ReconcileFlags, io: Io): Promise<number> => {
  const name = BROKERS.find((each) => each === flags.broker);
  if (name === undefined) {
    const given = flags.broker;
    throw new Failure(
      given === undefined
        ? `--broker is missing; expected ${alternatives(BROKERS)}`
        : `--broker ${plainLine(given)}: expected ${alternatives(BROKERS)}, which have accounts${didYouMean(given, BROKERS)}`,
    );
  }
  const runId = flags.run === undefined ? undefined : runOption(flags.run);
  const settings = await brokerSettings(name, flags, process.env);
  return onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    async (open) => {
      const broker = await openBroker(settings);
      try {
        const pause = open.settings.bus === 'embedded' ? undefined : () => delay(CONFIRM_MS);
        const look = await lookAtAccount(open, broker, { runId, pause });
        io.out(flags.json === true ? `${jsonOf(look)}\n` : textOf(look));
        return agrees(look) ? 0 : 1;
      } finally {
        await broker.close();
      }
    },
  );
};

const jsonOf = ({ venue, equity, cash, openOrders, runs, orders, positions }: AccountLook): string =>
  canonicalJson({
    agrees: agrees({ orders, positions }),
    broker: venue,
    cash: cash === null ? null : decimalToJson(cash),
    equity: decimalToJson(equity),
    open_orders: openOrders,
    orders: orders.map((each) => ({
      broker: each.broker,
      client_order_id: each.clientOrderId,
      intent_id: each.intentId === '' ? null : each.intentId,
      kind: each.kind,
      log: each.log,
      order: each.order,
      order_id: each.orderId,
      run_id: each.runId === '' ? null : each.runId,
    })),
    positions: positions.map(({ symbol, run_qty, broker_qty }) => ({
      broker_qty: decimalToJson(broker_qty),
      run_qty: decimalToJson(run_qty),
      symbol,
    })),
    runs,
  });

const ORDER_COLUMNS = ['difference', 'order', 'run', 'intent', 'on the log', 'at the broker', 'client order id', "broker's id"];

const textOf = (look: AccountLook): string => {
  const { venue, equity, cash, openOrders, runs, orders, positions } = look;
  const money = `equity ${formatDecimal(equity)}${cash === null ? '' : `, cash ${formatDecimal(cash)}`}`;
  const compared = `${counted(openOrders, 'open order')} on the log, ${counted(runs.length, 'active run')}`;
  const cell = (text: string): string => (text === '' ? NOTHING : plainLine(text));
  const parts = [`${venue}: ${money}; ${compared}`];
  if (orders.length > 0)
    parts.push(
      table(
        ORDER_COLUMNS,
        orders.map((each) =>
          [each.kind, each.order, each.runId, each.intentId, each.log, each.broker, each.clientOrderId, each.orderId].map(cell),
        ),
      ),
    );
  if (positions.length > 0)
    parts.push(
      table(
        ['symbol', 'the runs hold', 'the broker holds'],
        positions.map(({ symbol, run_qty, broker_qty }) => [
          plainLine(symbol),
          formatDecimal(run_qty),
          formatDecimal(broker_qty),
        ]),
      ),
    );
  if (agrees(look)) parts.push('The log and the broker agree.');
  return `${parts.join('\n\n')}\n`;
};

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
