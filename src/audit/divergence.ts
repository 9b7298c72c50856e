import type { Topic } from '../contracts/topics';

/** The log does not follow from its inputs: it was altered, or another version of the engine wrote it. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
  constructor(
    readonly topic: Topic,
    readonly partition: number,
    readonly offset: number,
    readonly what: string,
  ) {
    super(`${topic}/${partition}@${offset}: ${what}`);
  }
}
