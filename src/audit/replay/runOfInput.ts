import type { Codec } from '../../contracts/avro/codec';
import { CONTROL_EVENTS, EXECUTION_EVENTS, ORDER_INTENTS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';

/** The run that an input's key names, as far as it does. */
export const runOfInput = (codec: Codec, topic: Topic, key: Uint8Array | null): string | undefined => {
  if (key === null) return undefined;
  if (topic === ORDER_INTENTS || topic === CONTROL_EVENTS) return Buffer.from(key).toString('utf8');
  if (topic !== EXECUTION_EVENTS) return undefined;
  const decoded = codec.decodeKey(EXECUTION_EVENTS, key);
  return decoded.ok ? decoded.value.run_id : undefined;
};
