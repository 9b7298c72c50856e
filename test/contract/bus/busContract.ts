/**
 * What every bus must do: one suite for the embedded bus, the bus in memory and Kafka. It uses nothing but the port, assumes no offsets without
 * gaps and no record that is there at once, and shares one bus between its tests: each reads from where the topics ended when it began.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { AUDIT_RECORDS, CONTROL_EVENTS, DECISIONS, ORDER_INTENTS, POLICY_STATE, type Topic } from '../../../src/contracts/topics';
import type { Bus, BusReader, BusRecord, OutgoingRecord, PollOptions, TopicPosition } from '../../../src/processor/bus';
import { isBusError, record, shown, text } from './records';

/** Partitions that the bus under test must have. */
export const CONTRACT_SHARDS = 3;
const PATIENCE_MS = 20_000;

export const busContract = (name: string, open: () => Promise<Bus>): void => {
  describe(`bus contract: ${name}`, () => {
    let bus: Bus;
    const readers: BusReader[] = [];
    beforeAll(async () => (bus = await open()), 60_000);
    afterEach(async () => {
      await Promise.all(readers.splice(0).map((reader) => reader.close()));
    });
    afterAll(() => bus.close(), 60_000);

    const newWriter = () => bus.writer(`contract-${randomUUID()}`);
    const endOf = async (topic: Topic, partition: number): Promise<TopicPosition> => ({
      topic,
      partition,
      offset: await bus.endOffset(topic, partition),
    });
    const readerAt = async (...from: TopicPosition[]): Promise<BusReader> => {
      const reader = await bus.reader(from);
      readers.push(reader);
      return reader;
    };
    const readerAtEnd = async (...of: (readonly [Topic, number])[]): Promise<BusReader> =>
      readerAt(...(await Promise.all(of.map(([topic, partition]) => endOf(topic, partition)))));
    /** Polls until `count` records came. */
    const readCount = async (reader: BusReader, count: number, options?: Partial<PollOptions>): Promise<BusRecord[]> => {
      const records: BusRecord[] = [];
      const deadline = Date.now() + PATIENCE_MS;
      while (records.length < count && Date.now() < deadline)
        records.push(...(await reader.poll({ maxRecords: count - records.length, maxWaitMs: 500, ...options })));
      return records;
    };
    /** Commits a last record to the partition and reads until it comes: all that is visible before it. */
    const readToMarker = async (reader: BusReader, topic: Topic, partition: number): Promise<BusRecord[]> => {
      const marker = record(topic, partition, 'marker', randomUUID());
      await (await newWriter()).commit([marker]);
      const records: BusRecord[] = [];
      const deadline = Date.now() + PATIENCE_MS;
      while (Date.now() < deadline) {
        records.push(...(await reader.poll({ maxRecords: 1000, maxWaitMs: 500 })));
        const at = records.findIndex(({ value }) => value !== null && text(value) === text(marker.value));
        if (at >= 0) return records.filter((_, index) => index !== at);
      }
      throw new Error('the marker never came');
    };

    it('has the partitions it was opened with', () => expect(bus.shards).toBe(CONTRACT_SHARDS));

    describe('commit', () => {
      it('shows all records of a commit, in order, across topics and partitions, at the offsets it answered', async () => {
        const reader = await readerAtEnd([DECISIONS, 0], [AUDIT_RECORDS, 0], [DECISIONS, 1]);
        const writer = await newWriter();
        const records = [
          record(DECISIONS, 0, 'a', '1'),
          record(AUDIT_RECORDS, 0, 'a', '2'),
          record(DECISIONS, 1, 'b', '3'),
          record(DECISIONS, 0, 'c', '4'),
        ];
        const offsets = await writer.commit(records);
        expect(offsets).toHaveLength(4);
        const [first = 0, , , last = 0] = offsets;
        expect(last).toBeGreaterThan(first);
        const read = await readCount(reader, 4);
        const expected = [0, 3, 1, 2].map((at) => shown({ ...records[at]!, offset: offsets[at]! }));
        expect(read.map(shown).sort(byPlace)).toEqual(expected.sort(byPlace));
        expect(read.filter(({ topic, partition }) => topic === DECISIONS && partition === 0).map(({ offset }) => offset)).toEqual(
          [first, last],
        );
      });

      it('keeps the order of many commits of one writer, with growing offsets', async () => {
        const reader = await readerAtEnd([ORDER_INTENTS, 0]);
        const writer = await newWriter();
        const offsets: number[] = [];
        for (let n = 0; n < 20; n++) offsets.push(...(await writer.commit([record(ORDER_INTENTS, 0, 'k', String(n))])));
        const read = await readCount(reader, 20);
        expect(read.map(({ value }) => text(value))).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
        expect(read.map(({ offset }) => offset)).toEqual(offsets);
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      });

      it('answers an empty commit with no offsets', async () => {
        expect(await (await newWriter()).commit([])).toEqual([]);
      });

      it('moves the end offset past what was committed', async () => {
        const before = await bus.endOffset(DECISIONS, 2);
        const offsets = await (await newWriter()).commit([record(DECISIONS, 2, 'k', 'v')]);
        expect(offsets[0]).toBeGreaterThanOrEqual(before);
        expect(await bus.endOffset(DECISIONS, 2)).toBeGreaterThan(offsets[0]!);
      });

      it('takes commits of several writers at once, each whole', async () => {
        const reader = await readerAtEnd([AUDIT_RECORDS, 1]);
        const writers = await Promise.all(Array.from({ length: 4 }, newWriter));
        await Promise.all(
          writers.map((writer, w) => writer.commit([0, 1, 2].map((n) => record(AUDIT_RECORDS, 1, `w${w}`, `${w}.${n}`)))),
        );
        const values = (await readCount(reader, 12)).map(({ value }) => text(value));
        for (let w = 0; w < 4; w++)
          expect(values.filter((value) => value.startsWith(`${w}.`))).toEqual([`${w}.0`, `${w}.1`, `${w}.2`]);
      });

      it('shows no part of a commit while another part is missing', async () => {
        const writer = await newWriter();
        const reader = await readerAtEnd([DECISIONS, 0], [AUDIT_RECORDS, 0]);
        const seen: BusRecord[] = [];
        const committing = (async () => {
          for (let n = 0; n < 10; n++)
            await writer.commit([record(AUDIT_RECORDS, 0, 'k', String(n)), record(DECISIONS, 0, 'k', String(n))]);
        })();
        const deadline = Date.now() + PATIENCE_MS;
        while (seen.length < 20 && Date.now() < deadline) {
          seen.push(...(await reader.poll({ maxRecords: 100, maxWaitMs: 100 })));
          // Topics come in the order of the reader: whoever sees the decision of a commit can read its audit record too.
          const audited = await bus.endOffset(AUDIT_RECORDS, 0);
          for (const { topic, offset } of seen) if (topic === AUDIT_RECORDS) expect(audited).toBeGreaterThan(offset);
        }
        await committing;
        expect(seen).toHaveLength(20);
      });
    });

    describe('bytes', () => {
      const roundTrip = async (...records: OutgoingRecord[]): Promise<BusRecord[]> => {
        const reader = await readerAtEnd([CONTROL_EVENTS, 2]);
        await (await newWriter()).commit(records);
        return readCount(reader, records.length);
      };
      const at = (fields: Partial<OutgoingRecord>): OutgoingRecord => ({ ...record(CONTROL_EVENTS, 2, 'k', 'v'), ...fields });

      it('brings back null and empty keys and values, timestamps and headers as they were', async () => {
        const records = [
          at({ key: null }),
          at({ key: new Uint8Array(0) }),
          at({ value: null }),
          at({ value: new Uint8Array(0) }),
          at({ key: null, value: null, timestamp: 1 }),
          at({ timestamp: 1_795_000_000_123 }),
          at({ headers: { reason: 'not Avro', from: 'order-intents/0@7', empty: '', ünïcode: '✓' } }),
        ];
        const read = await roundTrip(...records);
        expect(read.map((one) => ({ ...shown(one), place: '' }))).toEqual(
          records.map((given) => ({ ...shown(given), place: '' })),
        );
      });

      it('takes a key of four zero bytes for a key', async () => {
        const [read] = await roundTrip(at({ key: new Uint8Array(4), value: Buffer.from('not a marker') }));
        expect(read?.key).not.toBeNull();
        expect(Buffer.from(read!.key!).toString('hex')).toBe('00000000');
        expect(text(read!.value)).toBe('not a marker');
      });

      it('carries a value of a million bytes', async () => {
        const value = Buffer.alloc(1_000_000, 'policygate');
        value[777_777] = 0;
        const [read] = await roundTrip(at({ value }));
        expect(Buffer.from(read!.value!).equals(value)).toBe(true);
      });

      it('carries 10,000 records in one commit', async () => {
        const reader = await readerAtEnd([ORDER_INTENTS, 1]);
        const records = Array.from({ length: 10_000 }, (_, n) => record(ORDER_INTENTS, 1, `k${n}`, `value ${n}`));
        const offsets = await (await newWriter()).commit(records);
        const read = await readCount(reader, 10_000, { maxRecords: 3000 });
        expect(read.map(({ offset }) => offset)).toEqual(offsets);
        expect(read.map(({ value }) => text(value))).toEqual(records.map(({ value }) => text(value)));
      }, 30_000);
    });

    describe('fencing', () => {
      it('refuses the older writer of an id, and shows nothing of what it commits', async () => {
        const id = `contract-${randomUUID()}`;
        const reader = await readerAtEnd([DECISIONS, 1]);
        const older = await bus.writer(id);
        await older.commit([record(DECISIONS, 1, 'k', 'before')]);
        const newer = await bus.writer(id);
        await expect(older.commit([record(DECISIONS, 1, 'k', 'zombie')])).rejects.toMatchObject(isBusError('BUS_FENCED'));
        await expect(older.commit([record(DECISIONS, 1, 'k', 'zombie again')])).rejects.toMatchObject({ name: 'BusError' });
        await newer.commit([record(DECISIONS, 1, 'k', 'after')]);
        const read = await readToMarker(reader, DECISIONS, 1);
        expect(read.map(({ value }) => text(value))).toEqual(['before', 'after']);
      });

      it('settles a commit of the older writer before it hands out the new one', async () => {
        for (let round = 0; round < 5; round++) {
          const id = `contract-${randomUUID()}`;
          const reader = await readerAtEnd([DECISIONS, 1]);
          const older = await bus.writer(id);
          const outcome = older.commit([record(DECISIONS, 1, 'k', 'older')]).then(
            ([offset]) => offset,
            () => undefined,
          );
          const newer = await bus.writer(id);
          const end = await bus.endOffset(DECISIONS, 1);
          await newer.commit([record(DECISIONS, 1, 'k', 'newer')]);
          const read = await readToMarker(reader, DECISIONS, 1);
          const values = read.map(({ value }) => text(value));
          expect([['newer'], ['older', 'newer']]).toContainEqual(values);
          const offset = await outcome;
          if (offset !== undefined) expect(values).toEqual(['older', 'newer']);
          // What is visible of the older writer was so when the newer one was handed out.
          if (values.length === 2) expect(read[0]!.offset).toBeLessThan(end);
        }
      }, 30_000);

      it('does not touch writers of other ids', async () => {
        const writer = await newWriter();
        await newWriter();
        expect(await writer.commit([record(DECISIONS, 1, 'k', 'v')])).toHaveLength(1);
      });
    });

    describe('poll', () => {
      it('gives topics in the order of the reader, and no more than asked', async () => {
        const reader = await readerAtEnd([CONTROL_EVENTS, 0], [ORDER_INTENTS, 0]);
        const intents = Array.from({ length: 6 }, (_, n) => record(ORDER_INTENTS, 0, 'k', `i${n}`));
        const controls = Array.from({ length: 6 }, (_, n) => record(CONTROL_EVENTS, 0, 'k', `c${n}`));
        await (await newWriter()).commit([...intents, ...controls]);
        const read: BusRecord[] = [];
        const deadline = Date.now() + PATIENCE_MS;
        while (read.length < 12 && Date.now() < deadline) {
          const answer = await reader.poll({ maxRecords: 4, maxWaitMs: 500 });
          expect(answer.length).toBeLessThanOrEqual(4);
          const topics = answer.map(({ topic }) => [CONTROL_EVENTS, ORDER_INTENTS].indexOf(topic as never));
          expect(topics).toEqual([...topics].sort());
          read.push(...answer);
        }
        const valuesOf = (wanted: Topic) => read.filter(({ topic }) => topic === wanted).map(({ value }) => text(value));
        expect(valuesOf(CONTROL_EVENTS)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
        expect(valuesOf(ORDER_INTENTS)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4', 'i5']);
      });

      it('keeps to the limit of a topic', async () => {
        const reader = await readerAtEnd([CONTROL_EVENTS, 0], [ORDER_INTENTS, 0]);
        const records = Array.from({ length: 10 }, (_, n) =>
          record(n % 2 === 0 ? ORDER_INTENTS : CONTROL_EVENTS, 0, 'k', String(n)),
        );
        await (await newWriter()).commit(records);
        let count = 0;
        const deadline = Date.now() + PATIENCE_MS;
        while (count < 10 && Date.now() < deadline) {
          const answer = await reader.poll({ maxRecords: 100, maxWaitMs: 500, perTopic: { [ORDER_INTENTS]: 2 } });
          expect(answer.filter(({ topic }) => topic === ORDER_INTENTS).length).toBeLessThanOrEqual(2);
          count += answer.length;
        }
        expect(count).toBe(10);
      });

      it('starves no topic while another has a long queue', async () => {
        const reader = await readerAtEnd([CONTROL_EVENTS, 0], [ORDER_INTENTS, 0]);
        const flood = Array.from({ length: 2000 }, (_, n) => record(CONTROL_EVENTS, 0, 'k', String(n)));
        await (await newWriter()).commit([...flood, record(ORDER_INTENTS, 0, 'k', 'the one')]);
        let before = 0;
        const deadline = Date.now() + PATIENCE_MS;
        while (Date.now() < deadline) {
          const answer = await reader.poll({ maxRecords: 10, maxWaitMs: 500 });
          if (answer.some(({ topic }) => topic === ORDER_INTENTS)) break;
          before += answer.length;
        }
        expect(before).toBeLessThan(1000);
      });

      it('answers at once when it shall not wait, and with nothing when nothing came in time', async () => {
        const reader = await readerAtEnd([ORDER_INTENTS, 2]);
        expect(await reader.poll({ maxRecords: 10, maxWaitMs: 0 })).toEqual([]);
        const started = Date.now();
        expect(await reader.poll({ maxRecords: 10, maxWaitMs: 150 })).toEqual([]);
        expect(Date.now() - started).toBeGreaterThanOrEqual(100);
      });

      it('is woken by a commit', async () => {
        const reader = await readerAtEnd([ORDER_INTENTS, 2], [CONTROL_EVENTS, 2]);
        const started = Date.now();
        const polling = readCount(reader, 1, { maxWaitMs: PATIENCE_MS });
        await (await newWriter()).commit([record(CONTROL_EVENTS, 2, 'k', 'wake up')]);
        expect((await polling).map(({ value }) => text(value))).toEqual(['wake up']);
        expect(Date.now() - started).toBeLessThan(PATIENCE_MS / 2);
      }, 30_000);

      it('reads the same again from an offset in the middle', async () => {
        const start = await endOf(AUDIT_RECORDS, 2);
        const records = Array.from({ length: 50 }, (_, n) => record(AUDIT_RECORDS, 2, 'k', String(n)));
        const offsets = await (await newWriter()).commit(records);
        expect((await readCount(await readerAt(start), 50)).map(({ offset }) => offset)).toEqual(offsets);
        const middle = await readerAt({ ...start, offset: offsets[33]! });
        expect((await readCount(middle, 17)).map(({ offset }) => offset)).toEqual(offsets.slice(33));
      });
    });

    describe('a compacted topic', () => {
      it('shows the newest record of each key to a reader from offset zero, tombstones included, in order of offsets', async () => {
        const writer = await newWriter();
        const run = randomUUID();
        const newest = new Map<string, string | null>();
        for (let round = 0; round < 30; round++) {
          const records = Array.from({ length: 100 }, (_, n) => {
            const key = `${run}/${(n * 7 + round) % 130}`;
            const value = round % 3 === 2 && n % 5 === 0 ? null : `${round}.${n}`;
            newest.set(key, value);
            return record(POLICY_STATE, 0, key, value);
          });
          await writer.commit(records);
        }
        const reader = await readerAt({ topic: POLICY_STATE, partition: 0, offset: 0 });
        const read = await readToMarker(reader, POLICY_STATE, 0);
        const offsets = read.map(({ offset }) => offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
        const folded = new Map<string, string | null>();
        for (const { key, value } of read)
          if (text(key).startsWith(run)) folded.set(text(key), value === null ? null : text(value));
        expect(new Map([...folded].sort())).toEqual(new Map([...newest].sort()));
      }, 30_000);
    });

    it('shows what a model of the topics says, whatever is committed', async () => {
      const topics = [DECISIONS, AUDIT_RECORDS] as const;
      const places = topics.flatMap((topic) => [0, 1, 2].map((partition) => [topic, partition] as const));
      const bytes = fc.option(fc.uint8Array({ maxLength: 40 }));
      const anyRecord = fc.record({
        place: fc.constantFrom(...places),
        key: bytes,
        value: bytes,
        timestamp: fc.integer({ min: 0, max: 2 ** 41 }),
        headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 2 }),
      });
      const commits = fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(commits, async (all) => {
          const reader = await readerAtEnd(...places);
          const writer = await newWriter();
          const model: BusRecord[] = [];
          for (const given of all) {
            const records = given.map(({ place: [topic, partition], ...rest }) => ({ topic, partition, ...rest }));
            const offsets = await writer.commit(records);
            records.forEach((one, at) => model.push({ ...one, offset: offsets[at]! }));
          }
          const read = await readCount(reader, model.length, { maxRecords: 17 });
          for (const [topic, partition] of places) {
            const here = (one: BusRecord) => one.topic === topic && one.partition === partition;
            expect(read.filter(here).map(shown)).toEqual(model.filter(here).map(shown));
          }
          await writer.close();
          await reader.close();
        }),
        { numRuns: 30 },
      );
    }, 120_000);

    describe('closing', () => {
      it('refuses commits of a closed writer', async () => {
        const writer = await newWriter();
        await writer.close();
        await expect(writer.commit([record(DECISIONS, 0, 'k', 'v')])).rejects.toMatchObject(isBusError('BUS_CLOSED'));
      });

      it('refuses polls of a closed reader, and ends one that is waiting', async () => {
        const reader = await readerAtEnd([ORDER_INTENTS, 2]);
        const waiting = expect(reader.poll({ maxRecords: 1, maxWaitMs: PATIENCE_MS })).rejects.toMatchObject(
          isBusError('BUS_CLOSED'),
        );
        await reader.close();
        await waiting;
        await expect(reader.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toMatchObject(isBusError('BUS_CLOSED'));
      });

      it('refuses everything once the bus is closed', async () => {
        const other = await open();
        const writer = await other.writer(`contract-${randomUUID()}`);
        const reader = await other.reader([{ topic: DECISIONS, partition: 0, offset: 0 }]);
        await other.close();
        const closed = isBusError('BUS_CLOSED');
        await expect(writer.commit([record(DECISIONS, 0, 'k', 'v')])).rejects.toMatchObject(closed);
        await expect(reader.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toMatchObject(closed);
        await expect(other.writer('contract-late')).rejects.toMatchObject(closed);
        await expect(other.reader([])).rejects.toMatchObject(closed);
        await expect(other.endOffset(DECISIONS, 0)).rejects.toMatchObject(closed);
      });
    });
  });
};

const byPlace = (a: { place: string }, b: { place: string }): number => (a.place < b.place ? -1 : 1);
