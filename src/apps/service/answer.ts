import { BusError } from '../../processor/bus';

/**
 * What to do about an error of a shard.
 *
 * - `stop`: nothing may be decided until somebody has looked: the state contradicts the log, a schema does not fit, the bus refuses for good.
 * - `fenced`: another owner has taken the shard over.
 * - `again`: everything else, known or not: drop the shard's memory and take it over again.
 */
export type Answer = 'stop' | 'fenced' | 'again';

/** By name: they come from several folders, and one of them is thrown by code that this folder does not know. */
const LOUD = new Set(['StateError', 'DivergenceError', 'SchemaError', 'DecisionError', 'Failure']);

export const answerTo = (error: unknown): Answer => {
  if (error instanceof BusError) {
    if (error.code === 'BUS_FENCED') return 'fenced';
    return error.retryable ? 'again' : 'stop';
  }
  return error instanceof Error && LOUD.has(error.name) ? 'stop' : 'again';
};

/** The code of an error as a label: one of a short list. */
export const codeOf = (error: unknown): string => (error instanceof BusError ? error.code : 'OTHER');
