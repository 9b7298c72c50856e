/** `verify`: audit records as they stand on the topic, decoded, hashed, judged again. One run, no I/O. */
import { readRecord } from '../src/audit/verify/readRecord';
import { Verification } from '../src/audit/verify/verification';
import { Codec } from '../src/contracts/avro/codec';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { AUDIT_RECORDS } from '../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../src/processor/bus';
import { fold } from '../src/processor/fold';
import { emptyShard } from '../src/processor/ledger';
import { realStopwatch } from '../src/apps/session';
import { takeStateRecords } from '../src/processor/stateRecords';
import type { Benchmark } from './benchmark';
import { figure, sized } from './benchmark';
import { fillRecords, intentRecords, openingRecords } from './inputs';
import { median, spread, timed } from './measure';
import { Verdicts } from './verdicts';

const SYMBOLS = 1_000;
const BATCH = 1_000;
const WARM_UP_ROUNDS = 2;

export const auditVerifyBenchmark: Benchmark = {
  name: 'verify',
  what: 'audit records verified: chain, hash, and every decision derived again',
  run: (setting) => {
    const codec = new Codec(freshSchemas());
    const records = auditRecords(codec, sized(setting, 60, 5));
    const rates: number[] = [];
    let decisions = 0;
    for (let round = -WARM_UP_ROUNDS; round < sized(setting, 7, 3); round++) {
      const verification = new Verification({ inOrderOfShard: true });
      const milliseconds = timed(() => {
        for (const record of records) verification.add(readRecord(codec, record));
      });
      const { faults, derived } = verification.end();
      if (faults.first !== undefined)
        throw new Error(`${faults.first.where}: ${faults.first.found}; expected a log that is whole`);
      decisions = derived;
      if (round >= 0) rates.push((records.length / milliseconds) * 1_000);
    }
    const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    const details = { ...spread(rates), decisions, bytes_per_record: Math.round(bytes / records.length) };
    const what = 'one run of decisions and fills, from bytes to the last check';
    return Promise.resolve([figure('verify/record', what, [median(rates), '/s'], { budget: { at_least: 100_000 }, details })]);
  },
};

/** What the engine writes for so many batches of intents and the fills of what was admitted. */
const auditRecords = (codec: Codec, batches: number): readonly BusRecord[] => {
  const verdicts = new Verdicts();
  const outputs: OutgoingRecord[] = [];
  const context = { shard: emptyShard(0), codec, engineVersion: '0.5.0', stopwatch: realStopwatch, observer: verdicts, outputs };
  const next = new Map<string, number>();
  const records: BusRecord[] = [];
  const feed = (inputs: readonly OutgoingRecord[]): void => {
    for (const input of inputs) {
      const offset = next.get(input.topic) ?? 0;
      next.set(input.topic, offset + 1);
      fold(context, { ...input, headers: {}, offset });
    }
    for (const output of outputs) {
      if (output.topic === AUDIT_RECORDS) records.push({ ...output, headers: {}, offset: records.length });
    }
    outputs.length = 0;
    takeStateRecords(context.shard, codec, 0);
  };
  feed(openingRecords(codec, SYMBOLS));
  for (let batch = 0; batch < batches; batch++) {
    feed(intentRecords(codec, batch * BATCH, BATCH, SYMBOLS));
    feed(fillRecords(codec, verdicts.take()));
  }
  return records;
};
