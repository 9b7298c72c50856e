import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import type { AuditCheckpoint } from '../../contracts/messages';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { consistencyProof } from '../merkleProof';
import { MerkleTree, verifyConsistency } from '../merkle';
import { leafData } from './auditLeaf';
import { SigningKey } from './checkpointKeys';
import { verifiedHead } from './checkpointNote';
import { CheckpointWriter } from './checkpointWriter';
import { makeCheckpoints } from './makeCheckpoints';
import type { MakeOptions } from './makeCheckpoints';
import { verifyShard } from './verifyCheckpoints';
import type { CheckpointFault, KnownHead } from './verifyCheckpoints';

const key = SigningKey.generate('risk.example/gate');
const NOW = 1_771_930_000_000;
const never = new AbortController().signal;

let intents = 0;
const newIntent = () => intentOf({ intent_id: `i-${++intents}`, timestamp: '2026-02-24T09:30:00Z' });

const shardWith = async (count: number): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started(), shard.price('AAPL', '200'));
  await decide(shard, count);
  return shard;
};
const decide = async (shard: TestShard, count: number): Promise<void> => {
  await shard.publish(...Array.from({ length: count }, () => shard.intent(newIntent())));
  await shard.settle();
};

const make = async (shard: TestShard, options: Partial<MakeOptions> = {}): Promise<readonly AuditCheckpoint[]> => {
  const made: AuditCheckpoint[] = [];
  const { bus, codec } = shard;
  const standard = { bus, codec, key, now: () => NOW, everyRecords: Infinity, everyMs: Infinity, untilEnd: true };
  await makeCheckpoints({ ...standard, onPublished: (checkpoint) => void made.push(checkpoint), ...options }, never);
  return made;
};
const verify = (shard: TestShard, filed?: readonly KnownHead[], publicKey = key.publicKey, bus: Bus = shard.bus) =>
  verifyShard({ bus, codec: shard.codec, key: publicKey, partition: 0, filed });

/** A bus whose topics read as they are told to. */
const forged = (
  bus: Bus,
  topic: string,
  change: (record: OutgoingRecord, offset: number) => OutgoingRecord | undefined,
): Bus => ({
  shards: bus.shards,
  writer: (id) => bus.writer(id),
  endOffset: (...at) => bus.endOffset(...at),
  offsetAt: (...at) => bus.offsetAt(...at),
  close: () => bus.close(),
  reader: async (from) => {
    const reader = await bus.reader(from);
    return {
      position: (...at) => reader.position(...at),
      close: () => reader.close(),
      poll: async (options) =>
        (await reader.poll(options)).flatMap((record) => {
          const changed = record.topic === topic ? change(record, record.offset) : record;
          return changed === undefined ? [] : [{ ...record, ...changed }];
        }),
    };
  },
});

it('signs what there is, goes on from there, and each tree begins with the one before', async () => {
  const shard = await shardWith(5);
  const [first] = await make(shard);
  const audits = await shard.all(AUDIT_RECORDS);
  expect(first).toMatchObject({
    origin: 'risk.example/gate/0',
    tree_size: audits.length,
    audit_offset: audits.length,
    made_at: NOW,
  });
  expect(await make(shard)).toEqual([]);
  await decide(shard, 6);
  const [second] = await make(shard);
  const leaves = (await shard.all(AUDIT_RECORDS)).map(leafData);
  expect(second?.tree_size).toBe(leaves.length);
  const proof = consistencyProof(first!.tree_size, second!.tree_size, leaves);
  expect(verifyConsistency(first!.tree_size, second!.tree_size, proof, first!.root_hash, second!.root_hash)).toBe(true);
  expect(await verify(shard)).toMatchObject({
    records: leaves.length,
    checkpoints: 2,
    last: { size: leaves.length },
    faults: [],
  });
});

it('signs after so many records, and what is left at the end', async () => {
  const shard = await shardWith(11);
  const { length } = await shard.all(AUDIT_RECORDS);
  const sizes = (await make(shard, { everyRecords: 4 })).map(({ tree_size }) => tree_size);
  expect(sizes).toEqual([4, 8, 12].filter((size) => size <= length).concat(length % 4 === 0 ? [] : [length]));
  expect((await verify(shard)).faults).toEqual([]);
});

