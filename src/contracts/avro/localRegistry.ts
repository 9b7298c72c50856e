/**
 * A schema registry without a server: ids are given in the order of SUBJECTS, counting from 1, and kept in the store. A schema that changed gets
 * a new id; the old ones stay readable.
 */
import { incompatibility } from './compatibility';
import type { RegisteredSchemas } from './registeredSchemas';
import { essenceOf, recordNameOf, schemaText, SUBJECTS } from './schemas';
import type { Subject } from './schemas';
import type { SchemaStore } from './schemaStore';
import { SchemaError } from './schemaError';

export const localRegistry = async (
  store: SchemaStore,
  subjects: readonly { readonly subject: Subject; readonly text: string }[] = currentSchemas(),
): Promise<RegisteredSchemas> => {
  const schemas = new Map(await store.all());
  for (const [id, text] of schemas) {
    if (recordNameOf(text) === undefined)
      throw new SchemaError(`schema ${id} of the local registry is damaged: expected the JSON of an Avro record`);
  }
  const ids = new Map<Subject, number>();
  for (const { subject, text } of subjects) ids.set(subject, await register(store, schemas, subject, text));
  return { ids, schemas };
};

const currentSchemas = (): readonly { subject: Subject; text: string }[] =>
  SUBJECTS.map(({ subject, record }) => ({ subject, text: schemaText(record) }));

const register = async (store: SchemaStore, schemas: Map<number, string>, subject: Subject, text: string): Promise<number> => {
  const essence = essenceOf(text);
  const record = recordNameOf(text);
  const versions = [...schemas].filter(([, other]) => recordNameOf(other) === record);
  const known = versions.find(([, other]) => essenceOf(other) === essence);
  if (known !== undefined) return known[0];
  for (const [id, earlier] of versions) {
    const reason = incompatibility(text, earlier);
    if (reason !== undefined) {
      throw new SchemaError(
        `the schema of ${subject} does not fit version ${id}: ${reason}; add fields with defaults, remove none without`,
      );
    }
  }
  const id = Math.max(0, ...schemas.keys()) + 1;
  await store.put(id, text);
  schemas.set(id, text);
  return id;
};

/** For what keeps nothing: ids as a fresh registry gives them. */
export const freshSchemas = (): RegisteredSchemas => {
  const ids = new Map<Subject, number>();
  const schemas = new Map<number, string>();
  const byRecord = new Map<string, number>();
  for (const { subject, record } of SUBJECTS) {
    const id = byRecord.get(record) ?? schemas.size + 1;
    byRecord.set(record, id);
    schemas.set(id, schemaText(record));
    ids.set(subject, id);
  }
  return { ids, schemas };
};
