/**
 * A consumer group that says which shards this process shall own, and for how long it is alive. Nothing is read through it: the group's fetching is
 * paused, readers fetch for themselves from positions of their own. Its offsets are committed for tools that show lag, and decide nothing.
 */
import { AssignerProtocol } from 'kafkajs';
import type { Consumer, PartitionAssigner } from 'kafkajs';
import type { TopicPosition } from '../../processor/bus';
import type { Topic } from '../../contracts/topics';
import { busErrorOf } from './failures';
import type { KafkaOptions } from './options';
import { topicName } from './options';
import { assignShards } from './shardAssignment';
import { openEndableClient } from './endableClient';
import { answered, sleep, within } from './waiting';

export interface GroupOptions {
  readonly kafka: KafkaOptions;
  readonly groupId: string;
  /** The topics that are read of a shard. */
  readonly inputs: readonly Topic[];
  readonly shards: number;
  /** A member that is silent for so long is taken for dead. */
  readonly sessionTimeoutMs: number;
}

const ASSIGNER = 'policygate-shards';
const VERSION = 1;
/** How soon a member that is asked to leave notices: the pause between two rounds of the paused fetch loop. */
const ROUND_MS = 200;
const HEARTBEATS_A_SESSION = 5;
const REBALANCE_TIMEOUT_MS = 15_000;
const OFFSETS_EVERY_MS = 5_000;
/** A broker that is gone is not waited for to say goodbye. */
const LEAVE_MS = 3_000;
const SILENCE_CHECK_MS = 500;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export class GroupMembership {
  private consumer: Consumer | undefined;
  private owned: readonly number[] = [];
  private trouble: string | undefined = 'has not joined the group yet';
  private readonly closing = new AbortController();
  private heardAt = 0;
  /** Whether it was a member at any time: a permission that is taken away may be given back. */
  private joined = false;
  private running: Promise<void> = Promise.resolve();
  private crashed: (error: unknown) => void = () => undefined;
  private readonly progress = new Map<string, { readonly topic: string; readonly partition: number; readonly offset: string }>();
  private offsetsTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: GroupOptions) {}

  start(onAssigned: (shards: readonly number[]) => void, onFailed: (error: unknown) => void): Promise<void> {
    if (this.isClosed()) return Promise.resolve();
    const assigned = (shards: readonly number[]): void => {
      this.owned = shards;
      if (!this.isClosed()) onAssigned(shards);
    };
    this.running = this.join(assigned, onFailed);
    this.offsetsTimer = setInterval(() => void this.commitOffsets(), OFFSETS_EVERY_MS);
    this.offsetsTimer.unref();
    return Promise.resolve();
  }

  reportProgress(shard: number, positions: readonly TopicPosition[]): void {
    for (const { topic, partition, offset } of positions) {
      if (partition !== shard) continue;
      const name = topicName(this.options.kafka, topic);
      this.progress.set(`${name}/${partition}`, { topic: name, partition, offset: String(offset) });
    }
  }

  problem(): string | undefined {
    return this.trouble;
  }

  async close(): Promise<void> {
    if (this.isClosed()) return;
    await within(LEAVE_MS, this.commitOffsets(), () => new Error('not committed in time')).catch(() => undefined);
    this.closing.abort();
    clearInterval(this.offsetsTimer);
    this.trouble = 'has left the group';
    this.crashed(undefined);
    await this.running;
  }

  /** One consumer after the other, until closed: kafkajs's own restart leaves it to chance what is left of the one before. */
  private async join(onAssigned: (shards: readonly number[]) => void, onFailed: (error: unknown) => void): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.isClosed();) {
      const joinedAt = Date.now();
      const error = await this.beMember(onAssigned);
      if (this.isClosed()) return;
      const failure = busErrorOf(error, `group ${this.options.groupId}`, 'BUS_UNREACHABLE');
      this.trouble = failure.message;
      onAssigned([]);
      if (failure.code === 'BUS_REFUSED' && !this.joined) {
        onFailed(failure);
        return;
      }
      this.options.kafka.log?.('warn', 'the group was lost, to be joined again', { reason: failure.message });
      pause = Date.now() - joinedAt > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
      await sleep(pause);
    }
  }

  /** Resolves with what ended the membership. */
  private async beMember(onAssigned: (shards: readonly number[]) => void): Promise<unknown> {
    const { kafka, groupId, inputs, sessionTimeoutMs } = this.options;
    const topics = inputs.map((topic) => topicName(kafka, topic));
    const { client, discard } = openEndableClient(kafka);
    const consumer = client.consumer({
      groupId,
      partitionAssigners: [this.assigner(topics)],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs),
      heartbeatInterval: Math.floor(sessionTimeoutMs / HEARTBEATS_A_SESSION),
      maxWaitTimeInMs: ROUND_MS,
      allowAutoTopicCreation: false,
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    const ended = new Promise<unknown>((resolve) => (this.crashed = resolve));
    consumer.on(consumer.events.CRASH, ({ payload }) => this.crashed(payload.error));
    this.heardAt = Date.now();
    consumer.on(consumer.events.HEARTBEAT, () => (this.heardAt = Date.now()));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.heardAt = Date.now();
      consumer.pause(topics.map((topic) => ({ topic })));
      if (this.isClosed()) return;
      this.trouble = undefined;
      this.joined = true;
      onAssigned([...(payload.memberAssignment[topics[0] ?? ''] ?? [])].sort((a, b) => a - b));
    });
    this.consumer = consumer;
    const joining = async (): Promise<unknown> => {
      await answered(consumer.connect());
      await answered(consumer.subscribe({ topics }));
      // Never called: everything is paused from the moment of the join on.
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() });
      return ended;
    };
    try {
      // Whoever closes it does not wait for what kafkajs waits for.
      return await Promise.race([ended, joining(), this.silence(consumer)]);
    } catch (error) {
      return error;
    } finally {
      this.consumer = undefined;
      await within(LEAVE_MS, consumer.disconnect(), () => new Error('not left in time')).catch(() => undefined);
      discard();
    }
  }

  /** Resolves when the group has not been heard of for longer than a join may take: whatever kafkajs waits for then. */
  private async silence(of: Consumer): Promise<unknown> {
    const { sessionTimeoutMs, groupId } = this.options;
    const patienceMs = 2 * Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs);
    while (this.consumer === of && !this.isClosed()) {
      const leftMs = this.heardAt + patienceMs - Date.now();
      if (leftMs <= 0) return new Error(`group ${groupId}: nothing heard for ${patienceMs / 1_000} s`);
      await sleep(Math.min(leftMs, SILENCE_CHECK_MS));
    }
    return undefined;
  }

  private assigner(topics: readonly string[]): PartitionAssigner {
    const { MemberMetadata, MemberAssignment } = AssignerProtocol;
    return () => ({
      name: ASSIGNER,
      version: VERSION,
      protocol: () => ({
        name: ASSIGNER,
        metadata: MemberMetadata.encode({
          version: VERSION,
          topics: [...topics],
          userData: Buffer.from(JSON.stringify(this.owned)),
        }),
      }),
      assign: ({ members }) => {
        const assigned = assignShards(
          members.map(({ memberId, memberMetadata }) => ({
            id: memberId,
            owned: ownedOf(MemberMetadata.decode(memberMetadata)?.userData),
          })),
          this.options.shards,
        );
        return Promise.resolve(
          [...assigned].map(([memberId, shards]) => ({
            memberId,
            memberAssignment: MemberAssignment.encode({
              version: VERSION,
              assignment: Object.fromEntries(topics.map((topic) => [topic, [...shards]])),
              userData: Buffer.alloc(0),
            }),
          })),
        );
      },
    });
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async commitOffsets(): Promise<void> {
    const { consumer, progress, owned } = this;
    const offsets = [...progress.values()].filter(({ partition }) => owned.includes(partition));
    progress.clear();
    if (consumer === undefined || offsets.length === 0 || this.trouble !== undefined) return;
    // For tools only: what fails now comes with the next.
    await consumer.commitOffsets(offsets).catch(() => undefined);
  }
}

/** What a member of another version says is nothing. */
const ownedOf = (userData: Buffer | undefined): readonly number[] => {
  try {
    const owned: unknown = JSON.parse(userData?.toString('utf8') ?? '');
    return Array.isArray(owned) ? owned.filter((shard): shard is number => Number.isInteger(shard)) : [];
  } catch {
    return [];
  }
};
