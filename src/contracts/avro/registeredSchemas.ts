/** What a codec knows of a schema registry: nothing else is ever looked up. */
import type { Subject } from './schemas';

export interface RegisteredSchemas {
  /** The id under which each subject's current schema is registered: what is written. */
  readonly ids: ReadonlyMap<Subject, number>;
  /** Every registered schema by id, current and older: what is read. Which record a schema belongs to is its name. */
  readonly schemas: ReadonlyMap<number, string>;
}
