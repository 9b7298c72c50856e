/** Folding a shard's log again: the same bytes however it came to be, and the first difference named wherever one was made. */
import { portraitOf } from '../../src/audit/replay/portrait';
import type { Portrait } from '../../src/audit/replay/portrait';
import { replayShard } from '../../src/audit/replay/replayShard';
import type { ReplayOptions, ShardReport } from '../../src/audit/replay/replayShard';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import { Codec } from '../../src/contracts/avro/codec';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { schemaText } from '../../src/contracts/avro/schemas';
import { hexOf } from '../../src/contracts/json/hex';
import type { AuditRecord } from '../../src/contracts/messages';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { asBus, logOf } from '../checks/rawLog';
import type { RawLog } from '../checks/rawLog';
import { altered, flipped, withChange, withCopyAtEnd, without } from '../support/alteredLog';
import { Random } from '../support/random';
import { START, TestShard } from '../support/shard';
import { dayOf, live } from '../support/shardHistory';
import { intentOf } from '../support/situations';

const replayed = (shard: TestShard, options: Partial<ReplayOptions> = {}): Promise<ShardReport> =>
  replayShard({ bus: shard.bus, codec: shard.codec, partition: 0, ...options });

const ways = [
  { most: 1, takeover: 0 },
  { most: 7, takeover: 0.3 },
  { most: 200, takeover: 0.1 },
];
it.each([1, 2, 3])('gives the same bytes after takeovers at random places and in batches of any size (day %s)', async (seed) => {
  for (const way of ways) {
    const shard = new TestShard(openMemoryBus({ shards: 1 }));
    await live(shard, dayOf(shard, seed, 600), { ...way, random: new Random(seed) });
    const report = await replayed(shard);
    expect(report.difference).toBeUndefined();
    const topics = [AUDIT_RECORDS, DECISIONS, DEAD_LETTERS] as const;
    expect([report.auditRecords, report.decisions, report.deadLetters]).toEqual(
      await Promise.all(topics.map(async (topic) => (await shard.all(topic)).length)),
    );
    expect(report.entities).toBeGreaterThan(50);
  }
});

