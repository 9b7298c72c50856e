/** How far each shard is behind its inputs. The ends of the topics are asked for at most twice a second, however often somebody looks. */
import { CONTROL_EVENTS, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../../../contracts/topics';
import type { InputTopic } from '../../../contracts/topics';
import type { InputPositions } from '../../../contracts/messages';
import type { Bus } from '../../../processor/bus';
import type { Live } from '../../live/live';

export interface ShardProgress {
  readonly shard: number;
  /** Inputs that are not folded yet, at most; null: the bus could not be asked in time. */
  readonly lag: number | null;
}

const POSITION_OF: Readonly<Record<InputTopic, keyof InputPositions>> = {
  [ORDER_INTENTS]: 'order_intents',
  [MARKET_PRICES]: 'market_prices',
  [CONTROL_EVENTS]: 'control_events',
  [EXECUTION_EVENTS]: 'execution_events',
};
const TOPICS = Object.keys(POSITION_OF) as readonly InputTopic[];
const FRESH_MS = 500;
const PATIENCE_MS = 1_000;

export class ShardLag {
  private askedAt = -Infinity;
  private asked: Promise<readonly ShardProgress[]> = Promise.resolve([]);

  constructor(
    private readonly bus: Pick<Bus, 'shards' | 'endOffset'>,
    private readonly live: Pick<Live, 'shards'>,
  ) {}

  /** By shard. Never rejects. */
  now(): Promise<readonly ShardProgress[]> {
    const now = performance.now();
    if (now - this.askedAt >= FRESH_MS) {
      this.askedAt = now;
      this.asked = Promise.all(Array.from({ length: this.bus.shards }, (_, shard) => this.of(shard)));
    }
    return this.asked;
  }

  private async of(shard: number): Promise<ShardProgress> {
    const ends = Promise.all(TOPICS.map((topic) => this.bus.endOffset(topic, shard)));
    const known = await inTime(ends);
    const positions = this.live.shards[shard]?.positions;
    if (known === undefined || positions === undefined) return { shard, lag: null };
    const lag = TOPICS.reduce((sum, topic, index) => sum + Math.max(0, (known[index] ?? 0) - positions[POSITION_OF[topic]]), 0);
    return { shard, lag };
  }
}

/** Undefined: it failed, or took too long. */
const inTime = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
};
