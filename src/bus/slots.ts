/** Numbers for the partitions of all topics, so that arrays can hold what belongs to each: topic by topic, partition by partition. */
import { COMPACTED_TOPICS, TOPICS, type Topic } from '../contracts/topics';

const topicNumbers = new Map<string, number>(TOPICS.map((topic, at) => [topic, at]));
const compactedNumbers = new Set(COMPACTED_TOPICS.map((topic) => topicNumbers.get(topic)));

/** The number of the partition among all; a RangeError when there is no such topic or partition. */
export const slotOf = (topic: Topic, partition: number, shards: number): number => {
  const number = topicNumbers.get(topic);
  if (number === undefined || !(partition >= 0 && partition < shards) || !Number.isInteger(partition))
    throw new RangeError(
      `no partition ${partition} of topic \`${topic}\`: the bus has ${shards} of each of ${TOPICS.join(', ')}`,
    );
  return number * shards + partition;
};

export const slotCount = (shards: number): number => TOPICS.length * shards;
export const topicNumberOf = (slot: number, shards: number): number => Math.floor(slot / shards);
export const topicOf = (slot: number, shards: number): Topic => TOPICS[topicNumberOf(slot, shards)] ?? TOPICS[0];
export const partitionOfSlot = (slot: number, shards: number): number => slot % shards;
export const isCompacted = (slot: number, shards: number): boolean => compactedNumbers.has(topicNumberOf(slot, shards));

/** `shards` when it can be the number of partitions of a topic; else a RangeError. */
export const checkedShards = (shards: number): number => {
  if (Number.isInteger(shards) && shards >= 1 && shards <= MOST_SHARDS) return shards;
  throw new RangeError(`${shards} shards: expected a whole number from 1 to ${MOST_SHARDS}`);
};

const MOST_SHARDS = 1024;
