/** Runs a command on the bus that its flags, the environment and the settings name. */
import { readdir } from 'node:fs/promises';
import { readSettings } from '../config/readSettings';
import type { BusFlags, Settings } from '../config/settings';
import { connect } from '../connection';
import { Failure } from '../failure';
import type { Session } from '../session';

export interface OpenBus extends Session {
  readonly settings: Settings;
}

type Work<T> = (open: OpenBus) => Promise<T>;

/** The bus is closed on every path. `warn` gets what is worth saying of the settings. */
export const onBus = async <T>(flags: BusFlags, warn: (warning: string) => void, work: Work<T>): Promise<T> =>
  openAndDo(await settingsOf(flags, warn), work);

/** The same for what only looks: a directory that is not there is not made, and not taken for an empty log. */
export const onExistingBus = async <T>(flags: BusFlags, warn: (warning: string) => void, work: Work<T>): Promise<T> => {
  const settings = await settingsOf(flags, warn);
  const { bus, dataDir } = settings;
  if (bus === 'embedded' && dataDir !== undefined && !(await holdsBus(dataDir)))
    throw new Failure(`${dataDir}: there is no data directory; expected one that \`run\`, \`processor\` or \`import\` has made`);
  return openAndDo(settings, work);
};

const settingsOf = async (flags: BusFlags, warn: (warning: string) => void): Promise<Settings> => {
  const settings = await readSettings(flags, process.env);
  settings.warnings.forEach(warn);
  return settings;
};

/** What LevelDB calls its files; a directory that has lost some of them is left to whoever opens it. */
const LEVEL_FILE = /^(CURRENT|LOCK|LOG|MANIFEST-[0-9]+|[0-9]+\.(log|ldb))$/;

/** What cannot be looked into is left to whoever opens it, too. */
const holdsBus = async (directory: string): Promise<boolean> => {
  try {
    return (await readdir(directory)).some((name) => LEVEL_FILE.test(name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
};

const openAndDo = async <T>(settings: Settings, work: Work<T>): Promise<T> => {
  const session = await connect(settings);
  try {
    return await work({ ...session, settings });
  } finally {
    await session.bus.close();
  }
};
