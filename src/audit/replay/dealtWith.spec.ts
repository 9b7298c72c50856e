/** Words on dead letters do not disturb a replay, and those that say what is not so are found by it. */
import { dealtWithHeaders, retriedHeaders } from '../../contracts/deadLetter';
import type { DealtWith } from '../../contracts/deadLetter';
import { DEAD_LETTERS, ORDER_INTENTS } from '../../contracts/topics';
import type { Headers, OutgoingRecord } from '../../processor/bus';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { asBus, logOf } from '../../../test/checks/rawLog';
import type { RawLog } from '../../../test/checks/rawLog';
import { altered, withChange, without } from '../../../test/support/alteredLog';
import { START, TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { replayShard } from './replayShard';

const shard = new TestShard(openMemoryBus({ shards: 1 }));
const bytes = Buffer.from('no intent');
/** The letter at 0 was retried (and set aside again, at 2), the letter at 3 dropped. */
const retried: DealtWith = {
  ...{ dealing: 'retry', letter: { partition: 0, offset: 0 }, topic: ORDER_INTENTS, actor: 'alice', reason: 'why' },
  ...{ recordedAt: '2026-02-24T10:00:00Z', inputFrom: 1 },
};
const dropped: DealtWith = { ...retried, dealing: 'drop', letter: { partition: 0, offset: 3 }, inputFrom: undefined };
const wordRecord = (word: DealtWith, headers: Headers = dealtWithHeaders(word)): OutgoingRecord => ({
  ...shard.record(DEAD_LETTERS, 'r-1', null, START + 60_000),
  headers,
});

let log: RawLog;
beforeAll(async () => {
  await shard.takeOver();
  const poison = shard.record(ORDER_INTENTS, 'r-1', bytes);
  await shard.feed(poison);
  await shard.publish({ ...poison, headers: retriedHeaders(retried) }, wordRecord(retried));
  await shard.settle();
  await shard.feed(poison);
  await shard.publish(wordRecord(dropped));
  await shard.feed(shard.price('AAPL', '200'), shard.started(), shard.intent(intentOf({ intent_id: 'i-1' })));
  log = await logOf(shard.bus);
});

const replayed = (of: RawLog, run?: string) => replayShard({ bus: asBus(of), codec: shard.codec, partition: 0, run });
const withWord = (record: OutgoingRecord): RawLog =>
  altered(log, DEAD_LETTERS, (records) => [...records, { ...record, headers: record.headers ?? {}, offset: records.length }]);

it('true words make no difference and are no letters', async () => {
  expect(log.records(DEAD_LETTERS, 0)).toHaveLength(5);
  for (const run of [undefined, 'r-1']) {
    const report = await replayed(log, run);
    expect(report.difference).toBeUndefined();
    expect(report.deadLetters).toBe(3);
  }
});

it('an input that calls itself a retry, and is not, is an input like any other', async () => {
  const more = new TestShard(openMemoryBus({ shards: 1 }));
  await more.takeOver();
  await more.feed({ ...more.record(ORDER_INTENTS, 'r-1', bytes), headers: { retried_from: '0/99' } });
  expect((await replayShard({ bus: more.bus, codec: more.codec, partition: 0 })).difference).toBeUndefined();
});

it.each<[string, OutgoingRecord, RegExp]>([
  ['cannot be read', wordRecord(dropped, { ...dealtWithHeaders(dropped), actor: '' }), /cannot be read: actor/],
  ['is about nothing', wordRecord({ ...dropped, letter: { partition: 0, offset: 99 } }), /no letter is there before it/],
  ['is about another word', wordRecord({ ...dropped, letter: { partition: 0, offset: 1 } }), /no letter is there before it/],
  ['is about itself', wordRecord({ ...dropped, letter: { partition: 0, offset: 5 } }), /no letter is there before it/],
  ['is about another shard', wordRecord({ ...dropped, letter: { partition: 1, offset: 0 } }), /no letter is there before it/],
  ['has another topic', wordRecord({ ...dropped, topic: 'market-prices' }), /not of its topic and key/],
  ['has another key', { ...wordRecord(dropped), key: Buffer.from('r-2') }, /not of its topic and key/],
  ['has a value', { ...wordRecord(dropped), value: bytes }, /has a value/],
  ['tells of a retry that never was', wordRecord({ ...retried, reason: 'another' }), /has no such input/],
  ['looks for its input behind it', wordRecord({ ...retried, inputFrom: 2 }), /has no such input/],
])('a word that %s is a difference', async (_, record, what) => {
  const { difference } = await replayed(withWord(record));
  expect(difference).toMatchObject({ kind: 'extra', topic: DEAD_LETTERS, offset: 5, what: expect.stringMatching(what) });
});

it('a word of one run does not hide in the replay of another', async () => {
  const ofAnother = withWord({ ...wordRecord(dropped), key: Buffer.from('r-2') });
  expect((await replayed(ofAnother, 'r-1')).difference).toBeUndefined();
  expect((await replayed(ofAnother, 'r-2')).difference).toMatchObject({ kind: 'extra', offset: 5 });
});

it('a letter is not made to vanish by calling it a word', async () => {
  const disguised = altered(
    log,
    DEAD_LETTERS,
    withChange(3, ({ headers }) => ({ headers: { ...headers, dealt_with: 'drop' } })),
  );
  expect((await replayed(disguised)).difference).toMatchObject({ kind: 'missing', topic: DEAD_LETTERS });
});

it('nor is a retry believed whose input has other bytes', async () => {
  const other = withChange(1, () => ({ headers: { ...retriedHeaders(retried), recorded_at: '2026-02-24T11:00:00Z' } }));
  expect((await replayed(altered(log, ORDER_INTENTS, other))).difference).toMatchObject({ kind: 'extra', offset: 1 });
  expect((await replayed(altered(log, ORDER_INTENTS, without(1)))).difference).toBeDefined();
});
