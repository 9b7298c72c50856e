import { Option } from 'commander';
import type { Command } from 'commander';
import { ROLES } from '../../../bus/kafka/roles';
import type { Role } from '../../../bus/kafka/roles';
import { readSettings } from '../../config/readSettings';
import { withBusOptions } from '../../connection';
import type { BusFlags } from '../../connection';
import { lineOfCheck } from '../../doctor/check';
import type { Check } from '../../doctor/check';
import { examine } from '../../doctor/doctor';
import type { Io } from '../io';

interface DoctorFlags extends BusFlags {
  readonly as?: Role;
  readonly json?: boolean;
}

/** `policygate doctor`: what keeps a service from starting, and what to do about it. Exit 1: something does. */
export const doctorCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(
    parent
      .command('doctor')
      .description('Look at everything a service needs: settings, brokers, topics, schemas, permissions, clock.'),
  )
    .addOption(
      new Option('--as <role>', 'what this login is meant for: its rights on Kafka must be that, no less and no more').choices(
        ROLES,
      ),
    )
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
One line for each thing looked at: "ok", "warn" or "FAIL", what it is, what was found, and what to do; "skip" where an earlier one is in the way.
It changes nothing. To compare clocks it begins a transaction on an input topic and aborts it: no reader sees it.

Exit codes: 0 nothing failed, 1 something did, 2 could not run.

Examples:
  policygate doctor
  policygate doctor --config policygate.yaml
  policygate doctor --as gateway
  policygate doctor --json`,
    )
    .action(async ({ json = false, as, ...flags }: DoctorFlags) => {
      const checks: Check[] = [];
      await examine(
        () => readSettings(flags, process.env),
        (check) => {
          checks.push(check);
          if (!json) io.out(`${lineOfCheck(check)}\n`);
        },
        as,
      );
      const healthy = checks.every(({ status }) => status !== 'FAIL');
      if (json) io.out(`${JSON.stringify({ ok: healthy, checks }, null, 2)}\n`);
      if (!healthy) exit(1);
    });
};