it('signs after so much time, while it follows, and signs the rest when it is stopped', async () => {
  const shard = await shardWith(2);
  const stop = new AbortController();
  let clock = NOW;
  const sizes: number[] = [];
  let tell: () => void = () => undefined;
  const published = (): Promise<void> => new Promise((resolve) => (tell = resolve));
  const first = published();
  const done = makeCheckpoints(
    {
      ...{
        bus: shard.bus,
        codec: shard.codec,
        key,
        now: () => (clock += 50),
        everyRecords: Infinity,
        everyMs: 1_000,
        untilEnd: false,
      },
      onPublished: ({ tree_size }) => {
        sizes.push(tree_size);
        tell();
      },
    },
    stop.signal,
  );
  await first;
  const { length } = await shard.all(AUDIT_RECORDS);
  expect(sizes).toEqual([length]);
  await decide(shard, 3);
  stop.abort();
  await done;
  expect(sizes.at(-1)).toBe(length + 3);
});

it('fences the writer before', async () => {
  const shard = await shardWith(3);
  const options = { bus: shard.bus, codec: shard.codec, partition: 0, key, now: () => NOW };
  const older = await CheckpointWriter.takeOver(options);
  const newer = await CheckpointWriter.takeOver(options);
  for (const record of await shard.all(AUDIT_RECORDS)) for (const writer of [older, newer]) writer.add(record);
  await expect(older.publish()).rejects.toMatchObject({ code: 'BUS_FENCED' });
  await newer.publish();
  expect(await shard.all(AUDIT_CHECKPOINTS)).toHaveLength(1);
});

describe('nothing is signed', () => {
  it('after a checkpoint of another key', async () => {
    const shard = await shardWith(3);
    await make(shard);
    await decide(shard, 1);
    const other = SigningKey.generate(key.name);
    await expect(make(shard, { key: other })).rejects.toThrow(
      /^audit-checkpoints\/0@0: signed by risk\.example\/gate .*; nothing is signed after it: use the key of this log$/,
    );
    expect(await shard.all(AUDIT_CHECKPOINTS)).toHaveLength(1);
  });

  it('after one whose frontier, size or offset was changed', async () => {
    const shard = await shardWith(4);
    const [checkpoint] = await make(shard);
    for (const changed of [
      { frontier: checkpoint!.frontier.map((hash) => Buffer.from(hash).fill(1)) },
      { frontier: checkpoint!.frontier.slice(1) },
      { tree_size: checkpoint!.tree_size + 1 },
      { audit_offset: checkpoint!.audit_offset - 1 },
      { root_hash: Buffer.alloc(32) },
      { made_at: NOW + 1 },
      { origin: 'risk.example/gate/1' },
    ]) {
      const value = shard.codec.encodeValue(AUDIT_CHECKPOINTS, { ...checkpoint!, ...changed });
      const bus = forged(shard.bus, AUDIT_CHECKPOINTS, (record) => ({ ...record, value }));
      await expect(make(shard, { bus })).rejects.toMatchObject({ name: 'CheckpointError', about: 'key' });
      expect((await verify(shard, undefined, key.publicKey, bus)).faults).toHaveLength(1);
    }
    const unreadable = forged(shard.bus, AUDIT_CHECKPOINTS, (record) => ({ ...record, value: Buffer.of(0, 1) }));
    await expect(make(shard, { bus: unreadable })).rejects.toMatchObject({ name: 'CheckpointError', about: 'record' });
  });

  it('over a log that is shorter than what was signed', async () => {
    const shard = await shardWith(4);
    await make(shard);
    const bus: Bus = {
      ...forged(shard.bus, '', (record) => record),
      endOffset: async (topic, partition) => (await shard.bus.endOffset(topic, partition)) - (topic === AUDIT_RECORDS ? 2 : 0),
    };
    await expect(make(shard, { bus })).rejects.toMatchObject({
      name: 'CheckpointError',
      about: 'log',
      message: expect.stringContaining('records are missing; restore the log from a copy'),
    });
    const { faults } = await verify(shard, undefined, key.publicKey, bus);
    expect(faults).toMatchObject([{ where: 'audit-checkpoints/0@0', what: expect.stringContaining('it was truncated') }]);
  });

  it('over a log that was changed, when it is read again', async () => {
    const shard = await shardWith(4);
    await make(shard);
    const bus = forged(shard.bus, AUDIT_RECORDS, (record, offset) => ({
      ...record,
      value: offset === 2 ? flipped(record.value) : record.value,
    }));
    await expect(make(shard, { bus, recheck: true })).rejects.toMatchObject({
      name: 'CheckpointError',
      about: 'log',
      message: expect.stringContaining('the log was changed after it was signed'),
    });
    await make(shard, { recheck: true });
  });

  it('over what is no audit record', async () => {
    const shard = await shardWith(1);
    await shard.publish({ topic: AUDIT_RECORDS, partition: 0, key: null, value: Buffer.of(0, 0, 0, 0, 6, 1), timestamp: 0 });
    await expect(make(shard)).rejects.toThrow(/^audit-records\/0@\d+: 6 bytes are no audit record; nothing is signed over it$/);
  });
});

