/** The Avro bodies of the keys. Fields in the order of avro/IntentKey.avsc and avro/StateKey.avsc. */
import type { EntityKind, IntentKey, StateKey } from '../messages';
import { ENTITY_KINDS } from './entityFormat';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const writeIntentKey = (writer: Writer, key: IntentKey): void => {
  writer.string(key.run_id);
  writer.string(key.intent_id);
};

export const readIntentKey = (reader: Reader): IntentKey => ({ run_id: reader.name(), intent_id: reader.string() });

export const writeStateKey = (writer: Writer, key: StateKey): void => {
  writer.string(key.run_id);
  writer.string(key.kind);
  writer.string(key.id);
};

export const readStateKey = (reader: Reader): StateKey => ({
  run_id: reader.name(),
  kind: readKind(reader),
  id: reader.string(),
});

/** A text in Avro, so that a kind can be added without a new key for every old one. */
const readKind = (reader: Reader): EntityKind => {
  const text = reader.name();
  return (
    ENTITY_KINDS.find((kind) => kind === text) ??
    reader.fail('INVALID_VALUE', `a state of unknown kind: expected one of ${ENTITY_KINDS.join(', ')}`)
  );
};
