/** Reads partitions of an embedded bus to their end. */
import type { Topic } from '../../../src/contracts/topics';
import type { Bus, BusRecord } from '../../../src/processor/bus';
import { record, text } from './records';

export const readAll = async (bus: Bus, topic: Topic, partition = 0): Promise<BusRecord[]> => {
  const end = await bus.endOffset(topic, partition);
  const reader = await bus.reader([{ topic, partition, offset: 0 }]);
  const records: BusRecord[] = [];
  while ((records.at(-1)?.offset ?? -1) < end - 1) records.push(...(await reader.poll({ maxRecords: 1000, maxWaitMs: 0 })));
  await reader.close();
  return records;
};

export const valuesOf = async (bus: Bus, topic: Topic): Promise<string[]> =>
  (await readAll(bus, topic)).map(({ value }) => text(value));

/** Commits `count` times: `n` in decisions, policy-state (each its own key) and audit-records, with some bytes behind it in the last. */
export const commitNumbers = async (bus: Bus, count: number, bytes = 200): Promise<void> => {
  const writer = await bus.writer('numbers');
  const start = await bus.endOffset('decisions', 0);
  for (let n = start; n < start + count; n++) {
    const value = `${n} ${Buffer.alloc(bytes, String(n)).toString()}`;
    const state = record('policy-state', 0, String(n), String(n));
    await writer.commit([record('decisions', 0, 'k', String(n)), state, record('audit-records', 0, 'k', value)]);
  }
};
