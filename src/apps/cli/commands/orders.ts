import type { Command } from 'commander';
import { canonicalJson } from '../../../contracts/json/write';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { historyJson, historyText } from '../../orders/historyTexts';
import { orderHistory } from '../../orders/orderHistory';
import { ordersOnLog } from '../../orders/ordersOnLog';
import type { LoggedOrder } from '../../orders/ordersOnLog';
import { ORDER_COLUMNS, orderCells, orderJson } from '../../orders/orderTexts';
import { OUTCOMES, readWord, resolutionOf, whyNot } from '../../orders/resolveOrder';
import type { WordFlags } from '../../orders/resolveOrder';
import { runOption, sendControl, signatureOf, withControlOptions } from '../../publishing/controlCommand';
import type { ControlFlags } from '../../publishing/controlCommand';
import { keepsSendersTimes, timeOption } from '../../publishing/recordTimes';
import { onBus } from '../../records/onBus';
import type { Io } from '../io';
import { table } from '../table';

interface ListFlags extends BusFlags {
  readonly run?: string;
  readonly open?: boolean;
  readonly unknown?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
}
interface IntentFlags {
  readonly run?: string;
  readonly intent?: string;
}
type ShowFlags = BusFlags & IntentFlags & { readonly json?: boolean };
type ResolveFlags = ControlFlags & IntentFlags & WordFlags;

/** `policygate orders list|show|resolve`. */
export const ordersCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const orders = parent
    .command('orders')
    .description('Look at the orders that a gateway has sent, and say what became of one of unknown outcome.')
    .addHelpText(
      'after',
      `
Examples:
  policygate orders list --data-dir ./data
  policygate orders show --run r-1 --intent i-7 --bus kafka
  policygate orders resolve --run r-1 --intent i-7 --as cancelled --actor alice --reason "the broker's desk says so" --bus kafka`,
    );
  withBusOptions(orders.command('list'))
    .description('The orders on the log: those that have not ended, or all.')
    .option('--run <id>', 'only of this run (default: all)')
    .option('--open', 'those that have not ended (default)')
    .option('--unknown', 'those of unknown outcome')
    .option('--all', 'those that have ended, too')
    .option('--json', 'for machines: one line of JSON for each order')
    .addHelpText(
      'after',
      `
Examples:
  policygate orders list --data-dir ./data
  policygate orders list --unknown --bus kafka
  policygate orders list --run r-1 --all --json --bus kafka`,
    )
    .action((flags: ListFlags) => list(flags, io));
  withBusOptions(orders.command('show'))
    .description("An order's whole life: its decision, each execution event, and what the gateway does next.")
    .option('--run <id>', 'the run')
    .option('--intent <id>', 'the intent that the order comes from')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Exit codes: 0 shown, 1 the log holds nothing of it, 2 could not run.

Examples:
  policygate orders show --run r-1 --intent i-7 --data-dir ./data
  policygate orders show --run r-1 --intent i-7 --json --bus kafka`,
    )
    .action(async (flags: ShowFlags) => exit(await show(flags, io)));
  withControlOptions(withBusOptions(orders.command('resolve')))
    .description('Say how an order ended whose outcome is unknown: the gateway takes it as if the broker had said so.')
    .option('--run <id>', 'the run')
    .option('--intent <id>', 'the intent that the order comes from')
    .option('--as <outcome>', `how it ended: ${OUTCOMES.join(', ')}`)
    .option('--cum-qty <quantity>', 'filled in all (default: filled: the whole order; else what is filled on record)')
    .option('--price <price>', 'average price of all that was filled; needed where something was')
    .addHelpText(
      'after',
      `
