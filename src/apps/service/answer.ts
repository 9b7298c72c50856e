import { BusError } from '../../processor/bus';

/**
 * What to do about an error of a shard.
 *
 * - `stop`: nothing may be decided until somebody has looked: the state contradicts the log, a schema does not fit, records are missing.
 * - `fenced`: another owner has taken the shard over.
 * - `again`: everything else, known or not: drop the shard's memory and take it over again.
 */
export type Answer = 'stop' | 'fenced' | 'again';

/** By name: they come from several folders, and one of them is thrown by code that this folder does not know. */
const LOUD = new Set(['StateError', 'DivergenceError', 'SchemaError', 'DecisionError', 'VenueError', 'BrokerFailure', 'Failure']);

/** What somebody mends on the cluster while the service waits: a topic that is gone, a permission, a password. At the start they end the program. */
const MENDED_ELSEWHERE: ReadonlySet<string> = new Set(['BUS_NOT_READY', 'BUS_REFUSED']);

export const answerTo = (error: unknown): Answer => {
  if (error instanceof BusError) {
    if (error.code === 'BUS_FENCED') return 'fenced';
    return error.retryable || MENDED_ELSEWHERE.has(error.code) ? 'again' : 'stop';
  }
  return error instanceof Error && LOUD.has(error.name) ? 'stop' : 'again';
};

/** The code of an error as a label: one of a short list. */
export const codeOf = (error: unknown): string => (error instanceof BusError ? error.code : 'OTHER');
