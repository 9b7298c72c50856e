/** Waiting, with an end. */

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Something that others wait for. */
export class Wake {
  private readonly waiting = new Set<() => void>();

  wake(): void {
    for (const resolve of [...this.waiting]) resolve();
  }

  /** Until `wake` is called, or so long. */
  async wait(ms: number): Promise<void> {
    let resolve: () => void = () => undefined;
    const woken = new Promise<void>((done) => (resolve = done));
    const timer = setTimeout(resolve, ms);
    this.waiting.add(resolve);
    await woken;
    clearTimeout(timer);
    this.waiting.delete(resolve);
  }
}

/** What `work` gives, or after so long the error. */
export const within = async <T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
};

/** kafkajs limits each attempt, not their sum, and its `disconnect` waits for the requests that are on their way. */
const ANSWER_MS = 10_000;

/** What kafkajs answers; an error when it does not. */
export const answered = <T>(work: Promise<T>): Promise<T> =>
  within(ANSWER_MS, work, () => new Error(`no answer within ${ANSWER_MS / 1_000} s`));

/**
 * As Promise.all, but nothing is under way any more when it rejects: a request of kafkajs that is still to come opens a connection that was closed
 * meanwhile, nobody closes it again, and the process never ends.
 */
export const allEnded = async <T>(work: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(work);
  return Promise.all(work);
};
