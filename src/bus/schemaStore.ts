/** Where a local schema registry keeps its schemas: beside the records that need them, as durable as those. */
export interface SchemaStore {
  /** Text of each schema by id. */
  all(): Promise<ReadonlyMap<number, string>>;
  /** Resolves when the schema is durable. Ids are whole numbers from 0 to 2^32 - 1. */
  put(id: number, schema: string): Promise<void>;
}
