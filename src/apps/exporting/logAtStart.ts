/** What is known of a log when its export begins: which log it is, and how far it reaches. */
import { createHash } from 'node:crypto';
import { AUDIT_RECORDS, INPUT_TOPICS, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { Bus, TopicPosition } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import type { Session } from '../session';

export interface LogAtStart {
  readonly shards: number;
  /** By id. */
  readonly schemas: ReadonlyMap<number, string>;
  /** Of every partition, topics in order. */
  readonly ends: readonly TopicPosition[];
  /** By shard: SHA-256 of the first audit record; null: there is none yet. */
  readonly firstAuditRecords: readonly (string | null)[];
}

export const logAtStart = async ({ bus, codec }: Session): Promise<LogAtStart> => {
  const ends: TopicPosition[] = [];
  const firstAuditRecords: (string | null)[] = [];
  for (let partition = 0; partition < bus.shards; partition++) {
    ends.push(...(await endsOfShard(bus, partition)));
    firstAuditRecords.push(await firstAuditRecord(bus, partition));
  }
  ends.sort((a, b) => TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic) || a.partition - b.partition);
  const schemas = new Map([...codec.registered.schemas].sort(([a], [b]) => a - b));
  return { shards: bus.shards, schemas, ends, firstAuditRecords };
};

const isInput = (topic: Topic): boolean => INPUT_TOPICS.some((input) => input === topic);
const OUTPUT_TOPICS = TOPICS.filter((topic) => !isInput(topic));
/** A processor that is at work commits some hundred times a second. */
const MOST_LOOKS = 20;

/**
 * Where a shard's topics end at one moment: outputs are committed together, so that they are looked at until two looks agree, and the inputs after them,
 * so that whatever was decided is there with what it was decided on.
 */
const endsOfShard = async (bus: Bus, partition: number): Promise<readonly TopicPosition[]> => {
  let outputs = await endsOf(bus, OUTPUT_TOPICS, partition);
  for (let look = 1; look < MOST_LOOKS; look++) {
    const again = await endsOf(bus, OUTPUT_TOPICS, partition);
    const same = again.every(({ offset }, at) => offset === outputs[at]?.offset);
    outputs = again;
    if (same) break;
  }
  return [...outputs, ...(await endsOf(bus, INPUT_TOPICS, partition))];
};

const endsOf = (bus: Bus, topics: readonly Topic[], partition: number): Promise<readonly TopicPosition[]> =>
  Promise.all(topics.map(async (topic) => ({ topic, partition, offset: await bus.endOffset(topic, partition) })));

const firstAuditRecord = async (bus: Bus, partition: number): Promise<string | null> => {
  for await (const { value } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }))
    return createHash('sha256')
      .update(value ?? '')
      .digest('hex');
  return null;
};
