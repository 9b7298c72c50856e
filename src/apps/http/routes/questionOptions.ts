/** What the routes that ask and steer are made from. */
import type { PublicKey } from '../../../audit/checkpoint/checkpointKeys';
import type { WatchedPolicy } from '../documents/policyDocuments';
import type { Live } from '../../live/live';
import type { Logger } from '../../service/logger';
import type { Session } from '../../session';

export interface QuestionOptions extends Session {
  readonly live: Live;
  readonly log: Logger;
  /** The server's own run, as of now. */
  readonly defaultRun: () => string | undefined;
  /** For tests: whoever asks may bring prices. */
  readonly allowSenderPrices: boolean;
  /** What checkpoints are signed with; undefined: nothing is signed here, and there is no evidence. */
  readonly publicKey: PublicKey | undefined;
  /** Whether callers have tokens: their names go on record with what they order. */
  readonly hasTokens: boolean;
  /** With `--watch-policy`. */
  readonly watchedPolicy: () => WatchedPolicy | undefined;
  /** How long shards may take to answer to a control event, ms. */
  readonly answerMs?: number;
  /** Comments in /events, to keep the connection alive, ms. */
  readonly heartbeatMs?: number;
  /** The wall clock, ms since 1970. */
  readonly now?: () => number;
}
