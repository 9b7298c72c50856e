/** The steps that the topics of a bus tell, shard by shard, up to their ends as they are now. */
import { inOrderOfTime } from '../../audit/correlate/inOrderOfTime';
import type { AuditStep } from '../../audit/steps/auditStep';
import { stepOfAudit, stepOfExecution } from '../../audit/steps/recordSteps';
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import { AUDIT_RECORDS, EXECUTION_EVENTS } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import type { Progress } from '../cli/io';
import { Failure } from '../failure';

export async function* stepsOfBus(
  { bus, codec }: { readonly bus: Bus; readonly codec: Codec },
  executions: boolean,
  progress: Progress,
  warn: (warning: string) => void,
): AsyncGenerator<AuditStep> {
  const topics = executions ? ([AUDIT_RECORDS, EXECUTION_EVENTS] as const) : ([AUDIT_RECORDS] as const);
  let total = 0;
  for (let partition = 0; partition < bus.shards; partition++)
    for (const topic of topics) total += await bus.endOffset(topic, partition);
  let done = 0;
  const read = (): void => progress.show(++done, total);
  const undecoded = { count: 0, first: '' };
  for (let partition = 0; partition < bus.shards; partition++) {
    const audit = auditSteps(codec, recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }), read);
    if (executions) {
      const events = recordsTo(bus, { topic: EXECUTION_EVENTS, partition, offset: 0 });
      yield* inOrderOfTime(audit, executionSteps(codec, events, read, undecoded));
    } else yield* audit;
  }
  if (undecoded.count > 0) warn(undecodedWarning(undecoded));
}

/** Records of execution-events that the processor set aside as dead letters, as it does with what it cannot read. */
export interface Undecoded {
  count: number;
  first: string;
}

export const undecodedWarning = ({ count, first }: Undecoded): string =>
  `${count} records of ${EXECUTION_EVENTS} cannot be decoded and are left out, as the processor does: the first is ${first}`;

export async function* auditSteps(codec: Codec, records: AsyncIterable<BusRecord>, read: () => void): AsyncGenerator<AuditStep> {
  for await (const record of records) {
    read();
    const decoded = codec.decodeValue(AUDIT_RECORDS, record.value);
    if (!decoded.ok)
      throw new Failure(`${placeOf(record)}: ${describeFault(decoded.error)}; see \`policygate verify\` for what else is wrong`);
    const step = stepOfAudit(decoded.value.record, record.headers);
    if (step !== undefined) yield step;
  }
}

export async function* executionSteps(
  codec: Codec,
  records: AsyncIterable<BusRecord>,
  read: () => void,
  undecoded: Undecoded,
): AsyncGenerator<AuditStep> {
  for await (const record of records) {
    read();
    const decoded = codec.decodeValue(EXECUTION_EVENTS, record.value);
    if (decoded.ok) yield stepOfExecution(decoded.value, record.headers, record.timestamp);
    else if (undecoded.count++ === 0) undecoded.first = `${placeOf(record)}: ${describeFault(decoded.error)}`;
  }
}

const placeOf = ({ topic, partition, offset }: BusRecord): string => `${topic}/${partition}@${offset}`;
