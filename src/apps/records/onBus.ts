/** Runs a command on the bus that its flags, the environment and the settings name. */
import { readSettings } from '../config/readSettings';
import type { BusFlags, Settings } from '../config/settings';
import { connect } from '../connection';
import type { Session } from '../session';

export interface OpenBus extends Session {
  readonly settings: Settings;
}

/** The bus is closed on every path. `warn` gets what is worth saying of the settings. */
export const onBus = async <T>(
  flags: BusFlags,
  warn: (warning: string) => void,
  work: (open: OpenBus) => Promise<T>,
): Promise<T> => {
  const settings = await readSettings(flags, process.env);
  settings.warnings.forEach(warn);
  const session = await connect(settings);
  try {
    return await work({ ...session, settings });
  } finally {
    await session.bus.close();
  }
};
