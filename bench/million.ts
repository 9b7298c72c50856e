/** A directory of the embedded bus in which one active run of 10,000 positions has decided a million intents, their orders filled. */
import { join } from 'node:path';
import type { Setting } from './benchmark';
import { progress, sized } from './benchmark';
import { EmbeddedShard } from './embeddedShard';
import { fillRecords, intentRecords } from './inputs';
import { Verdicts } from './verdicts';

export const POSITIONS = 10_000;
const BATCH = 1_000;

export const intentsOf = (setting: Setting): number => sized(setting, 1_000_000, 50_000);

export const millionDirectory = (setting: Setting): string => join(setting.directory, 'million');

/** `look` sees the process as it is when all is decided, the shard still open. Answers what was decided. */
export const buildMillion = async (setting: Setting, look: () => void): Promise<Verdicts['counts']> => {
  const intents = intentsOf(setting);
  const verdicts = new Verdicts();
  const shard = await EmbeddedShard.open(millionDirectory(setting), verdicts);
  try {
    await shard.start(POSITIONS);
    for (let next = 0; next < intents; next += BATCH) {
      const fills = fillRecords(shard.codec, verdicts.take());
      await shard.feed([...fills, ...intentRecords(shard.codec, next, BATCH, POSITIONS)]);
      if ((next + BATCH) % 100_000 === 0) progress(`${next + BATCH} of ${intents} intents decided`);
    }
    const counts = verdicts.check(intents);
    await shard.feed(fillRecords(shard.codec, verdicts.take()));
    look();
    return counts;
  } finally {
    await shard.close();
  }
};
