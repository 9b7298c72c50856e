/**
 * What encoding and decoding one record costs, and what avsc alone takes for the same bytes (decimals as raw bytes, which is its best case: its
 * logical types come on top).
 */
import { Codec } from '../src/contracts/avro/codec';
import { parseSchema } from '../src/contracts/avro/compatibility';
import {
  exampleAudit,
  exampleDecision,
  exampleEntities,
  exampleExecution,
  exampleHash,
  exampleIntent,
} from '../src/contracts/avro/examples';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { schemaText } from '../src/contracts/avro/schemas';

export interface CodecFigure {
  readonly name: string;
  /** Nanoseconds per record, the median of the rounds. */
  readonly ns: number;
  /** The goal, in nanoseconds; absent where the figure is for comparison. */
  readonly goal?: number;
}

const ROUNDS = 7;

export const benchCodec = (recordsPerRound = 50_000): readonly CodecFigure[] => {
  const codec = new Codec(freshSchemas());
  const intent = codec.encodeValue('order-intents', exampleIntent);
  const decision = codec.encodeValue('decisions', exampleDecision);
  const execution = codec.encodeValue('execution-events', exampleExecution);
  const parts = { intent: intent.subarray(codec.headerBytes), decision: decision.subarray(codec.headerBytes) };
  const audit = codec.auditValue(codec.encodeAuditBody(exampleAudit, parts), exampleHash);
  const key = { run_id: exampleAudit.run_id, intent_id: exampleIntent.intent_id };
  const stateKey = { run_id: exampleAudit.run_id, kind: 'intent', id: exampleIntent.intent_id } as const;
  const entity = codec.encodeValue('policy-state', exampleEntities.intent);

  const jobs: readonly (readonly [name: string, job: () => unknown, goal?: number])[] = [
    ['OrderIntent decode', () => codec.decodeValue('order-intents', intent), 1_500],
    ['ExecutionEvent decode', () => codec.decodeValue('execution-events', execution)],
    ['Decision decode', () => codec.decodeValue('decisions', decision)],
    ['AuditRecord decode', () => codec.decodeAudit(audit)],
    ['IntentEntity decode', () => codec.decodeValue('policy-state', entity)],
    ['OrderIntent encode', () => codec.encodeValue('order-intents', exampleIntent)],
    ['ExecutionEvent encode', () => codec.encodeValue('execution-events', exampleExecution)],
    ['Decision encode', () => codec.encodeValue('decisions', exampleDecision), 2_000],
    ['AuditRecord compose and seal', () => codec.auditValue(codec.encodeAuditBody(exampleAudit, parts), exampleHash), 2_500],
    ['RunEntity encode', () => codec.encodeValue('policy-state', exampleEntities.run), 1_000],
    ['PositionEntity encode', () => codec.encodeValue('policy-state', exampleEntities.position), 1_000],
    ['IntentEntity encode', () => codec.encodeValue('policy-state', exampleEntities.intent), 1_000],
    ['IntentKey encode', () => codec.encodeKey('decisions', key), 500],
    ['StateKey encode', () => codec.encodeKey('policy-state', stateKey), 500],
    ...avscJobs('OrderIntent', parts.intent),
    ...avscJobs('Decision', parts.decision),
    ...avscJobs('AuditRecord', audit.subarray(codec.headerBytes)),
  ];
  // Two rounds before the clock counts, so that one job does not run on code that another has specialised.
  for (const [, job] of jobs) timed(job, recordsPerRound * 2);
  return jobs.map(([name, job, goal]) => ({ name, ns: median(job, recordsPerRound), ...(goal === undefined ? {} : { goal }) }));
};

const avscJobs = (
  record: 'OrderIntent' | 'Decision' | 'AuditRecord',
  body: Buffer,
): readonly (readonly [string, () => unknown])[] => {
  const type = parseSchema(schemaText(record));
  const value: unknown = type.fromBuffer(body);
  return [
    [`${record} decode, avsc`, () => type.fromBuffer(body)],
    [`${record} encode, avsc`, () => type.toBuffer(value)],
  ];
};

const median = (job: () => unknown, records: number): number => {
  const rounds = Array.from({ length: ROUNDS }, () => timed(job, records)).sort((a, b) => a - b);
  return Math.round(rounds[ROUNDS >> 1]!);
};

let sink: unknown;
const timed = (job: () => unknown, records: number): number => {
  const start = process.hrtime.bigint();
  for (let i = 0; i < records; i++) sink = job();
  const elapsed = Number(process.hrtime.bigint() - start);
  if (sink === undefined) throw new TypeError('a job answered nothing');
  return elapsed / records;
};
