/** Completes a difference with what led to it: the record on the log, and the input by the coordinates that the audit record or the letter names. */
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS, DEAD_LETTERS, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordAt } from '../../processor/readTo';
import type { Difference } from './difference';

export const whatLedTo = async (bus: Bus, codec: Codec, difference: Difference): Promise<Difference> => {
  const { kind, topic, partition, offset } = difference;
  const recorded = difference.recorded ?? (kind === 'missing' ? undefined : await recordAt(bus, { topic, partition, offset }));
  const at = coordinatesOf(codec, { ...difference, recorded });
  const input = difference.input ?? (at && (await recordAt(bus, { topic: at.topic, partition, offset: at.offset })));
  return { ...difference, recorded, input };
};

interface Coordinates {
  readonly topic: Topic;
  readonly offset: number;
}

const coordinatesOf = (codec: Codec, { topic, recorded, again, audit }: Difference): Coordinates | undefined => {
  if (topic === DEAD_LETTERS) {
    const { headers = {} } = again ?? recorded ?? {};
    return coordinates(headers.topic, Number(headers.offset));
  }
  const of = topic === AUDIT_RECORDS ? (again ?? recorded) : audit;
  const decoded = of === undefined ? undefined : codec.decodeAudit(of.value);
  return decoded?.ok === true ? coordinates(decoded.value.record.input.topic, decoded.value.record.input.offset) : undefined;
};

const coordinates = (name: string | undefined, offset: number): Coordinates | undefined => {
  const topic = TOPICS.find((one) => one === name);
  return topic === undefined || !Number.isSafeInteger(offset) || offset < 0 ? undefined : { topic, offset };
};
