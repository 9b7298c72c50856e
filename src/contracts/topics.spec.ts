import { partitionOf } from './topics';

/** From the tests of Kafka's own Utils.murmur2. */
const KNOWN = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
] as const;

it.each(KNOWN)('puts %s where the default partitioner of Java and kafkajs does', (key, hash) => {
  for (const partitions of [1, 3, 12, 1_000_003]) {
    expect(partitionOf(Buffer.from(key), partitions)).toBe((hash & 0x7fffffff) % partitions);
  }
});