/** Another hash: the last byte. */
const flipped = (value: Uint8Array | null): Uint8Array | null => {
  if (value === null) return null;
  const copy = Buffer.from(value);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
};

describe('a log that is not what was signed', () => {
  const withFaults = async (
    change: (record: OutgoingRecord, offset: number) => OutgoingRecord | undefined,
  ): Promise<readonly CheckpointFault[]> => {
    const shard = await shardWith(12);
    await make(shard, { everyRecords: 5 });
    expect((await verify(shard)).faults).toEqual([]);
    return (await verify(shard, undefined, key.publicKey, forged(shard.bus, AUDIT_RECORDS, change))).faults;
  };
  const OTHER_ROOT = expect.stringContaining('they are not those that were signed');

  it('by a changed byte, with the hash as it was', async () => {
    const faults = await withFaults((record, offset) => {
      if (offset !== 6 || record.value === null) return record;
      const value = Buffer.from(record.value);
      value[20] = (value[20] ?? 0) ^ 1;
      return { ...record, value };
    });
    expect(faults).toMatchObject([{ where: 'audit-records/0@6' }]);
  });

  it('by a changed hash', async () => {
    const faults = await withFaults((record, offset) => (offset === 6 ? { ...record, value: flipped(record.value) } : record));
    expect(faults).toMatchObject([
      { where: 'audit-records/0@6', what: expect.stringContaining('its hash does not fit its bytes') },
      { where: 'audit-checkpoints/0@1', what: OTHER_ROOT },
      { where: 'audit-checkpoints/0@2', what: OTHER_ROOT },
    ]);
  });

  it('by a record that is missing', async () => {
    const faults = await withFaults((record, offset) => (offset === 2 ? undefined : record));
    expect(faults.length).toBeGreaterThanOrEqual(3);
    expect(faults.at(-1)?.what).toContain('it was truncated');
  });
});

describe('a file of checkpoints', () => {
  it('that has one more, or lacks one, or another over the same records, is named', async () => {
    const shard = await shardWith(12);
    await make(shard, { everyRecords: 5 });
    const { records } = await verify(shard);
    const heads = (await shard.all(AUDIT_CHECKPOINTS)).map(({ value }, at) => {
      const decoded = shard.codec.decodeValue(AUDIT_CHECKPOINTS, value);
      if (!decoded.ok) throw new Error(decoded.error.message);
      const { tree_size: size, root_hash: root, audit_offset: auditOffset, made_at: madeAt } = decoded.value;
      return { where: `file:${at + 1}`, head: { name: key.name, shard: 0, size, root, auditOffset, madeAt } };
    });
    expect(await verify(shard, heads)).toMatchObject({ checkpoints: heads.length, faults: [] });
    // A file that was begun later lacks nothing.
    expect((await verify(shard, heads.slice(1))).faults).toEqual([]);
    // What was published without it is worth a warning.
    expect(await verify(shard, heads.slice(0, -1))).toMatchObject({
      faults: [],
      warnings: [
        { where: `audit-checkpoints/0@${heads.length - 1}`, what: expect.stringContaining('the file has no such checkpoint') },
      ],
    });
    const [first] = heads;
    const rolledBack = { where: 'file:9', head: { ...first!.head, size: records + 7, auditOffset: records + 7 } };
    expect((await verify(shard, [...heads, rolledBack])).faults).toMatchObject([
      { where: 'file:9', what: expect.stringContaining('audit-checkpoints has no such checkpoint') },
      { where: 'file:9', what: expect.stringContaining('it was truncated, or is another log') },
    ]);
    const otherHistory = { where: 'file:1', head: { ...first!.head, root: Buffer.alloc(32, 1) } };
    const { faults } = await verify(shard, [otherHistory, ...heads.slice(1)]);
    expect(faults.map(({ where }) => where)).toEqual(['file:1', 'file:1']);
  });
});

