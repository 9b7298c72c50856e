/** What is done about dead letters, on the log of one shard. */
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { CONTROL_EVENTS, DEAD_LETTERS, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../../contracts/topics';
import type { InputTopic } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import type { Bus, BusErrorCode, OutgoingRecord } from '../../processor/bus';
import { START, TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { dropLetter, retryLetter } from './dealWith';
import { lettersOf } from './lettersOnLog';
import { memoryOf, outlookOf } from './outlook';

const signed = { actor: 'alice', reason: 'why' };
const request = { ...signed, at: START + 1_000, again: false, force: false };
const first = { partition: 0, offset: 0 };

const shardWith = async (...records: readonly ((shard: TestShard) => OutgoingRecord)[]): Promise<TestShard> => {
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  await shard.takeOver();
  for (const record of records) await shard.feed(record(shard));
  return shard;
};
/** As if it had been set aside for a cause that is gone. */
const letterOf = async (shard: TestShard, { key, value, timestamp }: OutgoingRecord, topic: InputTopic): Promise<void> => {
  const headers = { topic, partition: '0', offset: '0', timestamp: String(timestamp), reason: 'a cause that is gone' };
  await shard.publish({ topic: DEAD_LETTERS, partition: 0, key, value, timestamp, headers });
};
const price = (text: string) => (shard: TestShard) => shard.price('AAPL', text);
const started = (shard: TestShard) => shard.started();

it('of two who retry the same letter at once, one does', async () => {
  const shard = await shardWith(price('200'), started);
  await letterOf(shard, shard.intent(intentOf({ intent_id: 'i-1' })), ORDER_INTENTS);
  const both = await Promise.allSettled([
    retryLetter(shard, first, request),
    retryLetter(shard, first, { ...request, actor: 'bob' }),
  ]);
  const done = both.filter((one) => one.status === 'fulfilled' && !('refused' in one.value));
  expect(done).toHaveLength(1);
  for (const one of both) if (one.status === 'rejected') expect(String(one.reason)).toContain('somebody else deals with');
  expect(await shard.all(ORDER_INTENTS)).toHaveLength(1);
  expect((await shard.deadLetters()).filter(({ headers }) => headers.dealt_with === 'retry')).toHaveLength(1);
  await shard.settle();
  expect((await shard.decisions()).map(({ intent_id }) => intent_id)).toEqual(['i-1']);
});

it('the input and the word on it come together or not at all, and nobody is told that it did not happen when it may have', async () => {
  const shard = await shardWith(price('200'), started);
  await letterOf(shard, shard.intent(intentOf({ intent_id: 'i-1' })), ORDER_INTENTS);
  const failing = (code: BusErrorCode): Bus => ({
    ...{ shards: 1, reader: (from) => shard.bus.reader(from), close: () => shard.bus.close() },
    endOffset: (topic, partition) => shard.bus.endOffset(topic, partition),
    offsetAt: (topic, partition, time) => shard.bus.offsetAt(topic, partition, time),
    writer: async (id) => {
      const writer = await shard.bus.writer(id);
      const commit = async (records: readonly OutgoingRecord[]): Promise<never> => {
        if (code === 'BUS_FAILED') await writer.commit(records);
        throw new BusError(code, 'the test');
      };
      return { commit, close: () => writer.close() };
    },
  });
  const on = (code: BusErrorCode) => retryLetter({ bus: failing(code), codec: shard.codec }, first, request);
  await expect(on('BUS_REFUSED')).rejects.toThrow('BUS_REFUSED');
  await expect(on('BUS_FENCED')).rejects.toThrow('nothing was written');
  expect([await shard.all(ORDER_INTENTS), await shard.deadLetters()].map(({ length }) => length)).toEqual([0, 1]);
  await expect(on('BUS_FAILED')).rejects.toThrow(/Whether it is on the log is not known: `policygate dlq show 0\/0`/);
  expect(await retryLetter(shard, first, request)).toEqual({ refused: expect.stringContaining('was retried by alice') });
  expect([await shard.all(ORDER_INTENTS), await shard.deadLetters()].map(({ length }) => length)).toEqual([1, 2]);
});

it('a price of an earlier time does not take the place of a newer one', async () => {
  const shard = await shardWith(price('200'));
  await letterOf(shard, shard.price('AAPL', '150'), MARKET_PRICES);
  expect(await retryLetter(shard, first, request)).toEqual({
    refused: expect.stringContaining('would take the place of 200 for AAPL; --force'),
  });
  expect(await retryLetter(shard, first, { ...request, force: true })).toMatchObject({
    says: 'AAPL would have the price 150 from then on',
  });
  await shard.settle();
  expect(shard.live.shard.prices.get('AAPL')).toBe(150n * 10n ** 18n);
});

it('where the symbol has no price, or that one, nothing speaks against it', async () => {
  const shard = await shardWith(price('200'));
  const against = async (symbol: string, text: string | null) =>
    outlookOf(
      shard.codec,
      await memoryOf(shard.bus, shard.codec, 0),
      { ...shard.price(symbol, text), offset: 0, headers: {} },
      { topic: MARKET_PRICES, ...first },
      START,
    ).against;
  expect([await against('AAPL', '200'), await against('TSLA', '1'), await against('TSLA', null)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await against('AAPL', null)).toContain('would take the place of 200');
});

it('the outlook is what the processor then does, for every kind of input', async () => {
  const shard = await shardWith(price('200'), started);
  const records: readonly [InputTopic, OutgoingRecord][] = [
    [ORDER_INTENTS, shard.intent(intentOf({ intent_id: 'i-1' }))],
    [ORDER_INTENTS, shard.intent(intentOf({ intent_id: 'i-1' }))],
    [CONTROL_EVENTS, shard.control({ type: 'KillSwitchTripped' })],
    [CONTROL_EVENTS, shard.control({ type: 'KillSwitchTripped' }, { run: '*' })],
    [CONTROL_EVENTS, shard.control({ type: 'RunEnded' })],
    [CONTROL_EVENTS, shard.control({ type: 'RunEnded' })],
    [CONTROL_EVENTS, shard.control({ type: 'KillSwitchTripped' }, { run: '*' })],
    [ORDER_INTENTS, shard.record(ORDER_INTENTS, 'r-1', Buffer.from('x'))],
    [EXECUTION_EVENTS, shard.record(EXECUTION_EVENTS, null, null)],
  ];
  for (const [topic, record] of records) {
    await letterOf(shard, record, topic);
    const offset = (await shard.deadLetters()).length - 1;
    const before = { audits: (await shard.audits()).length, letters: offset + 2 };
    const outcome = await retryLetter(shard, { partition: 0, offset }, { ...request, force: true });
    const says = 'refused' in outcome ? outcome.refused : outcome.says;
    await shard.settle();
    const audit = (await shard.audits())[before.audits];
    const again = (await shard.deadLetters())[before.letters];
    if (again !== undefined) expect(says).toBe(`it would be set aside again: ${again.headers.reason}`);
    else if (audit === undefined) expect(says).toBe('it would concern no run');
    else expect(says).toContain(`it would be on record as ${audit.kind}`);
  }
  expect((await shard.audits()).map(({ kind }) => kind)).toEqual([
    ...['CONTROL', 'DECISION', 'DUPLICATE', 'KILL_SWITCH', 'CONTROL', 'CONTROL', 'REJECTED_INPUT'],
  ]);
});

it('a letter of nobody knows what can be looked at, and not dealt with', async () => {
  const shard = await shardWith();
  await shard.publish({ topic: DEAD_LETTERS, partition: 0, key: null, value: null, timestamp: 0, headers: { reason: 'none' } });
  const refused = { refused: expect.stringContaining('does not say which input it was') };
  expect([await retryLetter(shard, first, request), await dropLetter(shard, first, signed)]).toEqual([refused, refused]);
  expect((await lettersOf(shard.bus, 0)).letters.get(0)).toMatchObject({ input: undefined, reason: 'none' });
});

it('a word that cannot be read counts for nothing, and is told', async () => {
  const shard = await shardWith();
  await letterOf(shard, shard.price('AAPL', '1'), MARKET_PRICES);
  const word = { topic: DEAD_LETTERS, partition: 0, key: Buffer.from('AAPL'), value: null, timestamp: 0 } as const;
  await shard.publish({ ...word, headers: { dealt_with: 'drop', letter: '0/0' } });
  const { letters, faults } = await lettersOf(shard.bus, 0);
  expect(letters.size).toBe(1);
  expect(letters.get(0)?.words).toEqual([]);
  expect(faults).toEqual([expect.stringMatching(/^0\/1: a word on a dead letter counts for nothing: topic: /)]);
  expect(await dropLetter(shard, { partition: 0, offset: 1 }, signed)).toEqual({
    refused: expect.stringContaining('there is no dead letter 0/1'),
  });
  expect(await dropLetter(shard, first, signed)).toMatchObject({ word: { partition: 0, offset: 2 } });
  expect(await dropLetter(shard, { partition: 0, offset: 2 }, signed)).toEqual({
    refused: '0/2 is no dead letter: it says what was done about 0/0',
  });
});
