/** What a long run costs in memory: the whole process after a million intents, and what one decided id takes. */
import { decimal } from '../src/contracts/decimal';
import { IntentRegister } from '../src/domain/intentRegister';
import type { Benchmark, Figure } from './benchmark';
import { figure, sized } from './benchmark';
import { collectGarbage, megabytes, residentParts, timedAsync } from './measure';
import { buildMillion, intentsOf, POSITIONS } from './million';

const ID_LENGTHS = [8, 36] as const;

export const memoryBenchmark: Benchmark = {
  name: 'memory',
  what: 'memory after a million intents in one run on the embedded bus, and of one decided id',
  run: async (setting) => {
    const before = process.memoryUsage();
    let during = before;
    let after = before;
    let peak = 0;
    let resident = {};
    let counts = {};
    const milliseconds = await timedAsync(async () => {
      counts = await buildMillion(setting, () => {
        during = process.memoryUsage();
        resident = residentParts();
        peak = process.resourceUsage().maxRSS * 1_024;
        collectGarbage();
        after = process.memoryUsage();
      });
    });
    const intents = intentsOf(setting);
    const process_ = figure(
      'memory/process',
      'resident memory after a million intents and their fills',
      [megabytes(during.rss), 'MB'],
      {
        budget: { at_most: 512 },
        details: {
          peak_rss_mb: megabytes(peak),
          ...resident,
          array_buffers_mb: megabytes(during.arrayBuffers),
          heap_used_mb: megabytes(during.heapUsed),
          heap_after_collection_mb: megabytes(after.heapUsed),
          rss_after_collection_mb: megabytes(after.rss),
          rss_at_start_mb: megabytes(before.rss),
          intents,
          positions: POSITIONS,
          ...counts,
          records_per_second: Math.round(((intents * 2) / milliseconds) * 1_000),
        },
      },
    );
    const ids = sized(setting, 1_000_000, 50_000);
    return [process_, ...ID_LENGTHS.map((length) => bytesPerId(length, ids))];
  },
};

/** A filled order is what most ids end as. */
const bytesPerId = (length: number, count: number): Figure => {
  const register = new IntentRegister();
  collectGarbage();
  const before = heapBytes();
  for (let number = 0; number < count; number++) {
    const qty = decimal(String(5 + (number % 20)));
    register.set(idOf(number, length), {
      seq: number * 2,
      digest: Uint8Array.from({ length: 8 }, (_, at) => (number * 31 + at * 57) & 255),
      decision: 'ALLOW',
      strategy_id: 'alpha',
      symbol: `S${number % POSITIONS}`,
      side: 'buy',
      qty,
      cum_qty: qty,
      status: 'FILLED',
      decided_at: 1_771_925_400_000 + number * 10,
      rule_ids: [],
    });
  }
  collectGarbage();
  const bytes = (heapBytes() - before) / count;
  if (register.size !== count) throw new Error(`${register.size} ids are kept; expected ${count}`);
  return figure(`memory/decided id of ${length}`, `heap per decided id of ${length} characters`, [Math.round(bytes), 'bytes'], {
    budget: { at_most: 150 },
    details: { ids: count },
  });
};

/** One flat string, as a decoded one is. */
const idOf = (number: number, length: number): string =>
  Buffer.from(`i${String(number).padStart(length - 1, '0')}`).toString('latin1');

const heapBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
