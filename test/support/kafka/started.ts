/** What globalSetup started, for globalTeardown: both run in one process, but need not share their modules. */
import type { Provided } from './provision';

export const started: Provided[] = ((globalThis as { policygateStarted?: Provided[] }).policygateStarted ??= []);

/** Also when a test has failed, and when the setup itself has. */
export const stopStarted = async (): Promise<void> => {
  await Promise.all(started.splice(0).map(({ stop }) => stop()));
};
