/** What the live view shows is what the log says: as soon as it is committed, after a restart, and while the bus fails. */
import { FaultyBus } from '../../../test/support/faultyBus';
import { Random } from '../../../test/support/random';
import { TestLog, until } from '../../../test/support/services';
import { START, TestShard } from '../../../test/support/shard';
import { dayOf } from '../../../test/support/shardHistory';
import { executionOf, intentOf } from '../../../test/support/situations';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { decimal, ZERO } from '../../contracts/decimal';
import type { AuditRecord } from '../../contracts/messages';
import { AUDIT_RECORDS, DEAD_LETTERS } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import type { Bus, OutgoingRecord } from '../../processor/bus';
import type { DeadLetter, JournalRecord } from './live';
import { LiveError } from './live';
import { LiveLog } from './liveLog';

const opened: LiveLog[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((live) => live.stop()));
});

const openLive = async ({ bus, codec }: TestShard, over: Bus = bus): Promise<LiveLog> => {
  const live = LiveLog.open({ bus: over, codec, log: new TestLog() });
  opened.push(live);
  await live.start();
  return live;
};

/** Two shards, of which the second is empty: positions are vectors. */
const newShard = (): TestShard => new TestShard(openMemoryBus({ shards: 2 }));

const isCurrent = async ({ bus }: TestShard, live: LiveLog): Promise<void> => {
  const end = await bus.endOffset(AUDIT_RECORDS, 0);
  await until('the live view is current', () => live.problems().length === 0 && live.position()[0] === end);
};

/** Publishes and folds in steps of a few records, with turns of the event loop in between. */
const played = async (shard: TestShard, records: readonly OutgoingRecord[], random: Random): Promise<void> => {
  for (let at = 0; at < records.length;) {
    const next = at + random.between(1, 10);
    await shard.publish(...records.slice(at, next));
    at = next;
    while ((await shard.live.step({ maxRecords: random.between(1, 10), maxWaitMs: 0 })) > 0)
      if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
  }
};

const intentIdOf = ({ intent, execution }: AuditRecord): string => intent?.intent_id ?? execution?.intent_id ?? '';
const nameOf = ({ run_id, seq }: { readonly run_id: string; readonly seq: number }): string => `${run_id} ${seq}`;
const namesOf = (records: readonly JournalRecord[]): readonly string[] => records.map(({ head }) => nameOf(head));

/** Every answer about the journal, compared with all of it. */
const expectJournal = async (live: LiveLog, audits: readonly AuditRecord[]): Promise<void> => {
  const runs = new Set(audits.map(({ run_id }) => run_id));
  for (const run of runs) {
    const own = audits.filter(({ run_id }) => run_id === run);
    expect(namesOf(await live.journal(run, 0, own.length + 5))).toEqual(own.map(nameOf));
    expect(namesOf(await live.journal(run, 3, 4))).toEqual(own.slice(3, 7).map(nameOf));
    expect(await live.journal(run, own.length, 5)).toEqual([]);
    for (const kind of ['CONTROL', 'KILL_SWITCH'] as const)
      expect(live.seqsOf(run, kind)).toEqual(own.filter((audit) => audit.kind === kind).map(({ seq }) => seq));
    const refused = own.filter(({ kind, control }) => kind === 'REJECTED_INPUT' && control !== null);
    expect(live.seqsOf(run, 'REFUSED_CONTROL')).toEqual(refused.map(({ seq }) => seq));
    for (const id of new Set(own.map(intentIdOf).filter((one) => one !== ''))) {
      const about = own.filter((audit) => intentIdOf(audit) === id);
      const decided = about.find(({ kind }) => kind === 'DECISION');
      const decision = await live.decision(run, id);
      expect(decision?.head.seq).toBe(decided?.seq);
      if (decided !== undefined) expect(decision?.sealed().record).toEqual(decided);
      expect((await live.timeline(run, id)).map(({ head }) => head.seq)).toEqual(about.map(({ seq }) => seq));
    }
  }
  expect(await live.decision('r-1', 'never-sent')).toBeUndefined();
  expect(await live.timeline('r-1', 'never-sent')).toEqual([]);
  expect(await live.journal('no-such-run', 0, 10)).toEqual([]);
};

const booksOf = (live: LiveLog): unknown =>
  live
    .runs()
    .map(({ ledger, strategies }) => [
      ledger.state.runId,
      [...strategies].map(([name, { decided, holdings }]) => [name, decided, [...holdings].sort()]).sort(),
    ])
    .sort();

it.each([1, 2, 3])('answers as the log does, followed and read anew (day %i)', async (seed) => {
  const shard = newShard();
  const random = new Random(seed);
  const day = dayOf(shard, seed, 400);
  await shard.takeOver();
  const first = await openLive(shard);
  await played(shard, day.slice(0, 200), random);
  const second = await openLive(shard);
  await played(shard, day.slice(200), random);
  const third = await openLive(shard);
  const audits = await shard.audits();
  expect(audits.length).toBeGreaterThan(150);
  for (const live of [first, second, third]) {
    await isCurrent(shard, live);
    await expectJournal(live, audits);
    expect(live.runs().map(({ ledger }) => ledger.nextSeq)).toEqual(
      [...shard.live.shard.runs.values()].map(({ nextSeq }) => nextSeq),
    );
    expect(booksOf(live)).toEqual(booksOf(first));
  }
});

