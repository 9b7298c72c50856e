/** Taking over a shard whose state is large. */
import { existsSync } from 'node:fs';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { Codec } from '../src/contracts/avro/codec';
import { localRegistry } from '../src/contracts/avro/localRegistry';
import type { Benchmark } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { runInChild } from './child';
import { takeOver } from './embeddedShard';
import { median, megabytes, timedAsync } from './measure';
import { intentsOf, millionDirectory, POSITIONS } from './million';

export const restoreBenchmark: Benchmark = {
  name: 'restore',
  what: 'taking over a shard of a million state entities on the embedded bus',
  run: async (setting) => {
    const directory = millionDirectory(setting);
    if (!existsSync(directory)) {
      progress('the run to restore is made first, by `memory`');
      await runInChild('memory', setting);
    }
    let bus: Awaited<ReturnType<typeof openEmbeddedBus>> | undefined;
    const opened = await timedAsync(async () => {
      bus = await openEmbeddedBus({ directory });
    });
    if (bus === undefined) throw new TypeError('no bus');
    const codec = new Codec(await localRegistry(bus.schemas));
    const seconds: number[] = [];
    let entities = 0;
    // No warm-up: a takeover after a start is cold. The first is among the rounds, and shown.
    for (let round = 0; round < sized(setting, 3, 2); round++) {
      const start = performance.now();
      const processor = await takeOver(bus, codec);
      seconds.push((performance.now() - start) / 1_000);
      const { runs, prices } = processor.shard;
      entities = prices.size;
      for (const { state } of runs.values()) entities += state.intents.size + state.exposure.positions.size + 1;
      await processor.close();
      progress(`${entities} entities in ${seconds.at(-1)!.toFixed(1)} s`);
    }
    await bus.close();
    if (entities < intentsOf(setting) + POSITIONS) throw new Error(`${entities} entities; expected every intent and position`);
    return [
      figure(
        'restore/takeover',
        '`Processor.takeOver`: fence, read the state back, check it against the audit log',
        [median(seconds), 's'],
        {
          budget: { at_most: 15 },
          details: {
            entities,
            first_s: Number(seconds[0]!.toFixed(2)),
            rounds: seconds.length,
            open_directory_s: Number((opened / 1_000).toFixed(2)),
            peak_rss_mb: megabytes(process.resourceUsage().maxRSS * 1_024),
          },
        },
      ),
    ];
  },
};
