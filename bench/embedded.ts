/** Intent to committed decision on the embedded bus, durable: one at a time, and in batches. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Figure, Setting } from './benchmark';
import { figure, sized } from './benchmark';
import { EmbeddedShard } from './embeddedShard';
import { fillRecords, intentRecord, intentRecords } from './inputs';
import { latencies, median, percentile, spread, timed, timedAsync } from './measure';
import { Verdicts } from './verdicts';

const SYMBOLS = 1_000;
const BATCH = 1_000;
/** Fills go in between, outside the clock, so that orders do not pile up. */
const FILL_EVERY = 100;
const SYNC_BYTES = 4_096;

export const embeddedBenchmark: Benchmark = {
  name: 'embedded',
  what: 'intent to committed decision on the embedded bus, durable',
  run: async (setting) => {
    const verdicts = new Verdicts();
    const shard = await EmbeddedShard.open(join(setting.directory, 'embedded'), verdicts);
    try {
      await shard.start(SYMBOLS);
      const single = await oneAtATime(shard, verdicts, setting);
      const batches = await inBatches(shard, verdicts, setting, single.next);
      verdicts.check(batches.next);
      return [single.figure, batches.figure, diskSync(setting)];
    } finally {
      await shard.close();
    }
  },
};

interface Measured {
  readonly figure: Figure;
  /** Number of the next intent. */
  readonly next: number;
}

const oneAtATime = async (shard: EmbeddedShard, verdicts: Verdicts, setting: Setting): Promise<Measured> => {
  const warmUp = sized(setting, 1_000, 100);
  const count = sized(setting, 5_000, 300);
  const milliseconds: number[] = [];
  for (let number = 0; number < warmUp + count; number++) {
    const record = intentRecord(shard.codec, number, SYMBOLS);
    const took = await timedAsync(() => shard.feed([record]));
    if (number >= warmUp) milliseconds.push(took);
    if (number % FILL_EVERY === FILL_EVERY - 1) await fill(shard, verdicts);
  }
  return {
    figure: figure('embedded/one at a time', 'publish one intent, fold it, commit: p50', [percentile(milliseconds, 0.5), 'ms'], {
      budget: { at_most: 5 },
      details: { ...latencies(milliseconds), intents: count, syncs_each: 2 },
    }),
    next: warmUp + count,
  };
};

const inBatches = async (shard: EmbeddedShard, verdicts: Verdicts, setting: Setting, from: number): Promise<Measured> => {
  const warmUpRounds = 2;
  const rounds = sized(setting, 9, 3);
  const batches = sized(setting, 10, 2);
  const rates: number[] = [];
  const perBatch: number[] = [];
  let next = from;
  for (let round = -warmUpRounds; round < rounds; round++) {
    let milliseconds = 0;
    for (let batch = 0; batch < batches; batch++) {
      const records = intentRecords(shard.codec, next, BATCH, SYMBOLS);
      next += BATCH;
      const took = await timedAsync(() => shard.feed(records));
      milliseconds += took;
      if (round >= 0) perBatch.push(took);
      await fill(shard, verdicts);
    }
    if (round >= 0) rates.push(((batches * BATCH) / milliseconds) * 1_000);
  }
  return {
    figure: figure('embedded/batches', 'publish a thousand intents, fold them, commit', [median(rates), '/s'], {
      budget: { at_least: 20_000 },
      details: { ...spread(rates), ...latencies(perBatch) },
    }),
    next,
  };
};

const fill = async (shard: EmbeddedShard, verdicts: Verdicts): Promise<void> => {
  const records = fillRecords(shard.codec, verdicts.take());
  if (records.length > 0) await shard.feed(records);
};

/** What the disk takes for the least that durable can mean: 4 KiB appended and synced. */
const diskSync = (setting: Setting): Figure => {
  const descriptor = openSync(join(setting.directory, 'sync'), 'w');
  const block = Buffer.alloc(SYNC_BYTES, 1);
  const milliseconds: number[] = [];
  for (let i = 0; i < sized(setting, 1_000, 100); i++) {
    milliseconds.push(
      timed(() => {
        writeSync(descriptor, block);
        fdatasyncSync(descriptor);
      }),
    );
  }
  closeSync(descriptor);
  return figure('embedded/disk sync', 'append 4 KiB to a file and sync it: p50, for comparison', [median(milliseconds), 'ms'], {
    details: latencies(milliseconds),
  });
};
