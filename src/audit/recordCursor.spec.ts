import { openMemoryBus } from '../bus/memory/memoryBus';
import { MARKET_PRICES } from '../contracts/topics';
import type { OutgoingRecord } from '../processor/bus';
import { RecordCursor } from './recordCursor';

const record = (number: number): OutgoingRecord => ({
  ...{ topic: MARKET_PRICES, partition: 0, key: Buffer.from('AAPL'), value: Buffer.of(number % 256), timestamp: number },
});

it('gives every record once, by batches, and what was written meanwhile', async () => {
  const bus = openMemoryBus({ shards: 1 });
  const writer = await bus.writer('feeder');
  await writer.commit(Array.from({ length: 12_000 }, (_, number) => record(number)));
  const cursor = new RecordCursor(bus, MARKET_PRICES, 0);
  expect(cursor.peek()).toBeUndefined();
  const seen: number[] = [];
  let batches = 0;
  const read = async (): Promise<void> => {
    while (await cursor.fill()) {
      batches += 1;
      for (let next = cursor.peek(); next !== undefined; next = cursor.peek()) {
        seen.push(next.timestamp);
        cursor.advance();
      }
    }
  };
  await read();
  expect(batches).toBeGreaterThan(2);
  await writer.commit([record(12_000)]);
  await read();
  expect(seen).toEqual(Array.from({ length: 12_001 }, (_, number) => number));
  await cursor.close();
});

it('tells of a bus that fails when it is asked, and not before', async () => {
  const bus = openMemoryBus({ shards: 1 });
  const writer = await bus.writer('feeder');
  await writer.commit([record(1)]);
  const cursor = new RecordCursor(bus, MARKET_PRICES, 0);
  expect(await cursor.fill()).toBe(true);
  cursor.advance();
  await bus.close();
  await expect(cursor.fill().then(() => cursor.fill())).rejects.toMatchObject({ code: 'BUS_CLOSED' });
});
