/** Where a local schema registry keeps its schemas: the embedded and the memory bus have one, so that ids mean the same after a restart. */
export interface SchemaStore {
  /** Every schema ever put, by id. */
  all(): Promise<ReadonlyMap<number, string>>;
  /** Durable when it resolves. An id is put once. */
  put(id: number, schema: string): Promise<void>;
}