describe('a log that was altered', () => {
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  let log: RawLog;
  beforeAll(async () => {
    await live(shard, dayOf(shard, 12, 400), { most: 9, takeover: 0.1, random: new Random(1) });
    log = await logOf(shard.bus);
    expect((await replayOf(log)).difference).toBeUndefined();
  });
  const replayOf = (of: RawLog, options: Partial<ReplayOptions> = {}): Promise<ShardReport> =>
    replayShard({ bus: asBus(of), codec: shard.codec, partition: 0, ...options });
  const differenceAfter = async (topic: Topic, change: (records: readonly BusRecord[]) => readonly BusRecord[]) =>
    (await replayOf(altered(log, topic, change))).difference;
  const middle = (topic: Topic): number => log.records(topic, 0).length >> 1;
  const placeOf = (topic: Topic, is: (record: BusRecord) => boolean): number => log.records(topic, 0).findIndex(is);

  it.each([
    ['the first', () => 0],
    ['one in the middle', () => middle(DECISIONS)],
    ['the last', () => log.records(DECISIONS, 0).length - 1],
  ])('lacks a decision: %s', async (_, at) => {
    const { offset } = log.records(DECISIONS, 0)[at()]!;
    const found = await differenceAfter(DECISIONS, without(at()));
    expect(found).toMatchObject({ topic: DECISIONS, kind: 'missing' });
    expect(found?.offset).toBeGreaterThanOrEqual(offset);
    expect(found?.input?.topic).toBe(ORDER_INTENTS);
  });

  it('has a decision too many', async () => {
    const end = log.end(DECISIONS, 0);
    expect(await differenceAfter(DECISIONS, withCopyAtEnd)).toMatchObject({ topic: DECISIONS, kind: 'extra', offset: end });
  });

  it.each(['value', 'key', 'timestamp', 'headers'] as const)('has another %s of a decision or an audit record', async (part) => {
    for (const topic of [DECISIONS, AUDIT_RECORDS] as const) {
      const { offset } = log.records(topic, 0)[middle(topic)]!;
      const found = await differenceAfter(
        topic,
        withChange(
          middle(topic),
          ({ value, key, timestamp, headers }) =>
            ({
              value: { value: flipped(value, (value?.length ?? 1) - 40) },
              key: { key: flipped(key, (key?.length ?? 1) - 1) },
              timestamp: { timestamp: timestamp + 1 },
              headers: { headers: { ...headers, eval_ms: `${headers.eval_ms ?? ''}0`, recorded_at: 'noon' } },
            })[part],
        ),
      );
      expect(found).toMatchObject({ topic, offset, partition: 0 });
      if (part !== 'value') expect(found?.what).toContain(part);
    }
  });

  it('lacks an audit record, or has one twice', async () => {
    const at = middle(AUDIT_RECORDS);
    const next = log.records(AUDIT_RECORDS, 0)[at + 1]!;
    expect(await differenceAfter(AUDIT_RECORDS, without(at))).toMatchObject({ topic: AUDIT_RECORDS, offset: next.offset });
    const last = log.records(AUDIT_RECORDS, 0).length - 1;
    expect(await differenceAfter(AUDIT_RECORDS, without(last))).toMatchObject({ topic: AUDIT_RECORDS, kind: 'missing' });
    expect(await differenceAfter(AUDIT_RECORDS, withCopyAtEnd)).toMatchObject({
      topic: expect.stringMatching(/audit|state/) as Topic,
    });
  });

  it('has a dead letter changed, dropped or added', async () => {
    const { offset, headers } = log.records(DEAD_LETTERS, 0)[1]!;
    const reason = withChange(1, (letter) => ({ headers: { ...letter.headers, reason: 'none' } }));
    const about = { topic: DEAD_LETTERS, input: { topic: ORDER_INTENTS, offset: Number(headers.offset) } };
    expect(await differenceAfter(DEAD_LETTERS, reason)).toMatchObject({ ...about, kind: 'changed', offset });
    const value = withChange(1, (letter) => ({ value: Buffer.concat([letter.value ?? Buffer.alloc(0), Buffer.of(1)]) }));
    expect(await differenceAfter(DEAD_LETTERS, value)).toMatchObject({ ...about, kind: 'changed', offset });
    expect(await differenceAfter(DEAD_LETTERS, without(1))).toMatchObject({ ...about, kind: 'missing' });
    expect(await differenceAfter(DEAD_LETTERS, withCopyAtEnd)).toMatchObject({ topic: DEAD_LETTERS, kind: 'extra' });
    const elsewhere = withChange(1, (letter) => ({ headers: { ...letter.headers, topic: MARKET_PRICES, offset: '1' } }));
    expect(await differenceAfter(DEAD_LETTERS, elsewhere)).toMatchObject({ ...about, kind: 'missing' });
  });

  it('has an entity changed, dropped or added: of every kind', async () => {
    const kinds = new Set<string>();
    const newest = new Map(log.records(POLICY_STATE, 0).map((record, at) => [hexOf(record.key ?? Buffer.alloc(0)), at] as const));
    for (const at of newest.values()) {
      const record = log.records(POLICY_STATE, 0)[at]!;
      const key = shard.codec.decodeKey(POLICY_STATE, record.key);
      if (!key.ok || key.value.kind === 'fence') continue;
      const { kind, run_id, id } = key.value;
      const sameKey = ({ key: other }: BusRecord): boolean => Buffer.compare(other ?? Buffer.alloc(0), record.key!) === 0;
      const tombstone = record.value === null;
      if (kinds.has(`${kind}${tombstone}`)) continue;
      kinds.add(`${kind}${tombstone}`);
      if (tombstone) {
        const other = log.records(POLICY_STATE, 0).findLast((one) => sameKey(one) && one.value !== null);
        const revived = await differenceAfter(
          POLICY_STATE,
          withChange(at, () => ({ value: other!.value })),
        );
        // The intents of an ended run may wait to be dropped.
        if (kind !== 'intent') expect(revived).toMatchObject({ topic: POLICY_STATE, kind: 'extra', offset: record.offset });
        continue;
      }
      const found = await differenceAfter(
        POLICY_STATE,
        withChange(at, ({ value }) => ({ value: flipped(value, value!.length - 1) })),
      );
      expect(found).toMatchObject({ topic: POLICY_STATE, ...(kind === 'positions' ? {} : { offset: record.offset }) });
      if (kind !== 'positions') expect(found?.what).toContain(`entity ${kind}`);
      const dropped = await differenceAfter(POLICY_STATE, (records) => records.filter((one) => !sameKey(one)));
      expect(dropped).toMatchObject({ topic: POLICY_STATE });
      if (kind !== 'positions') expect(dropped).toMatchObject({ kind: 'missing', what: expect.stringContaining(kind) as string });
      if (kind !== 'intent' && kind !== 'position') continue;
      const strange = shard.codec.encodeKey(POLICY_STATE, { run_id, kind, id: `${id}-strange` });
      const added = await differenceAfter(POLICY_STATE, (records) => [
        ...records,
        { ...record, key: strange, offset: (records.at(-1)?.offset ?? 0) + 1 },
      ]);
      if (kind === 'position') expect(added).toMatchObject({ topic: POLICY_STATE, kind: 'extra' });
    }
    expect([...kinds].filter((kind) => kind.endsWith('false')).sort()).toEqual(
      ['intent', 'policy', 'position', 'positions', 'price', 'run', 'shard'].map((kind) => `${kind}false`),
    );
  });

  it('lacks an input, or has another value of one', async () => {
    const decided = placeOf(ORDER_INTENTS, ({ value }) => shard.codec.decodeValue(ORDER_INTENTS, value).ok);
    expect(await differenceAfter(ORDER_INTENTS, without(decided))).toMatchObject({ topic: AUDIT_RECORDS });
    const last = log.records(ORDER_INTENTS, 0).length - 1;
    const missing = await differenceAfter(ORDER_INTENTS, without(last));
    expect(missing?.what).toContain('order-intents before offset');
    const price = placeOf(MARKET_PRICES, ({ timestamp }) => timestamp > START + 100_000);
    const dearer = shard.codec.encodeValue(MARKET_PRICES, { symbol: 'AAPL', price: (7n * 10n ** 20n) as never });
    expect(
      await differenceAfter(
        MARKET_PRICES,
        withChange(price, () => ({ key: Buffer.from('AAPL'), value: dearer })),
      ),
    ).toBeDefined();
    const started = placeOf(CONTROL_EVENTS, () => true);
    const found = await differenceAfter(
      CONTROL_EVENTS,
      withChange(started, ({ value }) => ({ value: flipped(value, 60) })),
    );
    expect(found).toMatchObject({ partition: 0 });
  });

  it('is found out wherever it was touched: 200 random changes of what was written', async () => {
    const random = new Random(7);
    const newest = new Map(log.records(POLICY_STATE, 0).map((record, at) => [hexOf(record.key ?? Buffer.alloc(0)), at] as const));
    const states = [...newest.values()].filter((at) => {
      const { key, value } = log.records(POLICY_STATE, 0)[at]!;
      const decoded = shard.codec.decodeKey(POLICY_STATE, key);
      return value !== null && decoded.ok && decoded.value.kind !== 'fence';
    });
    for (let round = 0; round < 200; round++) {
      const topic = random.pick([AUDIT_RECORDS, DECISIONS, DEAD_LETTERS, POLICY_STATE] as const);
      const at = topic === POLICY_STATE ? random.pick(states) : random.below(log.records(topic, 0).length);
      const length = log.records(topic, 0)[at]?.value?.length ?? 0;
      const drops = topic !== POLICY_STATE && (length === 0 || random.chance(0.3));
      const change = drops ? without(at) : withChange(at, ({ value }) => ({ value: flipped(value, random.below(length)) }));
      const found = await differenceAfter(topic, change);
      if (found === undefined) throw new Error(`round ${round}: ${topic} ${at}, ${drops ? 'dropped' : 'changed'}`);
    }
  });

  it('is that of one run: what others have is not looked at, and folded all the same', async () => {
    const runOf = ({ key }: BusRecord): string | undefined => {
      const decoded = shard.codec.decodeKey(AUDIT_RECORDS, key);
      return decoded.ok ? decoded.value.run_id : undefined;
    };
    const at = placeOf(AUDIT_RECORDS, (record) => runOf(record) === 'r-2' && record.offset > 50);
    const changed = altered(
      log,
      AUDIT_RECORDS,
      withChange(at, ({ headers }) => ({ headers: { ...headers, more: 'x' } })),
    );
    expect((await replayOf(changed, { run: 'r-2' })).difference).toMatchObject({
      offset: log.records(AUDIT_RECORDS, 0)[at]?.offset,
    });
    const other = await replayOf(changed, { run: 'r-1' });
    expect(other.difference).toBeUndefined();
    expect(other.auditRecords).toBe(log.records(AUDIT_RECORDS, 0).filter((record) => runOf(record) === 'r-1').length);
    expect(other.decisions).toBe(log.records(DECISIONS, 0).filter((record) => runOf(record) === 'r-1').length);
  });
});

