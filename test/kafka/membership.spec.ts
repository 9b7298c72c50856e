/** Members of a group on a real broker: who gets which shards as they come, go and die, and what the group's offsets are good for. */
import type { Admin } from 'kafkajs';
import { openClient } from '../../src/bus/kafka/client';
import { GroupMembership } from '../../src/bus/kafka/groupMembership';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { topicName } from '../../src/bus/kafka/options';
import { sleep } from '../../src/bus/kafka/waiting';
import { CONTROL_EVENTS, INPUT_TOPICS, ORDER_INTENTS } from '../../src/contracts/topics';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka } from '../support/kafka/kafkaUnderTest';

const SHARDS = 6;
const SESSION_MS = 6_000;

class Member {
  shards: readonly number[] = [];
  /** Every assignment that was heard of. */
  readonly history: (readonly number[])[] = [];
  failed: unknown;
  readonly membership: GroupMembership;

  constructor(options: KafkaOptions, groupId: string) {
    this.membership = new GroupMembership({
      kafka: options,
      groupId,
      inputs: INPUT_TOPICS,
      shards: SHARDS,
      sessionTimeoutMs: SESSION_MS,
    });
    void this.membership.start(
      (shards) => {
        this.shards = shards;
        this.history.push(shards);
      },
      (error) => (this.failed = error),
    );
  }
}

describeKafka('membership of a group', () => {
  let options: KafkaOptions;
  let group: string;
  let admin: Admin;
  const members: Member[] = [];
  const join = (): Member => {
    const member = new Member(options, group);
    members.push(member);
    return member;
  };

  beforeAll(async () => {
    options = await freshTopics({}, SHARDS);
    admin = openClient(options).admin();
    await admin.connect();
  }, 60_000);
  afterAll(() => admin.disconnect());
  let groups = 0;
  beforeEach(() => {
    group = `${options.topicPrefix}group-${++groups}`;
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ membership }) => membership.close()));
  }, 60_000);

  const until = async (what: string, holds: () => boolean, ms = 40_000): Promise<void> => {
    const deadline = Date.now() + ms;
    while (!holds()) {
      await sleep(50);
      if (Date.now() > deadline)
        throw new Error(`${what}: not within ${ms} ms; shards are ${JSON.stringify(members.map(({ shards }) => shards))}`);
    }
  };
  /** Everyone has as much as the others, and every shard has one owner. */
  const shared = (among: readonly Member[]): boolean => {
    const all = among.flatMap(({ shards }) => shards);
    const sizes = among.map(({ shards }) => shards.length);
    return all.length === SHARDS && new Set(all).size === SHARDS && Math.max(...sizes) - Math.min(...sizes) <= 1;
  };

  it('gives everything to the first, shares it with those that come, and gives it back when they leave', async () => {
    const first = join();
    expect(first.membership.problem()).toMatch(/has not joined/);
    await until('the first has all', () => shared([first]));
    expect(first.membership.problem()).toBeUndefined();
    const before = first.shards;
    const second = join();
    await until('two share', () => shared([first, second]));
    const third = join();
    await until('three share', () => shared([first, second, third]));
    // What it kept, it had all the time.
    expect(first.shards.every((shard) => before.includes(shard))).toBe(true);
    expect(first.history.every((shards) => first.shards.every((shard) => shards.includes(shard)))).toBe(true);
    await second.membership.close();
    await until('the others share at once', () => shared([first, third]), SESSION_MS);
    expect(second.membership.problem()).toMatch(/has left/);
  }, 120_000);

  it('assigns the same partition of every input, and commits positions for those who look at lag', async () => {
    const [first, second] = [join(), join()];
    await until('two share', () => shared([first, second]));
    const { groups: described } = await admin.describeGroups([group]);
    expect(described[0]?.members).toHaveLength(2);
    const [shard = -1] = first.shards;
    first.membership.reportProgress(shard, [
      { topic: ORDER_INTENTS, partition: shard, offset: 42 },
      { topic: CONTROL_EVENTS, partition: shard, offset: 7 },
    ]);
    // A shard of another's is not for it to speak of.
    const [other = -1] = second.shards;
    first.membership.reportProgress(other, [{ topic: ORDER_INTENTS, partition: other, offset: 999 }]);
    await first.membership.close();
    const offsets = await admin.fetchOffsets({
      groupId: group,
      topics: [topicName(options, ORDER_INTENTS), topicName(options, CONTROL_EVENTS)],
    });
    const committed = offsets.flatMap(({ topic, partitions }) =>
      partitions.filter(({ offset }) => offset !== '-1').map(({ partition, offset }) => [topic, partition, offset]),
    );
    expect(committed.sort()).toEqual(
      [
        [topicName(options, ORDER_INTENTS), shard, '42'],
        [topicName(options, CONTROL_EVENTS), shard, '7'],
      ].sort(),
    );
  }, 120_000);

  it('may be closed before it has joined', async () => {
    const member = join();
    await member.membership.close();
    await sleep(500);
    expect(member.shards).toEqual([]);
    const other = join();
    await until('the other has all', () => shared([other]), 2 * SESSION_MS + 20_000);
  }, 90_000);
});