it('tells of a record once the state is as new, and of what was set aside', async () => {
  const shard = newShard();
  await shard.takeOver();
  const live = await openLive(shard);
  const heard: string[] = [];
  const letters: DeadLetter[] = [];
  const deaf = live.listen({});
  live.listen({
    recorded: (records) => {
      for (const { head } of records) {
        expect(live.run(head.run_id)?.ledger.nextSeq).toBeGreaterThan(head.seq);
        heard.push(nameOf(head));
      }
    },
    setAside: (more) => letters.push(...more),
  });
  deaf();
  // A word on a letter is no letter.
  const word = shard.record(DEAD_LETTERS, null, null);
  await shard.publish({ ...word, headers: { dealt_with: 'drop', letter: '0/0', topic: 'order-intents' } });
  const day = dayOf(shard, 7, 200);
  await played(shard, day, new Random(7));
  await isCurrent(shard, live);
  expect(heard).toEqual((await shard.audits()).map(nameOf));
  const expected = (await shard.deadLetters())
    .slice(1)
    .map(({ headers }) => [headers.topic, Number(headers.offset), headers.reason]);
  expect(expected.length).toBeGreaterThan(0);
  expect(letters.map(({ input, reason }) => [input.topic, input.offset, reason])).toEqual(expected);
});

it('keeps a book for each strategy', async () => {
  const shard = newShard();
  await shard.takeOver();
  const live = await openLive(shard);
  expect(live.lastPriceAt).toBeUndefined();
  const order = (intent_id: string, strategy_id: string, side: 'buy' | 'sell', qty: string): OutgoingRecord =>
    shard.intent(intentOf({ intent_id, strategy_id, side, qty: decimal(qty), symbol: 'AAPL' }));
  const filled = (intent_id: string, side: 'buy' | 'sell', cum: string, leaves: string): OutgoingRecord =>
    shard.execution(
      executionOf({
        ...{ event: 'ORDER_FILLED', run_id: 'r-1', intent_id, symbol: 'AAPL', side },
        ...{ price: decimal('200'), cum_qty: decimal(cum), leaves_qty: decimal(leaves) },
      }),
    );
  await shard.feed(shard.price('AAPL', '200', START + 5), shard.started());
  await shard.feed(
    order('a', 'alpha', 'buy', '10'),
    order('b', 'beta', 'sell', '4'),
    order('c', 'beta', 'buy', '5'),
    order('d', 'beta', 'buy', '1000'),
  );
  await shard.feed(filled('a', 'buy', '3', '7'), filled('b', 'sell', '4', '0'), filled('nobody', 'buy', '1', '0'));
  await isCurrent(shard, live);
  const run = live.run('r-1');
  expect(run?.strategies).toEqual(
    new Map([
      [
        'alpha',
        {
          decided: { ALLOW: 1, MODIFY: 0, DENY: 0 },
          holdings: new Map([['AAPL', { qty: decimal('3'), workingBuy: decimal('7'), workingSell: ZERO }]]),
        },
      ],
      [
        'beta',
        {
          decided: { ALLOW: 2, MODIFY: 0, DENY: 1 },
          holdings: new Map([['AAPL', { qty: decimal('-4'), workingBuy: decimal('5'), workingSell: ZERO }]]),
        },
      ],
    ]),
  );
  expect(live.lastPriceAt).toBe(START + 5);
  await shard.feed(shard.control({ type: 'RunEnded' }));
  await isCurrent(shard, live);
  expect(live.run('r-1')?.strategies.size).toBe(0);
});

