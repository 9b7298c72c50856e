import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { Codec } from '../../contracts/avro/codec';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import { ORDER_INTENTS } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import type { Bus, OutgoingRecord } from '../../processor/bus';
import type { FileLine } from '../files';
import { intentLines, priceLines } from './lineForms';
import { publishLines } from './publishLines';
import type { PublishOptions } from './publishLines';
import { streamLines } from './streamLines';

const codec = new Codec(freshSchemas());
const intent = (id: number): string =>
  JSON.stringify({
    intent_id: `i-${id}`,
    timestamp: '2026-02-24T09:30:01Z',
    strategy_id: 's',
    account_id: 'a',
    instrument: { symbol: 'AAPL', asset_class: 'equity' },
    side: 'buy',
    order_type: 'market',
    qty: 1,
  });

/** Tells what is committed, and fails where it is told to: before the commit, or after it, so that its outcome is unknown. */
const watched = (bus: Bus, fail: (commit: number) => 'before' | 'after' | undefined = () => undefined) => {
  const commits: (readonly OutgoingRecord[])[] = [];
  const ids = new Set<string>();
  let writers = 0;
  let attempts = 0;
  const port: Bus = {
    ...bus,
    shards: bus.shards,
    writer: async (id) => {
      writers += 1;
      ids.add(id);
      const writer = await bus.writer(id);
      return {
        close: () => writer.close(),
        commit: async (records) => {
          const failure = fail(++attempts);
          if (failure === 'before') throw new BusError('BUS_FAILED', 'a test');
          const offsets = await writer.commit(records);
          commits.push(records);
          if (failure === 'after') throw new BusError('BUS_FAILED', 'a test');
          return offsets;
        },
      };
    },
  };
  return { port, commits, ids, writers: () => writers };
};

async function* linesOfTexts(texts: Iterable<string>): AsyncGenerator<FileLine> {
  let number = 0;
  for (const text of texts) yield { number: ++number, bytes: Buffer.from(text), raw: text.length + 1 };
}

const OPTIONS: PublishOptions = {
  source: 'a.jsonl',
  live: false,
  onInvalid: undefined,
  rate: undefined,
  published: () => undefined,
  retrying: () => undefined,
};
const destination = { codec, shards: 2, ownTimes: true };
const intents = intentLines(destination, 'r-1');
function* numbered(count: number): Generator<string> {
  for (let id = 0; id < count; id++) yield intent(id);
}

it('publishes 500 to a transaction, in order, under one id of its own', async () => {
  const { port, commits, ids } = watched(openMemoryBus({ shards: 2 }));
  expect(await publishLines(port, intents, linesOfTexts(numbered(1_201)), OPTIONS)).toMatchObject({
    published: 1_201,
    skipped: 0,
  });
  expect(commits.map((records) => records.length)).toEqual([500, 500, 201]);
  const published = commits.flat().map(({ value }) => {
    const read = codec.decodeValue(ORDER_INTENTS, value);
    return read.ok ? read.value.intent_id : '';
  });
  expect(published).toEqual(Array.from({ length: 1_201 }, (_, id) => `i-${id}`));
  expect([...ids]).toEqual([expect.stringMatching(/^policygate-publish-order-intents-[0-9a-f-]{36}$/)]);
});

it('reads on only when what it holds is published', async () => {
  const { port, commits } = watched(openMemoryBus({ shards: 2 }));
  let ahead = 0;
  const counted = function* (): Generator<string> {
    for (let id = 0; id < 3_000; id++) {
      ahead = Math.max(ahead, id - commits.reduce((sum, records) => sum + records.length, 0));
      yield intent(id);
    }
  };
  await publishLines(port, intents, linesOfTexts(counted()), OPTIONS);
  expect(ahead).toBeLessThanOrEqual(500);
});

