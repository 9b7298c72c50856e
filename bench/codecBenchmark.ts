/** The codec's figures as part of the report. */
import type { Benchmark } from './benchmark';
import { figure, sized } from './benchmark';
import { benchCodec } from './codec';

export const codecBenchmark: Benchmark = {
  name: 'codec',
  what: 'encoding and decoding one record',
  run: async (setting) =>
    benchCodec(sized(setting, 50_000, 5_000)).map(({ name, ns, goal }) =>
      figure(`codec/${name}`, name.endsWith('avsc') ? 'for comparison' : 'one record', [ns, 'ns'], {
        ...(goal === undefined ? {} : { budget: { at_most: goal } }),
      }),
    ),
};
