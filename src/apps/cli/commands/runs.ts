import type { Command } from 'commander';
import { hexOf } from '../../../contracts/json/hex';
import { canonicalJson } from '../../../contracts/json/write';
import type { JsonOut } from '../../../contracts/json/write';
import type { ControlPayload, EquityMode } from '../../../contracts/messages';
import { formatRfc3339, parseRfc3339 } from '../../../contracts/timestamp';
import { EVERY_RUN } from '../../../contracts/topics';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { NO_EXECUTION, readDocumentFile, readPolicyFile } from '../../files';
import { runOption, sendControl, signatureOf, withControlOptions } from '../../publishing/controlCommand';
import type { ControlFlags } from '../../publishing/controlCommand';
import { priceRecords } from '../../publishing/lineForms';
import { keepsSendersTimes, timeOption } from '../../publishing/recordTimes';
import { currentState } from '../../records/currentState';
import { onBus } from '../../records/onBus';
import type { Io } from '../io';
import { table } from '../table';

interface StartFlags extends ControlFlags {
  readonly run?: string;
  readonly policy?: string;
  readonly portfolio?: string;
  readonly market?: string;
  readonly execution?: string;
  readonly account: string;
  readonly equityMode: string;
}
interface RollFlags extends ControlFlags {
  readonly run?: string;
  readonly all?: boolean;
}

/** `policygate runs start|roll|end|list`. */
export const runsCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const runs = parent
    .command('runs')
    .description('Start, roll, end and list runs: trading sessions of one account.')
    .addHelpText(
      'after',
      `
Examples:
  policygate runs start --run r-1 --policy policies/base.yaml --portfolio portfolio.json --market market.json --bus kafka
  policygate runs roll --all --actor alice --reason "a new trading day" --bus kafka
  policygate runs list --data-dir ./data`,
    );
  withControlOptions(withBusOptions(runs.command('start')))
    .description('Start a run, with its policy, its portfolio and the market.')
    .option('--run <id>', 'the id of the run; a session needs one of its own')
    .option('--policy <file>', 'capital policy (YAML)')
    .option('--portfolio <file>', 'portfolio state at the start (JSON)')
    .option('--market <file>', 'market snapshot (JSON); every shard gets its prices')
    .option('--execution <file>', 'execution state at the start (JSON)')
    .option('--account <id>', 'the account that is traded', 'none')
    .option(
      '--equity-mode <mode>',
      'fixed: equity is as given, until it is given anew; marked: it follows from fills and prices',
      'fixed',
    )
    .addHelpText(
      'after',
      `
Where the bus keeps its senders' times (the embedded one), the run starts at the time of the market snapshot, or --at.

Exit codes: 0 started, 1 refused, 2 could not run, or nobody answered.

Examples:
  policygate runs start --run r-1 --policy scenarios/demo/policy.yaml --portfolio scenarios/demo/portfolio.json \\
    --market scenarios/demo/market.json --data-dir ./data
  policygate runs start --run r-2 --policy scenarios/demo/policy.yaml --portfolio scenarios/demo/portfolio.json \\
    --market scenarios/demo/market.json --equity-mode marked --data-dir ./data`,
    )
    .action(async (flags: StartFlags) => exit(await start(flags, io)));
  withControlOptions(withBusOptions(runs.command('roll')))
    .description('Begin a new trading day: the equity of this moment is that of the start of the day.')
    .option('--run <id>', 'of this run')
    .option('--all', 'of every run that is active')
    .addHelpText(
      'after',
      `
The day's loss (LOSS-001) is measured from then on; the peak of equity (LOSS-002) stays.

Exit codes: 0 it took effect, 1 refused, or no run is active, 2 could not run, or nobody answered.

Examples:
  policygate runs roll --run r-1 --actor alice --reason "a new trading day" --data-dir ./data
  policygate runs roll --all --actor alice --reason "a new trading day" --bus kafka`,
    )
    .action(async (flags: RollFlags) => exit(await roll(flags, io)));
  withControlOptions(withBusOptions(runs.command('end')))
    .description('End a run: no intent of it is admitted any more.')
    .option('--run <id>', 'the run')
    .addHelpText(
      'after',
      `
Exit codes: 0 ended, 1 refused, 2 could not run, or nobody answered.

Examples:
  policygate runs end --run r-1 --actor alice --reason "the day is over" --data-dir ./data`,
    )
    .action(async (flags: ControlFlags & { readonly run?: string }) => exit(await end(flags, io)));
  withBusOptions(runs.command('list'))
    .description('The runs that the processors know.')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExamples:\n  policygate runs list --data-dir ./data\n  policygate runs list --json --bus kafka')
    .action((flags: BusFlags & { readonly json?: boolean }) => list(flags, io));
};

