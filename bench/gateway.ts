/** The way out: orders through the real gateway and adapters to simulated brokers over HTTP, and what looking at open orders costs. */
import type { Benchmark, Figure } from './benchmark';
import { pollCost } from './gatewayPoll';
import { submitting } from './gatewaySubmit';
import { venueMissing } from './gatewayVenueProcess';

export const gatewayBenchmark: Benchmark = {
  name: 'gateway',
  what: 'orders through the gateway to a simulated broker over HTTP, and what a look at its open orders costs',
  missing: venueMissing,
  run: async (setting) => {
    const figures: Figure[] = [];
    for (const dialect of ['alpaca', 'tradier'] as const) {
      for (const bus of ['memory', 'embedded'] as const) figures.push(...(await submitting(dialect, bus, setting)));
      figures.push(...(await pollCost(dialect, setting)));
    }
    return figures;
  },
};
