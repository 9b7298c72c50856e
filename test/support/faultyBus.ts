/** A bus that fails as it is told to, in front of one that does not: what a network and a broker can do to a service. */
import type { Topic } from '../../src/contracts/topics';
import type { Bus, BusReader, TopicPosition, TransactionalWriter } from '../../src/processor/bus';

export type Operation = 'writer' | 'reader' | 'commit' | 'poll';

export type Fault =
  /** Rejects, and nothing happened. */
  | { readonly type: 'fails'; readonly error: unknown }
  /** It happened, and rejects all the same. */
  | { readonly type: 'happens and fails'; readonly error: unknown }
  /** Somebody else opens the transactional id first (commits only). */
  | { readonly type: 'rival' };

/** Asked before each operation. */
export type FaultPlan = (operation: Operation) => Fault | undefined;

export class FaultyBus implements Bus {
  readonly shards: number;
  /** Writers and readers that were opened and not closed. */
  open = 0;

  constructor(
    private readonly bus: Bus,
    private readonly plan: FaultPlan,
  ) {
    this.shards = bus.shards;
  }

  async writer(transactionalId: string): Promise<TransactionalWriter> {
    const writer = await this.tried('writer', () => this.bus.writer(transactionalId));
    this.open += 1;
    return {
      commit: (records) =>
        this.tried(
          'commit',
          () => writer.commit(records),
          () => this.bus.writer(transactionalId),
        ),
      close: () => this.closed(() => writer.close()),
    };
  }

  async reader(from: readonly TopicPosition[]): Promise<BusReader> {
    const reader = await this.tried('reader', () => this.bus.reader(from));
    this.open += 1;
    return {
      poll: (options) => this.tried('poll', () => reader.poll(options)),
      position: (topic, partition) => reader.position(topic, partition),
      close: () => this.closed(() => reader.close()),
    };
  }

  endOffset(topic: Topic, partition: number): Promise<number> {
    return this.bus.endOffset(topic, partition);
  }

  offsetAt(topic: Topic, partition: number, time: number): Promise<number> {
    return this.bus.offsetAt(topic, partition, time);
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  private closed(close: () => Promise<void>): Promise<void> {
    this.open -= 1;
    return close();
  }

  private async tried<T>(operation: Operation, act: () => Promise<T>, rival?: () => Promise<unknown>): Promise<T> {
    const fault = this.plan(operation);
    // Nothing of a network is there at once.
    await new Promise(setImmediate);
    if (fault?.type === 'fails') throw fault.error;
    if (fault?.type === 'rival') await rival?.();
    const answer = await act();
    if (fault?.type === 'happens and fails') throw fault.error;
    return answer;
  }
}
