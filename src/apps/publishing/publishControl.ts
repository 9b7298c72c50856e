/** One control event, with what belongs to it in the same transaction, and what the shards answer to it. */
import type { ControlEvent } from '../../contracts/messages';
import { CONTROL_EVENTS } from '../../contracts/topics';
import type { BusError, OutgoingRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { wallClock } from '../session';
import type { Session } from '../session';
import { AnswerWatch } from './answers';
import type { EventPosition, ShardAnswer } from './answers';
import { controlRecords } from './lineForms';
import { PersistentWriter } from './persistentWriter';

export interface ControlRequest {
  /** `*`: every run. */
  readonly runId: string;
  readonly control: ControlEvent;
  /** Of the event's records, in ms since 1970. */
  readonly timestamp: number;
  /** Becomes visible with the event, or not at all. */
  readonly alongside?: readonly OutgoingRecord[];
  /** Undefined: answers are not waited for. */
  readonly timeoutMs: number | undefined;
  /** How long a bus that fails is tried again; undefined: as long as a command waits. */
  readonly patienceMs?: number;
  readonly retrying: (error: BusError) => void;
}

export interface ControlOutcome {
  readonly events: readonly EventPosition[];
  /** One of each event; undefined: they were not waited for. */
  readonly answers: readonly ShardAnswer[] | undefined;
}

export const publishControl = async ({ bus, codec }: Session, request: ControlRequest): Promise<ControlOutcome> => {
  const { runId, control, timestamp, alongside = [], timeoutMs, retrying } = request;
  // An event may be dated to a recorded day; when somebody said it is another matter.
  const headers = { recorded_at: wallClock() };
  const toldRecords = eventRecords(() => controlRecords({ codec, shards: bus.shards }, runId, control, timestamp));
  const records = [...toldRecords.map((record) => ({ ...record, headers })), ...alongside];
  const partitions = records.flatMap(({ topic, partition }) => (topic === CONTROL_EVENTS ? [partition] : []));
  const watch = timeoutMs === undefined ? undefined : await AnswerWatch.open(bus, codec, partitions);
  const writer = new PersistentWriter(bus, 'control', retrying, request.patienceMs);
  try {
    const offsets = await writer.commit(records);
    const events = partitions.map((partition, at) => ({ partition, offset: offsets[at] ?? 0 }));
    const deadline = performance.now() + (timeoutMs ?? 0);
    return { events, answers: await watch?.answers(events, deadline) };
  } finally {
    await writer.close();
    await watch?.close();
  }
};

/** Documents may be valid and still be more than a record can hold. */
const eventRecords = (encode: () => readonly OutgoingRecord[]): readonly OutgoingRecord[] => {
  try {
    return encode();
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(`the event fits no record of the log: ${error.message}`);
    throw error;
  }
};
