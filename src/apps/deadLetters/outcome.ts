import type { Codec } from '../../contracts/avro/codec';
import type { InputPlace } from '../../contracts/deadLetter';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordAt, recordsTo } from '../../processor/readTo';
import { recordText } from './outlook';

/** The first audit record of an input in a few words; undefined: there is none (yet), as of a price there never is. */
export const outcomeOf = async (bus: Bus, codec: Codec, input: InputPlace): Promise<string | undefined> => {
  const { topic, partition, offset } = input;
  const record = await recordAt(bus, input);
  if (record === undefined) return undefined;
  // A run's clock is never behind the input that it has just folded, and its records are dated by it.
  const from = await bus.offsetAt(AUDIT_RECORDS, partition, record.timestamp);
  for await (const { value } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: from })) {
    const head = codec.decodeAuditHead(value);
    if (!head.ok || head.value.input.topic !== topic || head.value.input.offset !== offset) continue;
    const audit = codec.decodeAudit(value);
    if (audit.ok) return `${recordText(audit.value.record)} (seq ${audit.value.record.seq})`;
  }
  return undefined;
};
