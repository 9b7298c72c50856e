/**
 * Schemas only grow: each version of a record can read what every other version wrote (full, transitive). It is what the subjects are
 * registered with on Kafka, checked here for the local registry.
 */
import { Type } from 'avsc';
import type { Schema } from 'avsc';

/** Unions are kept apart by branch, so that a value means one branch whatever it looks like. */
export const parseSchema = (text: string): Type => Type.forSchema(JSON.parse(text) as Schema, { wrapUnions: true });

/** Why `text` and the earlier schema cannot read each other, in one line; undefined: they can. */
export const incompatibility = (text: string, earlier: string): string | undefined => {
  const current = parseSchema(text);
  const previous = parseSchema(earlier);
  return (
    unreadable(current, previous, 'the new schema cannot read the old one') ??
    unreadable(previous, current, 'the old schema cannot read the new one')
  );
};

const unreadable = (reader: Type, writer: Type, what: string): string | undefined => {
  try {
    reader.createResolver(writer);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${what} (${reason.split('\n')[0] ?? ''})`;
  }
};
