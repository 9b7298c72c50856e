/**
 * A program for node --expose-gc: a million audit records, made as they are asked for, through one verification. Prints what was verified, and by how much the
 * memory grew after the first of them, in bytes.
 */
import { readRecord } from '../../src/audit/verify/readRecord';
import { Verification } from '../../src/audit/verify/verification';
import { Codec } from '../../src/contracts/avro/codec';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { chainHash } from '../../src/contracts/chain';
import type { AuditRecord, RunStarted } from '../../src/contracts/messages';
import { policyHash, readPolicy } from '../../src/contracts/policyDocument';
import type { BusRecord } from '../../src/processor/bus';
import { decide } from '../../src/domain/decide';
import { resolveLimits } from '../../src/domain/limits';
import { policyText, START } from '../support/shard';
import { factsOf, intentOf, portfolioOf } from '../support/situations';

const RECORDS = 1_000_000;
const RUNS = 10;
/** So many later no order of before is in the window. */
const STEP_MS = 61_000;
/** A decision, then repeats of it. */
const TIMES_ASKED = 4;

const codec = new Codec(freshSchemas());
const text = policyText();
const read = readPolicy(text, 'policy');
if (!read.ok) throw new Error('the policy of the tests is invalid');
const { policy } = read.value;
const policy_hash = policyHash(text);
const intent = intentOf();
const facts = factsOf();
const { decision, intent_id, order, violations, evidence, kill_switch_triggered } = decide(
  intent,
  resolveLimits(policy, 'AAPL', 'alpha'),
  facts,
);
const NOTHING = {
  intent: null,
  facts: null,
  decision: null,
  execution: null,
  control: null,
  kill_switch: null,
  duplicate: null,
  note: null,
};
const started: RunStarted = {
  type: 'RunStarted',
  account_id: 'acct_1',
  policy_text: text,
  portfolio: portfolioOf(),
  execution: {
    orders_last_60s_global: 0,
    orders_last_60s_by_strategy: new Map(),
    violations_last_window: [],
    kill_switch_active: false,
  },
  equity_mode: 'fixed',
};

/** Run after run, each started and then asked the same again and again. */
function* records(): Generator<BusRecord> {
  let offset = 0;
  for (let run = 0; run < RUNS; run++) {
    const run_id = `run-${run}`;
    const key = [
      codec.encodeKey('audit-records', { run_id, intent_id: '' }),
      codec.encodeKey('audit-records', { run_id, intent_id: intent.intent_id }),
    ];
    let prev_hash: Uint8Array = new Uint8Array(32);
    for (let seq = 0; seq < RECORDS / RUNS; seq++) {
      const clock = START + seq * STEP_MS;
      const decided = seq === 0 ? undefined : decisionOf(run_id, seq, run, offset, clock, prev_hash);
      const record =
        decided === undefined
          ? startOf(run_id, run, clock, prev_hash)
          : (seq - 1) % TIMES_ASKED === 0
            ? decided
            : repeatOf(decided);
      const body = codec.encodeAuditBody(record);
      const hash = chainHash(prev_hash, body);
      prev_hash = hash;
      yield {
        topic: 'audit-records',
        partition: 0,
        offset,
        timestamp: clock,
        key: key[seq === 0 ? 0 : 1]!,
        value: codec.auditValue(body, hash),
        headers: {},
      };
      offset += 1;
    }
  }
}

const startOf = (run_id: string, run: number, clock: number, prev_hash: Uint8Array): AuditRecord => ({
  ...NOTHING,
  run_id,
  seq: 0,
  kind: 'CONTROL',
  input: { topic: 'control-events', partition: 0, offset: run, timestamp: clock },
  clock,
  positions: { order_intents: (run * RECORDS) / RUNS, market_prices: 1, control_events: run + 1, execution_events: 0 },
  policy_hash,
  engine_version: '0.5.0',
  control: { actor: 'desk', reason: 'test', payload: started },
  prev_hash,
});

const repeatOf = (decided: AuditRecord): AuditRecord => ({
  ...decided,
  kind: 'DUPLICATE',
  facts: null,
  decision: null,
  duplicate: { decided_seq: decided.seq - 1, conflict: false },
});

const decisionOf = (
  run_id: string,
  seq: number,
  run: number,
  offset: number,
  clock: number,
  prev_hash: Uint8Array,
): AuditRecord => ({
  ...NOTHING,
  run_id,
  seq,
  kind: 'DECISION',
  input: { topic: 'order-intents', partition: 0, offset, timestamp: clock },
  clock,
  positions: { order_intents: offset + 1, market_prices: 1, control_events: run + 1, execution_events: 0 },
  policy_hash,
  engine_version: '0.5.0',
  intent,
  facts: { ...facts, clock },
  decision: {
    ...{ decision, intent_id, order, violations, evidence, kill_switch_triggered },
    run_id,
    seq,
    clock,
    reference_price: facts.price,
    policy_hash,
    kill_switch_tripped: false,
    control_position: run + 1,
  },
  prev_hash,
});

const heapBytes = (): number => {
  if (global.gc === undefined) throw new TypeError('no garbage collector: start with node --expose-gc');
  global.gc();
  return process.memoryUsage().heapUsed;
};

const verification = new Verification({ inOrderOfShard: true });
let early = 0;
for (const record of records()) {
  verification.add(readRecord(codec, record));
  if (verification.counted === RECORDS / 20) early = heapBytes();
}
const growth = heapBytes() - early;
const { records: verified, decisions, derived, runs, faults } = verification.end();
console.log(JSON.stringify({ verified, decisions, derived, runs: runs.length, first: faults.first ?? null, growth }));
