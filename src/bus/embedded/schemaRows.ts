/** Schemas as rows of the embedded store, beside the records: one batch each, synced. */
import { BusError } from '../../processor/bus';
import type { SchemaStore } from '../schemaStore';
import { CHECKSUM_BYTES, isSealed, schemaKey, SCHEMA_KEYS, seal } from './rows';
import type { Store } from './store';

export class SchemaRows implements SchemaStore {
  constructor(private readonly store: Store) {}

  async all(): Promise<ReadonlyMap<number, string>> {
    const { level } = await this.store.state();
    const schemas = new Map<number, string>();
    for await (const [key, value] of level.iterator(SCHEMA_KEYS)) {
      const id = key.readUInt32BE(1);
      if (!isSealed(key, value))
        throw new BusError('BUS_DAMAGED', `${this.store.where}, schema ${id}`, new Error('it does not match its checksum'));
      schemas.set(id, value.toString('utf8', 0, value.length - CHECKSUM_BYTES));
    }
    return schemas;
  }

  async put(id: number, schema: string): Promise<void> {
    const key = schemaKey(id);
    const value = seal(key, Buffer.concat([Buffer.from(schema), Buffer.alloc(CHECKSUM_BYTES)]));
    await this.store.inOrder(async () => {
      const { level } = await this.store.state();
      await this.store.write(level, [{ type: 'put', key, value }], 0, {});
    });
  }
}