it('shows a run as it was after any of its records', async () => {
  const seen = new Map<number, Portrait>();
  const observer = {
    recorded: (record: AuditRecord, hash: Uint8Array): void => {
      const { shard: memory } = shard.live;
      const state = memory.runs.get('r-2')?.state;
      if (record.run_id === 'r-2' && state !== undefined) seen.set(record.seq, portraitOf(memory, state, record, hash));
    },
  };
  const shard = new TestShard(openMemoryBus({ shards: 1 }), observer);
  await live(shard, dayOf(shard, 4, 500), { most: 5, takeover: 0.2, random: new Random(4) });
  const random = new Random(99);
  expect(seen.size).toBeGreaterThan(100);
  for (let round = 0; round < 40; round++) {
    const seq = random.below(seen.size);
    const { portrait, difference, last } = await replayed(shard, { run: 'r-2', portraitAt: seq });
    expect([difference, last?.seq]).toEqual([undefined, seq]);
    expect(portrait).toEqual(seen.get(seq));
  }
});

it('stops where it is told to', async () => {
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  await live(shard, dayOf(shard, 4, 300), { most: 5, takeover: 0, random: new Random(4) });
  const audits = await shard.audits();
  const { last } = await replayed(shard, { run: 'r-1', until: { seq: 10 } });
  expect(last).toMatchObject({ run: 'r-1', seq: 10 });
  const time = audits[100]?.clock ?? 0;
  const report = await replayed(shard, { until: { time } });
  expect(report.auditRecords).toBe(audits.findIndex(({ clock }) => clock > time));
  expect(report.entities).toBe(0);
});

it('follows a log in what it could not read then, and says how often', async () => {
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  const early = shard.intent(intentOf({ intent_id: 'early', timestamp: new Date(START).toISOString() }));
  const strange = Buffer.from(early.value ?? []);
  strange.writeUInt32BE(77, 1);
  await shard.feed(
    { ...early, value: strange },
    shard.intent(intentOf({ intent_id: 'late', timestamp: new Date(START).toISOString() })),
  );
  // By now somebody has registered what the input is of.
  const { ids, schemas } = freshSchemas();
  const knowing = new Codec({ ids, schemas: new Map([...schemas, [77, schemaText('OrderIntent')]]) });
  expect(knowing.decodeValue(ORDER_INTENTS, strange).ok).toBe(true);
  expect(await replayed(shard)).toMatchObject({ difference: undefined, setAsideAsRecorded: 0, deadLetters: 1 });
  expect(await replayed(shard, { codec: knowing })).toMatchObject({
    difference: undefined,
    setAsideAsRecorded: 1,
    deadLetters: 1,
  });
});