Ask the broker first: whatever is said here counts as a fact, and moves positions. \`policygate reconcile\` shows what the broker holds.

Exit codes: 0 on record, 1 the order is not of unknown outcome, or the run refused it, 2 could not run, or nobody answered.

Examples:
  policygate orders resolve --run r-1 --intent i-7 --as filled --price 187.50 --actor alice --reason "confirmed by phone" --bus kafka
  policygate orders resolve --run r-1 --intent i-7 --as expired --cum-qty 4 --price 187.50 --actor alice --reason "see the statement" \\
    --data-dir ./data
  policygate orders resolve --run r-1 --intent i-7 --as rejected --actor alice --reason "it never arrived" --data-dir ./data`,
    )
    .action(async (flags: ResolveFlags) => exit(await resolve(flags, io)));
};

/** Rows that one table shows; `--json` has no such bound. */
const MOST_ROWS = 10_000;

const list = (flags: ListFlags, io: Io): Promise<void> => {
  if ([flags.open, flags.unknown, flags.all].filter((flag) => flag === true).length > 1)
    throw new Failure('expected one of --open, --unknown and --all, found several');
  const runId = flags.run === undefined ? undefined : runOption(flags.run);
  const isWanted = ({ order: { phase } }: LoggedOrder): boolean =>
    flags.all === true || (flags.unknown === true ? phase === 'unknown' : phase !== 'ended');
  return onBus(flags, warn(io), async (session) => {
    let rows: (readonly string[])[] = [];
    let left = 0;
    for await (const logged of ordersOnLog(session, runId)) {
      if (!isWanted(logged)) continue;
      if (flags.json === true) io.out(`${canonicalJson(orderJson(logged))}\n`);
      else if (rows.push(orderCells(logged)) === 2 * MOST_ROWS) {
        rows = rows.slice(-MOST_ROWS);
        left += MOST_ROWS;
      }
    }
    if (flags.json === true) return;
    left += Math.max(0, rows.length - MOST_ROWS);
    io.out(`${table(ORDER_COLUMNS, rows.slice(-MOST_ROWS))}\n`);
    if (left > 0) io.err(`Warning: ${left} more orders are not shown; --run shows those of one run, --json all\n`);
  });
};

const show = (flags: ShowFlags, io: Io): Promise<number> => {
  const { runId, intentId } = intentOf(flags);
  return onBus(flags, warn(io), async (session) => {
    const history = await orderHistory(session, runId, intentId);
    if (history.decision === undefined && history.order === undefined) {
      io.err(`${runId}/${intentId}: neither a decision nor an order is on the log\n`);
      return 1;
    }
    io.out(flags.json === true ? `${canonicalJson(historyJson(history))}\n` : historyText(history, runId, intentId));
    return 0;
  });
};

const resolve = (flags: ResolveFlags, io: Io): Promise<number> => {
  const { runId, intentId } = intentOf(flags);
  const word = readWord(flags);
  const signature = signatureOf(flags);
  const now = Date.now();
  const at = timeOption(flags.at, now);
  return onBus(flags, warn(io), async (open) => {
    const { decision, order } = await orderHistory(open, runId, intentId);
    const why = whyNot(
      { decision, order },
      // Only one process at a time uses the embedded bus: no gateway is running on it now.
      { runId, intentId, at: keepsSendersTimes(open.settings) ? at : now, alone: open.settings.bus === 'embedded' },
    );
    if (why !== undefined || order === undefined) {
      io.err(`${why ?? ''}\n`);
      return 1;
    }
    const control = { ...signature, payload: resolutionOf(order, word) };
    const nobody = { code: 1, says: 'the run was not concerned' };
    return sendControl(open, flags, { runId, control, timestamp: at, nobody }, io);
  });
};

const warn =
  (io: Io) =>
  (warning: string): void =>
    io.err(`Warning: ${warning}\n`);

const intentOf = ({ run, intent }: IntentFlags): { readonly runId: string; readonly intentId: string } => {
  if (run === undefined || intent === undefined)
    throw new Failure(
      `--${run === undefined ? 'run' : 'intent'} is missing; expected the run and the intent that the order comes from`,
    );
  if (intent === '') throw new Failure('--intent: expected the id of an intent, found an empty text');
  return { runId: runOption(run), intentId: intent };
};
