/** A bus with its codec: in memory, or in a data directory that outlives the process. */
import { openEmbeddedBus } from '../bus/embedded/embeddedBus';
import { openMemoryBus } from '../bus/memory/memoryBus';
import { Codec } from '../contracts/avro/codec';
import { localRegistry } from '../contracts/avro/localRegistry';
import type { Bus } from '../processor/bus';
import type { Stopwatch } from '../processor/observer';

export interface Session {
  readonly bus: Bus;
  readonly codec: Codec;
}

/** What every audit record says of the code that made it. */
export const ENGINE_VERSION = '0.5.0';

export const openSession = async (dataDir: string | undefined): Promise<Session> => {
  const bus =
    dataDir === undefined ? openMemoryBus({ shards: 1, forgetful: true }) : await openEmbeddedBus({ directory: dataDir });
  try {
    return { bus, codec: new Codec(await localRegistry(bus.schemas)) };
  } catch (error) {
    await bus.close();
    throw error;
  }
};

let lastMs = 0;
let lastText = '';

/** RFC 3339 now, in UTC. Records come many to a millisecond: its text is made once. */
export const wallClock = (): string => {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    // As Python's isoformat writes it, like the first program: readers of its logs parse ours.
    lastText = `${new Date(now).toISOString().slice(0, -1)}000+00:00`;
  }
  return lastText;
};

export const realStopwatch: Stopwatch = {
  now: wallClock,
  timed: (work) => {
    const startedAt = performance.now();
    const value = work();
    const evalMs = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    return { value, measured: { recordedAt: wallClock(), evalMs } };
  },
};
