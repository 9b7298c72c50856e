/** Folding a log of the embedded bus again, and comparing everything with it. */
import { join } from 'node:path';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { replayShard } from '../src/audit/replay/replayShard';
import { Codec } from '../src/contracts/avro/codec';
import { localRegistry } from '../src/contracts/avro/localRegistry';
import { TOPICS } from '../src/contracts/topics';
import type { Bus } from '../src/processor/bus';
import type { Benchmark, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { EmbeddedShard } from './embeddedShard';
import { fillRecords, intentRecords } from './inputs';
import { median, megabytes, spread, timedAsync } from './measure';
import { Verdicts } from './verdicts';

const SYMBOLS = 1_000;
const BATCH = 1_000;

export const auditReplayBenchmark: Benchmark = {
  name: 'replay',
  what: 'folding a log of the embedded bus again, and comparing everything with it',
  run: async (setting) => {
    const directory = join(setting.directory, 'replay');
    const intents = sized(setting, 200_000, 20_000);
    await trade(directory, intents);
    progress(`a log of ${intents} intents is written`);
    const bus = await openEmbeddedBus({ directory });
    const codec = new Codec(await localRegistry(bus.schemas));
    const records = await countRecords(bus);
    const rates: number[] = [];
    let audits = 0;
    for (let round = 0; round < rounds(setting); round++) {
      const milliseconds = await timedAsync(async () => {
        const { difference, auditRecords } = await replayShard({ bus, codec, partition: 0 });
        if (difference !== undefined) throw new Error(difference.what);
        audits = auditRecords;
      });
      rates.push((records / milliseconds) * 1_000);
    }
    await bus.close();
    const details = {
      ...spread(rates),
      intents,
      audit_records: audits,
      audit_records_per_second: Math.round((median(rates) * audits) / records),
      peak_rss_mb: megabytes(process.resourceUsage().maxRSS * 1_024),
    };
    const what = 'records of all topics, read, folded and compared';
    return [figure('replay/embedded', what, [median(rates), '/s'], { budget: { at_least: 50_000 }, details })];
  },
};

const rounds = (setting: Setting): number => sized(setting, 5, 3);

/** Intents, each batch with the fills of the one before. */
const trade = async (directory: string, intents: number): Promise<void> => {
  const verdicts = new Verdicts();
  const shard = await EmbeddedShard.open(directory, verdicts);
  await shard.start(SYMBOLS);
  for (let next = 0; next < intents; next += BATCH) {
    await shard.feed(intentRecords(shard.codec, next, BATCH, SYMBOLS));
    const fills = fillRecords(shard.codec, verdicts.take());
    if (fills.length > 0) await shard.feed(fills);
  }
  verdicts.check(intents);
  await shard.close();
};

const countRecords = async (bus: Bus): Promise<number> => {
  let records = 0;
  for (const topic of TOPICS) records += await bus.endOffset(topic, 0);
  return records;
};
