/** What is known of a log besides its records. */
import type { Topic } from '../../src/contracts/topics';
import type { OutgoingRecord } from '../../src/processor/bus';

/** What a writer was told is on the log. */
export interface Acknowledged {
  readonly record: OutgoingRecord;
  readonly offset: number;
}

/** A record on an input topic that nobody should have sent: it is to be set aside. */
export interface Poison {
  readonly what: string;
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}
