/** Schemas as rows of the embedded store, beside the records: one batch each, synced. */
import { BusError } from '../../processor/bus';
import type { SchemaStore } from '../schemaStore';
import { schemaKey, SCHEMA_KEYS, textOf, textRow } from './rows';
import type { Store } from './store';

export class SchemaRows implements SchemaStore {
  constructor(private readonly store: Store) {}

  async all(): Promise<ReadonlyMap<number, string>> {
    const { level } = await this.store.state();
    const schemas = new Map<number, string>();
    for await (const [key, value] of level.iterator(SCHEMA_KEYS)) {
      const id = key.readUInt32BE(1);
      const text = textOf(key, value);
      if (text === null)
        throw new BusError('BUS_DAMAGED', `${this.store.where}, schema ${id}`, new Error('it does not match its checksum'));
      schemas.set(id, text);
    }
    return schemas;
  }

  async put(id: number, schema: string): Promise<void> {
    const key = schemaKey(id);
    const value = textRow(key, schema);
    await this.store.inOrder(async () => {
      const { level } = await this.store.state();
      await this.store.write(level, [{ type: 'put', key, value }], 0, {});
    });
  }
}