it('follows from anywhere, once each, with a reader of any speed', async () => {
  const shard = newShard();
  const day = dayOf(shard, 21, 1_500);
  await shard.takeOver();
  await played(shard, day.slice(0, 400), new Random(1));
  const live = await openLive(shard);
  const ended = new AbortController();
  const names: string[][] = [];
  const follow = async (from: readonly number[] | undefined, pauseMs: number): Promise<void> => {
    const own: string[] = [];
    names.push(own);
    const random = new Random(names.length);
    for await (const records of live.follow(from, ended.signal)) {
      own.push(...namesOf(records));
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await isCurrent(shard, live);
  const before = (await shard.audits()).length;
  const follows = [follow([0, 0], 0), follow([0, 0], 20), follow([100, 0], 3), follow(undefined, 0)];
  await played(shard, day.slice(400), new Random(2));
  const all = (await shard.audits()).map(nameOf);
  const expected = [all, all, all.slice(100), all.slice(before)];
  await until('everybody has read all', () => names.every((own, at) => own.length >= (expected[at]?.length ?? 0)), 20_000);
  ended.abort();
  await Promise.all(follows);
  expect(names).toEqual(expected);
}, 30_000);

it('reads again what a slow reader could not take, and holds no more than a batch for it', async () => {
  const shard = newShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  const live = await openLive(shard);
  const ended = new AbortController();
  const reading = live.follow([0, 0], ended.signal);
  const names: string[] = [];
  const take = async (): Promise<void> => {
    const { value } = (await reading.next()) as { value: readonly JournalRecord[] };
    expect(value.length).toBeLessThanOrEqual(500);
    names.push(...namesOf(value));
  };
  await take();
  const waits = take();
  const intents = Array.from({ length: 5_000 }, (_, n) => shard.intent(intentOf({ intent_id: `n-${n}` })));
  for (let at = 0; at < intents.length; at += 500) {
    await shard.publish(...intents.slice(at, at + 500));
    await shard.settle(500);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await isCurrent(shard, live);
  await waits;
  const all = (await shard.audits()).map(nameOf);
  while (names.length < all.length) await take();
  expect(names).toEqual(all);
  ended.abort();
  expect(await reading.next()).toEqual({ done: true, value: undefined });
});

it('goes on where it was after the bus failed, and says so meanwhile', async () => {
  const shard = newShard();
  await shard.takeOver();
  let failing = false;
  const bus = new FaultyBus(shard.bus, (operation) =>
    failing && (operation === 'poll' || operation === 'reader')
      ? { type: 'fails', error: new BusError('BUS_UNREACHABLE', 'test') }
      : undefined,
  );
  const live = await openLive(shard, bus);
  const heard: string[] = [];
  live.listen({ recorded: (records) => heard.push(...namesOf(records)) });
  const day = dayOf(shard, 5, 300);
  await played(shard, day.slice(0, 100), new Random(5));
  failing = true;
  await played(shard, day.slice(100, 200), new Random(6));
  await until('it says so', () => live.problems().some((problem) => problem.includes('BUS_UNREACHABLE')));
  expect(live.run('r-1')?.ledger.nextSeq).toBeGreaterThan(0);
  failing = false;
  await played(shard, day.slice(200), new Random(7));
  await isCurrent(shard, live);
  const audits = await shard.audits();
  expect(heard).toEqual(audits.map(nameOf));
  await expectJournal(live, audits);
  await live.stop();
  expect(bus.open).toBe(0);
});

it('reads and indexes what was there over a bus that fails now and then', async () => {
  const shard = newShard();
  await shard.takeOver();
  await played(shard, dayOf(shard, 9, 300), new Random(9));
  const random = new Random(10);
  let chance = 0.4;
  const failure = new BusError('BUS_FAILED', 'test');
  const bus = new FaultyBus(shard.bus, (operation) =>
    operation === 'poll' && random.chance(chance) ? { type: 'fails', error: failure } : undefined,
  );
  const live = await openLive(shard, bus);
  await until('all is indexed', () => live.problems().length === 0, 20_000);
  chance = 1;
  await expect(live.follow([0, 0], new AbortController().signal).next()).rejects.toBe(failure);
  await expect(live.journal('r-1', 0, 10)).rejects.toBe(failure);
  chance = 0;
  await isCurrent(shard, live);
  await expectJournal(live, await shard.audits());
}, 30_000);

it('passes over what it cannot read, and says so', async () => {
  const shard = newShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started());
  await shard.publish(shard.record(AUDIT_RECORDS, null, Buffer.from('poison')));
  const live = await openLive(shard);
  await shard.publish(shard.record(AUDIT_RECORDS, null, Buffer.from('poison')));
  await shard.publish(shard.record('policy-state', null, Buffer.from('poison')));
  await shard.feed(shard.intent(intentOf()));
  await until('the decision is there', async () => (await live.decision('r-1', intentOf().intent_id)) !== undefined);
  expect(live.unreadable).toBe(2);
  // Nobody can tell what it would have changed.
  expect(live.problems()).toEqual([expect.stringMatching(/^shard 0: policy-state of shard 0: key at offset 6: EMPTY/)]);
});

it('says of a record whose end cannot be read that it cannot', async () => {
  const shard = newShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.started(), shard.intent(intentOf()));
  const live = await openLive(shard);
  const [record] = await live.journal('r-1', 1, 1);
  expect(record?.sealed()).toBe(record?.sealed());
  const [last] = (await shard.all(AUDIT_RECORDS)).slice(-1);
  await shard.publish(shard.record(AUDIT_RECORDS, last?.key ?? null, last?.value?.subarray(0, -40) ?? null));
  const read: JournalRecord[] = [];
  for await (const records of live.follow([0, 0], AbortSignal.timeout(500))) read.push(...records);
  expect(read).toHaveLength(3);
  expect(() => read[2]?.sealed()).toThrow(LiveError);
});

it('knows nothing before it is started, and ends what follows when it is stopped', async () => {
  const shard = newShard();
  const live = LiveLog.open({ bus: shard.bus, codec: shard.codec, log: new TestLog() });
  opened.push(live);
  expect([live.runs(), live.run('r-1'), live.position(), live.shards]).toEqual([[], undefined, [], []]);
  expect(live.problems()).toEqual(['the log is not read yet']);
  const followed = live.follow(undefined, new AbortController().signal).next();
  await live.start();
  expect(live.position()).toEqual([0, 0]);
  await live.stop();
  expect(await followed).toEqual({ done: true, value: undefined });
});
