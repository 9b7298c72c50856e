/** Tells a wrong public key, with which nothing can be checked, from a log that was changed. */
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_CHECKPOINTS } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import type { PublicKey } from './checkpointKeys';
import { isSignedBy, verifiedHead } from './checkpointNote';

export interface Signers {
  /** Whether a signature, be it right or wrong, names the key. */
  readonly isOfKey: boolean;
  /** The first checkpoint that others alone have signed, and who. */
  readonly ofOther: string | undefined;
}

/** Of the checkpoints on the topic, up to the first that is of the key. */
export const signersOnTopic = async (bus: Bus, codec: Codec, key: PublicKey): Promise<Signers> => {
  let ofOther: string | undefined;
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition, offset: 0 })) {
      const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, value);
      if (!decoded.ok) continue;
      const { note } = decoded.value;
      const isOwn = isSignedBy(note, key);
      if (isOwn === true) return { isOfKey: true, ofOther };
      const read = verifiedHead(note, key);
      if (isOwn === false && !read.ok) ofOther ??= `${AUDIT_CHECKPOINTS}/${partition}@${offset}: ${read.error}`;
    }
  return { isOfKey: false, ofOther };
};
