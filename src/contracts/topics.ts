/** The topics, and which partition a record belongs to. Source: design, "The flow". */

export const ORDER_INTENTS = 'order-intents';
export const MARKET_PRICES = 'market-prices';
export const CONTROL_EVENTS = 'control-events';
export const EXECUTION_EVENTS = 'execution-events';
export const DECISIONS = 'decisions';
export const AUDIT_RECORDS = 'audit-records';
export const POLICY_STATE = 'policy-state';
export const DEAD_LETTERS = 'dead-letters';
export const AUDIT_CHECKPOINTS = 'audit-checkpoints';

/** A data directory knows a topic by its place here: a new one goes to the end. */
export const TOPICS = [
  ORDER_INTENTS,
  MARKET_PRICES,
  CONTROL_EVENTS,
  EXECUTION_EVENTS,
  DECISIONS,
  AUDIT_RECORDS,
  POLICY_STATE,
  DEAD_LETTERS,
  AUDIT_CHECKPOINTS,
] as const;
export type Topic = (typeof TOPICS)[number];

/** The processor's inputs, in the order in which one batch folds them: what changes the world before what asks about it. */
export const INPUT_TOPICS = [CONTROL_EVENTS, MARKET_PRICES, EXECUTION_EVENTS, ORDER_INTENTS] as const;
export type InputTopic = (typeof INPUT_TOPICS)[number];

/** Topics of which only the newest record of each key is kept. */
export const COMPACTED_TOPICS: readonly Topic[] = [POLICY_STATE];

/** The key of a control event that is meant for every run. */
export const EVERY_RUN = '*';

/** Kafka's default partitioner (Java and kafkajs): murmur2 of the key's bytes, sign bit cleared, modulo the partitions. */
export const partitionOf = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions;

/** MurmurHash2 as org.apache.kafka.common.utils.Utils computes it; signed 32-bit result. */
const murmur2 = (data: Uint8Array): number => {
  const m = 0x5bd1e995;
  const length = data.length;
  let h = 0x9747b28c ^ length;
  const words = length >>> 2;
  for (let i = 0; i < words; i++) {
    const at = i * 4;
    let k = byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const tail = words * 4;
  const rest = length & 3;
  if (rest === 3) h ^= byte(data, tail + 2) << 16;
  if (rest >= 2) h ^= byte(data, tail + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ byte(data, tail), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h;
};

const byte = (data: Uint8Array, at: number): number => data[at] ?? 0;
