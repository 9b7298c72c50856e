import type { Codec } from '../contracts/avro/codec';
import type { ControlEvent } from '../contracts/messages';
import { CONTROL_EVENTS } from '../contracts/topics';
import type { BusRecord } from '../processor/bus';

/** A control event with the run that it is about; undefined: unreadable, which the processor sets aside. */
export const controlRecord = (
  codec: Codec,
  { key, value }: BusRecord,
): { readonly runId: string; readonly control: ControlEvent } | undefined => {
  const control = codec.decodeValue(CONTROL_EVENTS, value);
  return control.ok && key !== null ? { runId: Buffer.from(key).toString('utf8'), control: control.value } : undefined;
};

/** Whose word an OrderResolved is, for the record. */
export const describeResolution = ({ actor, reason }: ControlEvent): string => `by ${actor}: ${reason}`;
