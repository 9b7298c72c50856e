/** The processor on Kafka: what it decides when it is behind, how long a decision takes, how long a takeover, and what the broker itself allows. */
import type { Benchmark, Figure } from './benchmark';
import { behind } from './kafkaBehind';
import { kafkaMissing, openCluster } from './kafkaCluster';
import { latency } from './kafkaLatency';
import { limit } from './kafkaLimit';
import { restore } from './kafkaRestore';

export const kafkaBenchmark: Benchmark = {
  name: 'kafka',
  what: 'deciding on Kafka, exactly once: when behind, at a steady rate, after a takeover; and the broker’s own limit',
  missing: kafkaMissing,
  run: async (setting) => {
    const cluster = await openCluster(setting);
    try {
      const figures: Figure[] = [];
      // Latency comes when the broker has worked for some minutes: of one just started it was many times worse.
      for (const part of [behind, limit, latency, restore]) figures.push(...(await part(cluster, setting)));
      return figures.map((one) => ({ ...one, details: { ...one.details, broker: cluster.from } }));
    } finally {
      await cluster.stop();
    }
  },
};
