import type { Topic } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';

const FIRST_LOOK = 16;

/** The last committed record of a partition; undefined: there is none. Offsets before the end may hold no record, so it looks further and further back. */
export const lastRecord = async (bus: Bus, topic: Topic, partition: number): Promise<BusRecord | undefined> => {
  const end = await bus.endOffset(topic, partition);
  let before = end;
  for (let look = FIRST_LOOK; before > 0; look *= 2) {
    const offset = Math.max(0, before - look);
    let last: BusRecord | undefined;
    for await (const record of recordsTo(bus, { topic, partition, offset }, before)) last = record;
    if (last !== undefined) return last;
    before = offset;
  }
  return undefined;
};