const ONE_RUN = { code: 1, says: 'the run was not concerned' };

const start = async (flags: StartFlags, io: Io): Promise<number> => {
  const needed = (name: 'run' | 'policy' | 'portfolio' | 'market'): string => {
    const given = flags[name];
    if (given === undefined)
      throw new Failure(`--${name} is missing; runs start needs --run, --policy, --portfolio and --market`);
    return given;
  };
  const runId = runOption(needed('run'));
  const account = runOption(flags.account, '--account');
  const equity_mode = equityMode(flags.equityMode);
  const policy = await readPolicyFile(needed('policy'));
  const portfolio = await readDocumentFile('portfolio_state', needed('portfolio'));
  const market = await readDocumentFile('market_snapshot', needed('market'));
  const { execution: file } = flags;
  const execution = file === undefined ? NO_EXECUTION : await readDocumentFile('execution_state', file);
  const warn = (warning: string): void => io.err(`Warning: ${warning}\n`);
  policy.warnings.forEach(warn);
  const payload: ControlPayload = {
    type: 'RunStarted',
    account_id: account,
    policy_text: policy.text,
    portfolio,
    execution,
    equity_mode,
  };
  return onBus(flags, warn, (open) => {
    const now = Date.now();
    const marketTime = keepsSendersTimes(open.settings) ? (parseRfc3339(market.timestamp) ?? now) : now;
    const prices = [...market.prices].map(([symbol, price]) => ({ symbol, price }));
    return sendControl(
      open,
      flags,
      {
        runId,
        control: { actor: flags.actor ?? 'policygate runs start', reason: flags.reason ?? 'the session begins', payload },
        timestamp: timeOption(flags.at, marketTime),
        alongside: priceRecords({ codec: open.codec, shards: open.bus.shards }, prices, marketTime),
        nobody: ONE_RUN,
      },
      io,
    );
  });
};

const equityMode = (text: string): EquityMode => {
  if (text === 'fixed' || text === 'marked') return text;
  throw new Failure(`--equity-mode ${text}: expected fixed or marked`);
};

const roll = async (flags: RollFlags, io: Io): Promise<number> => {
  if ((flags.run === undefined) === (flags.all !== true))
    throw new Failure('expected either --run with the id of a run, or --all');
  const runId = flags.run === undefined ? EVERY_RUN : runOption(flags.run);
  const control = { ...signatureOf(flags), payload: { type: 'SessionRolled' } as const };
  const timestamp = timeOption(flags.at, Date.now());
  const nobody = flags.run === undefined ? { code: 1, says: 'No run is active: there is no day to roll.' } : ONE_RUN;
  return onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    (open) => sendControl(open, flags, { runId, control, timestamp, nobody }, io),
  );
};

const end = async (flags: ControlFlags & { readonly run?: string }, io: Io): Promise<number> => {
  if (flags.run === undefined) throw new Failure('--run is missing; expected the id of the run that ends');
  const runId = runOption(flags.run);
  const control = { ...signatureOf(flags), payload: { type: 'RunEnded' } as const };
  const timestamp = timeOption(flags.at, Date.now());
  return onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    (open) => sendControl(open, flags, { runId, control, timestamp, nobody: ONE_RUN }, io),
  );
};

/** Digits of a policy's hash that people need to tell it from another. */
const SHOWN_DIGITS = 12;

const list = (flags: BusFlags & { readonly json?: boolean }, io: Io): Promise<void> =>
  onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    async ({ bus, codec }) => {
      const rows = (await currentState(bus, codec)).flatMap(({ partition, runs }) =>
        [...runs].map(([run, entity]) => ({ run, partition, entity })),
      );
      rows.sort((a, b) => (a.run < b.run ? -1 : 1));
      if (flags.json === true) {
        const json = rows.map(({ run, partition, entity }): JsonOut => ({
          account_id: entity.account_id,
          clock: formatRfc3339(entity.clock),
          kill_switch_active: entity.kill_switch_active,
          next_seq: entity.next_seq,
          policy_hash: entity.policy_hash === null ? null : hexOf(entity.policy_hash),
          run_id: run,
          shard: partition,
          status: entity.status,
        }));
        io.out(`${canonicalJson(json)}\n`);
        return;
      }
      const cells = rows.map(({ run, partition, entity }) => [
        run,
        String(partition),
        entity.status,
        entity.policy_hash === null ? 'none' : hexOf(entity.policy_hash).slice(0, SHOWN_DIGITS),
        entity.kill_switch_active ? 'ACTIVE' : 'off',
        String(entity.next_seq),
        formatRfc3339(entity.clock),
      ]);
      io.out(`${table(['run', 'shard', 'status', 'policy', 'kill switch', 'records', 'clock'], cells)}\n`);
    },
  );
