/** A schema that cannot be registered, or a store that holds what is no schema. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}
