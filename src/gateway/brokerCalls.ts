/**
 * Broker calls in the background, so that a broker that hangs keeps nobody from reading the kill switch: what they answer is taken in by the next step
 * of the gateway, which alone writes to the log.
 */
export class BrokerCalls {
  private answers: (() => void)[] = [];
  private closed = false;

  /** `wake`: a call has ended, there is something to take in. */
  constructor(private readonly wake: () => void) {}

  get hasAnswers(): boolean {
    return this.answers.length > 0;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** `take` gets the answer in the step after it came. */
  call<T>(answer: Promise<T>, take: (answer: T) => void): void {
    const ended = (then: () => void): void => {
      if (this.closed) return;
      this.answers.push(then);
      this.wake();
    };
    answer.then(
      (value) => ended(() => take(value)),
      // An adapter never rejects: what it did then is unknown, and the shard is dropped and taken over again.
      (error: unknown) =>
        ended(() => {
          throw error instanceof Error ? error : new Error(String(error));
        }),
    );
  }

  /** Takes in what has been answered since the last time. */
  takeAnswers(): void {
    const { answers } = this;
    this.answers = [];
    for (const answer of answers) answer();
  }

  /** Calls on their way end unheard. */
  close(): void {
    this.closed = true;
    this.answers = [];
  }
}
