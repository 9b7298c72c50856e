import type { Live } from '../live/live';
import type { Intake } from './intake';

/** What the routes by which intents come are made from. */
export interface IntakeRouteOptions {
  readonly intake: Intake;
  readonly live: Live;
  /** The server's own run, as of now; undefined: a request must name one. */
  readonly defaultRun: () => string | undefined;
  /** For tests: whoever sends an intent may bring prices. */
  readonly allowSenderPrices: boolean;
}
