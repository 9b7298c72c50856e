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
export const ENGINE_VERSION = '0.3.0';

export const openSession = async (dataDir: string | undefined): Promise<Session> => {
  const bus = dataDir === undefined ? openMemoryBus({ shards: 1 }) : await openEmbeddedBus({ directory: dataDir });
  try {
    return { bus, codec: new Codec(await localRegistry(bus.schemas)) };
  } catch (error) {
    await bus.close();
    throw error;
  }
};

export const wallClock = (): string => new Date().toISOString();

export const realStopwatch: Stopwatch = {
  now: wallClock,
  timed: (work) => {
    const startedAt = performance.now();
    const value = work();
    const evalMs = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    return { value, measured: { recordedAt: wallClock(), evalMs } };
  },
};