describe('a copy beside the topic', () => {
  const fork = async () => {
    const [shard, other] = [await shardWith(3), await shardWith(3)];
    const heads = new Map([[0, (await make(other)).map(headIn)]]);
    return { shard, copy: { heads, add: () => undefined } };
  };
  const headIn = ({ tree_size: size, root_hash: root, audit_offset: auditOffset, made_at: madeAt }: AuditCheckpoint) => ({
    where: 'copy:1',
    head: { name: key.name, shard: 0, size, root, auditOffset, madeAt },
  });
  const refusal = (message: RegExp) => ({ name: 'CheckpointError', about: 'log', message: expect.stringMatching(message) });

  it('of another history is not contradicted, whether the log is as long, longer, or goes on from the same checkpoint', async () => {
    const { shard, copy } = await fork();
    const another = refusal(
      /^copy:1: the first \d+ audit records of shard 0 are signed with the root .* another history; nothing is signed/,
    );
    await expect(make(shard, { copy })).rejects.toMatchObject(another);
    await decide(shard, 2);
    await expect(make(shard, { copy })).rejects.toMatchObject(another);
    expect(await shard.all(AUDIT_CHECKPOINTS)).toEqual([]);
    // Signed without the copy: now the topic has larger ones, and none over as many.
    await make(shard);
    await expect(make(shard, { copy })).rejects.toMatchObject(another);
  });

  it('that is longer than the log, or of a shard that it has not, is not contradicted', async () => {
    const shard = await shardWith(2);
    const [first] = await make(shard);
    const longer = { ...headIn(first!), head: { ...headIn(first!).head, size: first!.tree_size + 4 } };
    const copy = { heads: new Map([[0, [headIn(first!), longer]]]), add: () => undefined };
    await decide(shard, 2);
    await expect(make(shard, { copy })).rejects.toMatchObject(
      refusal(/^copy:1: \d+ audit records of shard 0 are signed, the log has/),
    );
    await expect(make(shard, { copy: { ...copy, heads: new Map([[3, [longer]]]) } })).rejects.toMatchObject(
      refusal(/^copy:1: of shard 3; this log has 1; nothing is signed$/),
    );
    expect(await shard.all(AUDIT_CHECKPOINTS)).toHaveLength(1);
  });

  it('that the log agrees with gets what it lacks, and every new one', async () => {
    const shard = await shardWith(12);
    const made = await make(shard, { everyRecords: 5 });
    await decide(shard, 1);
    const added: number[] = [];
    const heads = new Map([[0, [headIn(made[1]!)]]]);
    const [last] = await make(shard, { copy: { heads, add: ({ tree_size }) => void added.push(tree_size) } });
    expect(added).toEqual([made[0]!.tree_size, ...made.slice(2).map(({ tree_size }) => tree_size), last!.tree_size]);
    expect(added.length).toBeGreaterThanOrEqual(3);
  });

  it('may know checkpoints that the topic has lost, where the records agree', async () => {
    const shard = await shardWith(6);
    const made = await make(shard, { everyRecords: 3 });
    const bus = forged(shard.bus, AUDIT_CHECKPOINTS, (record, offset) => (offset === 0 ? undefined : record));
    const copy = { heads: new Map([[0, made.map(headIn)]]), add: () => undefined };
    expect(await make(shard, { bus, copy })).toEqual([]);
  });
});

it('signs where the last decision is, and goes on saying it while none comes', async () => {
  const shard = await shardWith(3);
  const records = await recordsOf(shard);
  const kinds = records.map((record) => {
    const head = shard.codec.decodeAuditHead(record.value);
    return head.ok ? head.value.kind : 'unreadable';
  });
  const size = kinds.lastIndexOf('DECISION') + 1;
  const tree = new MerkleTree();
  for (const record of records.slice(0, size)) tree.add(leafData(record));
  const lastDecisionOf = ([checkpoint]: readonly AuditCheckpoint[]) => {
    const head = verifiedHead(checkpoint?.note ?? '', key.publicKey);
    return head.ok ? head.value.lastDecision : head.error;
  };

  expect(lastDecisionOf(await make(shard))).toEqual({ size, root: tree.root() });
  await shard.feed(shard.control({ type: 'RunEnded' }));
  expect((await recordsOf(shard)).length).toBeGreaterThan(records.length);
  expect(lastDecisionOf(await make(shard))).toEqual({ size, root: tree.root() });
});

const recordsOf = async (shard: TestShard): Promise<readonly BusRecord[]> => {
  const records: BusRecord[] = [];
  for await (const record of recordsTo(shard.bus, { topic: AUDIT_RECORDS, partition: 0, offset: 0 })) records.push(record);
  return records;
};
