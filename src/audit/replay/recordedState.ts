/** Which records of `policy-state` are the newest of their keys, and how far the inputs are folded. Values are not kept: there may be millions. */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import type { InputPositions } from '../../contracts/messages';
import { POLICY_STATE } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { Differs } from './difference';

export class RecordedState {
  /** Offset of the newest record, by key. */
  readonly newest = new Map<string, number>();
  /** Undefined: the shard has never committed anything. */
  positions: InputPositions | undefined;
  /** Offset behind the last record. */
  end = 0;

  /** Rejects with a Differs where the input positions cannot be read. */
  static async read(bus: Bus, codec: Codec, partition: number): Promise<RecordedState> {
    const state = new RecordedState();
    const positionsKey = stateKeyText(codec, codec.encodeKey(POLICY_STATE, { run_id: '', kind: 'positions', id: '' }));
    for await (const record of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 })) {
      const key = stateKeyText(codec, record.key);
      state.newest.set(key, record.offset);
      state.end = record.offset + 1;
      if (key !== positionsKey) continue;
      const entity = codec.decodeValue(POLICY_STATE, record.value);
      if (entity.ok && entity.value.kind === 'positions') state.positions = entity.value.positions;
      else {
        const what = entity.ok ? `no positions, but a ${entity.value.kind}` : describeFault(entity.error);
        throw new Differs({ kind: 'unreadable', topic: POLICY_STATE, partition, offset: record.offset, what, recorded: record });
      }
    }
    return state;
  }
}

/** One character for each byte of a key, without the id of its schema: a key for a Map. */
export const stateKeyText = ({ headerBytes }: Codec, key: Uint8Array | null): string =>
  key === null ? '' : Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1', headerBytes);