it('a line’s records stay together, and large ones share no transaction', async () => {
  const { port, commits } = watched(openMemoryBus({ shards: 2 }));
  const prices = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`S${at}`, 1]));
  const snapshot = JSON.stringify({ timestamp: '2026-02-24T09:30:01Z', prices });
  await publishLines(port, priceLines(destination), linesOfTexts([snapshot, '{"symbol":"A","price":1}', snapshot]), OPTIONS);
  expect(commits.map((records) => records.length)).toEqual([2_000, 2_002]);
  const long = intent(1).replace('"s"', `"${'s'.repeat(200)}"`);
  const { port: second, commits: small } = watched(openMemoryBus({ shards: 2 }));
  await publishLines(second, intents, linesOfTexts(Array.from({ length: 3_000 }, () => long)), OPTIONS);
  for (const records of small)
    expect(records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)).toBeLessThanOrEqual(512 * 1024);
});

it.each(['before', 'after'] as const)('publishes a chunk again that failed %s it was committed', async (when) => {
  const retrying = jest.fn();
  const { port, commits, ids, writers } = watched(openMemoryBus({ shards: 2 }), (attempt) => (attempt === 2 ? when : undefined));
  const result = await publishLines(port, intents, linesOfTexts(numbered(1_000)), { ...OPTIONS, retrying });
  expect(result.published).toBe(1_000);
  expect(commits.map((records) => records.length)).toEqual(when === 'before' ? [500, 500] : [500, 500, 500]);
  expect({ writers: writers(), ids: ids.size }).toEqual({ writers: 2, ids: 1 });
  expect(retrying).toHaveBeenCalledTimes(1);
});

it('gives up in the end, and at once where trying again is no use', async () => {
  const fenced = {
    ...openMemoryBus({ shards: 2 }),
    shards: 2,
    writer: jest.fn().mockRejectedValue(new BusError('BUS_FENCED', 'x')),
  };
  await expect(publishLines(fenced, intents, linesOfTexts(numbered(1)), OPTIONS)).rejects.toThrow('BUS_FENCED');
  expect(fenced.writer).toHaveBeenCalledTimes(1);
  const full = { ...openMemoryBus({ shards: 2 }), shards: 2, writer: jest.fn().mockRejectedValue(new BusError('BUS_FULL', 'x')) };
  const impatient = { ...OPTIONS, patienceMs: 500 };
  await expect(publishLines(full, intents, linesOfTexts(numbered(1)), impatient)).rejects.toThrow(
    /BUS_FULL.*\(0 intents are on the log for certain; give the same command again/,
  );
  expect(full.writer.mock.calls.length).toBeGreaterThan(2);
}, 15_000);

it('holds the rate', async () => {
  const { port, commits } = watched(openMemoryBus({ shards: 2 }));
  const startedAt = performance.now();
  await publishLines(port, intents, linesOfTexts(numbered(41)), { ...OPTIONS, rate: 100 });
  // The last of five chunks is due when 40 are out.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395);
  expect(commits.map((records) => records.length)).toEqual([10, 10, 10, 10, 1]);
});

describe('standard input', () => {
  it('is published while it comes, and up to a bad line', async () => {
    const { port, commits } = watched(openMemoryBus({ shards: 2 }));
    const input = new PassThrough();
    const published = new PassThrough({ objectMode: true });
    const done = publishLines(port, intents, streamLines(input as AsyncIterable<Buffer>, 65_536), {
      ...OPTIONS,
      source: 'standard input',
      live: true,
      published: (count) => published.push(count),
    });
    input.write(`${intent(1)}\n${intent(2)}`);
    expect(await once(published, 'data')).toEqual([1]);
    input.write(`\r\n\n${intent(3)}\n{"intent_id":1}\n${intent(4)}`);
    await expect(done).rejects.toThrow(/^standard input:5:\d+: .* \(3 intents before it were published; --skip-invalid/);
    expect(commits.flat()).toHaveLength(3);
  });

  it('has lines of any length, cut where they are refused', async () => {
    const bytes = Buffer.from(`${'a'.repeat(10)}\n${'b'.repeat(30)}\r\n\nc`);
    for (const size of [1, 7, 100]) {
      const chunks = async function* (): AsyncGenerator<Buffer> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      const lines: string[] = [];
      for await (const { number, bytes: line } of streamLines(chunks(), 20)) lines.push(`${number}:${line.toString()}`);
      expect(lines).toEqual([`1:${'a'.repeat(10)}`, `2:${'b'.repeat(21)}`, '3:', '4:c']);
    }
  });
});
