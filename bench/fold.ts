/** One intent from its bytes to everything that would be committed for it: decided, hashed, encoded. No I/O. */
import { hash } from 'node:crypto';
import type { Type } from 'avsc';
import { parseSchema } from '../src/contracts/avro/compatibility';
import type { RecordName } from '../src/contracts/avro/schemas';
import { schemaText } from '../src/contracts/avro/schemas';
import { decide } from '../src/domain/decide';
import { exampleAudit, exampleHash } from '../src/contracts/avro/examples';
import { resolveLimits } from '../src/domain/limits';
import { readFacts } from '../src/domain/state';
import type { Benchmark } from './benchmark';
import { figure, sized } from './benchmark';
import { judgeBare } from './bareEvaluator';
import { FoldShard } from './foldShard';
import { intentRecords } from './inputs';
import { median, spread, timed } from './measure';
import { intentAt } from './workload';

const SYMBOLS = 1_000;
const BATCH = 1_000;
const WARM_UP_ROUNDS = 2;

export const foldBenchmark: Benchmark = {
  name: 'fold',
  what: 'one intent from its bytes to hashed and encoded outputs, no I/O',
  run: async (setting) => {
    const rounds = sized(setting, 11, 3);
    const batches = sized(setting, 20, 3);
    const perRound = batches * BATCH;
    const shard = new FoldShard(SYMBOLS);
    const alone = yardstick(perRound);
    const folded: number[] = [];
    const compared: number[] = [];
    let next = 0;
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      let milliseconds = 0;
      for (let batch = 0; batch < batches; batch++) {
        const inputs = shard.arrived(intentRecords(shard.codec, next, BATCH, SYMBOLS));
        next += BATCH;
        milliseconds += timed(() => shard.fold(inputs));
        shard.fill();
      }
      const aloneMilliseconds = timed(alone);
      if (round < 0) continue;
      folded.push((perRound / milliseconds) * 1_000);
      compared.push((perRound / aloneMilliseconds) * 1_000);
    }
    return [
      figure('fold/intent', '`fold` and `takeStateRecords`, a thousand intents at a time', [median(folded), '/s'], {
        budget: { at_least: 60_000 },
        details: { ...spread(folded), ...shard.verdicts.check(next) },
      }),
      figure(
        'fold/avsc alone',
        'bare BigInt evaluator, avsc reading the intent and writing decision and audit record, one SHA-256 of it; for comparison',
        [median(compared), '/s'],
        { details: spread(compared) },
      ),
    ];
  },
};

/** avsc at its best: values ready to be written, decimals as raw bytes. */
const yardstick = (count: number): (() => void) => {
  const shard = new FoldShard(SYMBOLS);
  const { codec, state, prices } = shard;
  const intent = intentAt(0, SYMBOLS);
  const limits = resolveLimits(state.active!.policy, intent.instrument.symbol, intent.strategy_id);
  const facts = readFacts(state, intent, prices);
  const decided = { ...exampleAudit.decision!, ...decide(intent, limits, facts) };
  const bodyOf = (value: Buffer): Buffer => value.subarray(codec.headerBytes);
  const intentBody = bodyOf(codec.encodeValue('order-intents', intent));
  const decision = typed('Decision', bodyOf(codec.encodeValue('decisions', decided)));
  const auditBody = codec.encodeAuditBody({ ...exampleAudit, intent, facts, decision: decided });
  const audit = typed('AuditRecord', bodyOf(codec.auditValue(auditBody, exampleHash)));
  const intentType = parseSchema(schemaText('OrderIntent'));
  return () => {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      intentType.fromBuffer(intentBody);
      judgeBare(intent, limits, facts);
      bytes += decision.type.toBuffer(decision.value).length;
      const written = audit.type.toBuffer(audit.value);
      bytes += hash('sha256', written, 'buffer').length;
    }
    if (bytes < count * 100) throw new Error(`${bytes} bytes written; expected more`);
  };
};

const typed = (record: RecordName, body: Buffer): { readonly type: Type; readonly value: unknown } => {
  const type = parseSchema(schemaText(record));
  return { type, value: type.fromBuffer(body) };
};
