/** When there is nothing left to do, for jobs that end. */
import type { Bus, TopicPosition } from '../../processor/bus';
import { answerTo } from './answer';
import { pause } from './backoff';
import type { ShardService } from './shardService';

const LOOK_EVERY_MS = 20;
const ASK_AGAIN_MS = 500;

/**
 * Resolves when the services have dealt with all that was in their inputs at the time of the call. Several services feed each other: then with what
 * came of that as well, until nothing more comes. Rejects when the bus can't be asked for good.
 */
export const drained = async (bus: Bus, services: readonly ShardService[], ended: AbortSignal): Promise<void> => {
  let before = '';
  while (!ended.aborted) {
    const seen: (readonly TopicPosition[])[] = [];
    for (const service of services) {
      const ends = await endsOf(bus, service, ended);
      await reached(service, ends, ended);
      seen.push(ends);
    }
    // The same ends twice, and both times they were reached: nobody has written anything meanwhile.
    const now = JSON.stringify(seen);
    if (services.length === 1 || now === before) return;
    before = now;
  }
};

const reached = async (service: ShardService, ends: readonly TopicPosition[], ended: AbortSignal): Promise<void> => {
  while (!service.hasReached(ends) && !ended.aborted) await pause(LOOK_EVERY_MS, ended);
};

const endsOf = async (bus: Bus, { work }: ShardService, ended: AbortSignal): Promise<readonly TopicPosition[]> => {
  const ends: TopicPosition[] = [];
  for (let partition = 0; partition < bus.shards; partition++)
    for (const topic of work.inputs)
      ends.push({ topic, partition, offset: await asked(() => bus.endOffset(topic, partition), ended) });
  return ends;
};

const asked = async (question: () => Promise<number>, ended: AbortSignal): Promise<number> => {
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (answerTo(error) === 'stop' || ended.aborted) throw error;
      await pause(ASK_AGAIN_MS, ended);
    }
  }
};
