/** One record that folding gives against the one on the log: value, key, timestamp, and the names of its headers. */
import type { Codec } from '../../contracts/avro/codec';
import type { ValueTopic } from '../../contracts/avro/formats';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { TRACEPARENT } from '../../contracts/traceparent';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';
import { isSame } from '../isSame';

/** What folding gives, as it is compared: by the schema of the recorded value. */
export interface Compared {
  readonly again: OutgoingRecord;
  /** What differs; undefined: nothing. */
  readonly differs: string | undefined;
  /** The recorded value is of an older schema. */
  readonly earlier: boolean;
}

/** `prevHash`: of an audit record, the hash before it on the log, where that is not what folding gives. */
export const compareRecord = (
  codec: Codec,
  topic: ValueTopic,
  recorded: BusRecord,
  given: OutgoingRecord,
  prevHash?: Uint8Array,
): Compared => {
  const again = isSame(recorded.value, given.value) ? given : inSchemaOf(codec, topic, recorded, given, prevHash);
  return { again, differs: differenceOf(recorded, again, topic === AUDIT_RECORDS), earlier: again !== given };
};

const inSchemaOf = (
  codec: Codec,
  topic: ValueTopic,
  recorded: BusRecord,
  given: OutgoingRecord,
  prevHash: Uint8Array | undefined,
): OutgoingRecord => {
  const written = codec.schemaIdOf(recorded.value);
  if (given.value === null || written === undefined || written === codec.schemaIdOf(given.value)) return given;
  const value = codec.inEarlierForm(topic, given.value, written, prevHash);
  return value === undefined ? given : { ...given, value };
};

const differenceOf = (recorded: BusRecord, again: OutgoingRecord, isTimed: boolean): string | undefined => {
  if (!isSame(recorded.value, again.value)) return 'value';
  if (!isSame(recorded.key, again.key)) return 'key';
  if (recorded.timestamp !== again.timestamp) return 'timestamp';
  return headersDifference(recorded.headers, again.headers ?? {}, isTimed);
};

/**
 * `isTimed`: when a record was made is its own to say. Which other headers there are, and what they say, is known; but before 0012 (docs/adr) the trace of an
 * input was not carried on.
 */
const headersDifference = (recorded: BusRecord['headers'], again: BusRecord['headers'], isTimed: boolean): string | undefined => {
  for (const name of Object.keys(recorded)) {
    const value = recorded[name] ?? '';
    if (again[name] === undefined) return `headers.${name}`;
    if (isTimed && name === 'recorded_at' ? Number.isNaN(Date.parse(value)) : value !== again[name]) return `headers.${name}`;
  }
  const missing = Object.keys(again).find((name) => recorded[name] === undefined && name !== TRACEPARENT);
  return missing === undefined ? undefined : `headers.${missing}`;
};
