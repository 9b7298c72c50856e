/**
 * Dead letters that should have been none: intents, reports and turns of the kill switch that read well and are for a run that this shard knows have an
 * outcome coming (promise 6 of test/checks/promises.ts). Written for strangers' bytes: nothing here can be made to build a long list.
 */
import avsc from 'avsc';
import { schemaText } from '../../../src/contracts/avro/schemas';
import { CONTROL_EVENTS, EVERY_RUN, EXECUTION_EVENTS, ORDER_INTENTS } from '../../../src/contracts/topics';
import type { InputTopic } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import { bodyOf } from '../decoding';
import { figureOf, isAmount } from './figures';
import { executionIn, intentIn, keyOf } from './inputs';
import type { ExecutionReport, Intent } from './recorded';
import type { ModelShard } from './shard';
import { timeOf } from './times';

/** As many intents of a run that was never started are remembered. Source: docs/adr/0001, "Unknown runs". */
const UNKNOWN_RUN_INTENTS = 1_000;
const HEADER_BYTES = 5;
const LONGEST = 65_536;

/** Why it should have had another outcome; undefined: rightly set aside. `schemas`: those of the topic's records that were taken. */
export const wronglySetAside = (
  shard: ModelShard,
  topic: InputTopic,
  record: BusRecord,
  schemas: ReadonlySet<number>,
): string | undefined => {
  const { value } = record;
  if (value === null || value.length <= HEADER_BYTES || value.length > LONGEST || value[0] !== 0) return undefined;
  if (!schemas.has(schemaOf(value))) return undefined;
  switch (topic) {
    case ORDER_INTENTS:
      return intentSetAside(shard, record, value);
    case EXECUTION_EVENTS: {
      const report = executionIn(record);
      const isWellFormed = report !== undefined && shard.runs.has(report.run_id) && isFaultlessReport(report);
      const isWrong = isWellFormed && encoded('ExecutionEvent', report).equals(bodyOf(value));
      return isWrong ? `a well-formed report for run ${report.run_id} was set aside` : undefined;
    }
    case CONTROL_EVENTS: {
      const key = keyOf(record) ?? '';
      const isWrong = (key === EVERY_RUN || shard.runs.has(key)) && isTrip(bodyOf(value));
      return isWrong ? `a trip of the kill switch for ${key} was set aside` : undefined;
    }
    default:
      return undefined;
  }
};

export const schemaOf = (value: Uint8Array): number =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).readUInt32BE(1);

const intentSetAside = (shard: ModelShard, record: BusRecord, value: Uint8Array): string | undefined => {
  const runId = keyOf(record);
  const run = runId === undefined ? undefined : shard.runs.get(runId);
  const intent = intentIn(record);
  if (run === undefined || intent === undefined || !isFaultlessIntent(intent)) return undefined;
  if (!encoded('OrderIntent', intent).equals(bodyOf(value))) return undefined;
  if (run.status !== 'UNKNOWN') return `a well-formed intent of run ${run.id} was set aside`;
  if (run.known.size < UNKNOWN_RUN_INTENTS)
    return `a well-formed intent of run ${run.id}, which was never started, was set aside`;
  // It was looked at before it was set aside, which moves the clock.
  run.advance(record.timestamp);
  return undefined;
};

const isFaultlessIntent = ({ qty, limit_price, instrument, ...intent }: Intent): boolean =>
  [intent.intent_id, intent.strategy_id, intent.account_id, instrument.symbol].every(isName) &&
  ![intent.side, intent.order_type, instrument.asset_class].includes('OTHER') &&
  timeOf(intent.timestamp) !== undefined &&
  figureOf(qty) > 0n &&
  [qty, limit_price].every(isQuantity);

const isFaultlessReport = ({ price, ...report }: ExecutionReport): boolean =>
  [report.run_id, report.intent_id, report.symbol].every(isName) &&
  report.run_id !== EVERY_RUN &&
  ![report.event, report.side, report.order_type].includes('OTHER') &&
  report.decision_offset >= 0 &&
  (price === null || isAmount(figureOf(price))) &&
  [report.qty, report.cum_qty, report.leaves_qty].every(isQuantity);

const isQuantity = (bytes: Buffer | null): boolean => {
  const quantity = bytes === null ? 0n : figureOf(bytes);
  return quantity >= 0n && isAmount(quantity);
};

const isName = (name: string): boolean =>
  name.length >= 1 && name.length <= 256 && !/[\u0000-\u001f\u007f-\u009f\ufffd]|\p{Surrogate}/u.test(name);

/** A KillSwitchTripped: actor and reason (of less than 64 bytes each), the branch of the union, nothing in the three fields beside it. */
const isTrip = (body: Buffer): boolean => {
  const reason = 1 + (body[0] ?? 1) / 2;
  const branch = reason + 1 + (body[reason] ?? 1) / 2;
  return body.subarray(branch).equals(TRIP) && !body.subarray(0, branch).toString().includes('\ufffd');
};
const TRIP = Buffer.from([4 * 2, 0, 0, 0]);

const types = new Map<string, avsc.Type>();

const encoded = (name: 'OrderIntent' | 'ExecutionEvent', value: unknown): Buffer => {
  let type = types.get(name);
  if (type === undefined) types.set(name, (type = avsc.Type.forSchema(JSON.parse(schemaText(name)) as avsc.Schema)));
  return type.toBuffer(value);
};
