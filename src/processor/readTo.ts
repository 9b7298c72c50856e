/** Reads what a partition holds, from one offset to another. */
import type { Bus, BusRecord, TopicPosition } from './bus';

const RECORDS = 5_000;
const WAIT_MS = 1_000;

/**
 * The committed records of a partition from an offset on, up to the end as it is when the first one is asked for, or to `end`. On a log that
 * is written meanwhile, whoever commits after that is not waited for.
 */
export async function* recordsTo(bus: Bus, from: TopicPosition, end?: number): AsyncGenerator<BusRecord> {
  const { topic, partition, offset } = from;
  const last = end ?? (await bus.endOffset(topic, partition));
  if (offset >= last) return;
  const reader = await bus.reader([from]);
  try {
    while (reader.position(topic, partition) < last) {
      for (const record of await reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS })) {
        if (record.offset >= last) return;
        yield record;
      }
    }
  } finally {
    await reader.close();
  }
}

/** The record at this offset; undefined: none is there. */
export const recordAt = async (bus: Bus, { topic, partition, offset }: TopicPosition): Promise<BusRecord | undefined> => {
  if (offset >= (await bus.endOffset(topic, partition))) return undefined;
  for await (const record of recordsTo(bus, { topic, partition, offset }, offset + 1)) return record;
  return undefined;
};
