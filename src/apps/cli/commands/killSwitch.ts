import type { Command } from 'commander';
import { canonicalJson } from '../../../contracts/json/write';
import { EVERY_RUN } from '../../../contracts/topics';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { runOption, sendControl, signatureOf, withControlOptions } from '../../publishing/controlCommand';
import type { ControlFlags } from '../../publishing/controlCommand';
import { timeOption } from '../../publishing/recordTimes';
import { currentState } from '../../records/currentState';
import { onBus } from '../../records/onBus';
import type { Io } from '../io';
import { table } from '../table';

interface ChangeFlags extends ControlFlags {
  readonly run?: string;
  readonly all?: boolean;
}
interface StatusFlags extends BusFlags {
  readonly run?: string;
  readonly json?: boolean;
}

/** `policygate kill-switch status|trip|reset`. */
export const killSwitchCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const killSwitch = parent
    .command('kill-switch')
    .description('Look at the kill switch, trip it or reset it: while it is active, every order is denied.')
    .addHelpText(
      'after',
      `
Examples:
  policygate kill-switch status --data-dir ./data
  policygate kill-switch trip --all --actor alice --reason "feed is broken" --bus kafka`,
    );
  withBusOptions(killSwitch.command('status'))
    .description('Where the kill switch is active.')
    .option('--run <id>', 'only this run (default: all)')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      '\nExamples:\n  policygate kill-switch status --data-dir ./data\n  policygate kill-switch status --run r-1 --json',
    )
    .action((flags: StatusFlags) => status(flags, io));
  const change = (name: 'trip' | 'reset', description: string, reason: string): void => {
    withControlOptions(withBusOptions(killSwitch.command(name)))
      .description(description)
      .option('--run <id>', 'of this run')
      .option('--all', 'of every run; a trip holds for runs that start later, too')
      .addHelpText(
        'after',
        `
Exit codes: 0 it took effect, 1 refused, 2 could not run, or nobody answered.

Examples:
  policygate kill-switch ${name} --all --actor alice --reason "${reason}" --data-dir ./data
  policygate kill-switch ${name} --run r-1 --actor alice --reason "${reason}" --bus kafka`,
      )
      .action(async (flags: ChangeFlags) => exit(await publishChange(name, flags, io)));
  };
  change('trip', 'Trip the kill switch: nothing is admitted until it is reset.', 'feed is broken');
  change('reset', 'Reset the kill switch, with who did it and why.', 'feed is back');
};

const publishChange = async (name: 'trip' | 'reset', flags: ChangeFlags, io: Io): Promise<number> => {
  if ((flags.run === undefined) === (flags.all !== true))
    throw new Failure('expected either --run with the id of a run, or --all');
  const runId = flags.run === undefined ? EVERY_RUN : runOption(flags.run);
  const type = name === 'trip' ? ('KillSwitchTripped' as const) : ('KillSwitchReset' as const);
  const control = { ...signatureOf(flags), payload: { type } };
  const timestamp = timeOption(flags.at, Date.now());
  const nobody = {
    code: 0,
    says: `No run is active; the kill switch is ${name === 'trip' ? 'active' : 'off'} for every run that starts.`,
  };
  return onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    (open) => sendControl(open, flags, { runId, control, timestamp, nobody }, io),
  );
};

const status = (flags: StatusFlags, io: Io): Promise<void> =>
  onBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    async ({ bus, codec }) => {
      const state = await currentState(bus, codec);
      const runs = state
        .flatMap(({ partition, runs: known }) =>
          [...known].map(([run, { status: runStatus, kill_switch_active: active }]) => ({ run, partition, runStatus, active })),
        )
        .filter(({ run }) => flags.run === undefined || run === flags.run)
        .sort((a, b) => (a.run < b.run ? -1 : 1));
      if (flags.run !== undefined && runs.length === 0)
        throw new Failure(`no processor knows a run \`${flags.run}\`; \`policygate runs list\` shows which there are`);
      const shards = state.map(({ partition, killSwitchActive: active }) => ({ partition, active }));
      if (flags.json === true) {
        io.out(
          `${canonicalJson({
            runs: runs.map(({ run, partition, runStatus, active }) => ({
              kill_switch_active: active,
              run_id: run,
              shard: partition,
              status: runStatus,
            })),
            shards: shards.map(({ partition, active }) => ({ kill_switch_active: active, shard: partition })),
          })}\n`,
        );
        return;
      }
      const shown = (active: boolean): string => (active ? 'ACTIVE' : 'off');
      const rows = [
        ...shards.map(({ partition, active }) => ['every run', String(partition), '', shown(active)]),
        ...runs.map(({ run, partition, runStatus, active }) => [run, String(partition), runStatus, shown(active)]),
      ];
      io.out(`${table(['run', 'shard', 'status', 'kill switch'], rows)}\n`);
    },
  );
