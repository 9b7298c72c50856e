/**
 * Arrays. A map of the code is an array of records with the name first, sorted by the name's UTF-16 code units, each name once: so it has one
 * form, and any name may be in it.
 */
import { quoted } from '../contractError';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const writeList = <T>(writer: Writer, values: readonly T[], write: (writer: Writer, value: T) => void): void => {
  writer.array(values.length);
  for (const value of values) write(writer, value);
  writer.endArray();
};

/** `smallest`: bytes that an element takes at least. */
export const readList = <T>(reader: Reader, smallest: number, read: (reader: Reader) => T): readonly T[] => {
  const count = reader.array(smallest);
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(read(reader));
  reader.endArray(count);
  return values;
};

export const writeMap = <T>(writer: Writer, values: ReadonlyMap<string, T>, write: (writer: Writer, value: T) => void): void => {
  writer.array(values.size);
  for (const [name, value] of values.size > 1 ? sorted(values) : values) {
    writer.string(name);
    write(writer, value);
  }
  writer.endArray();
};

/** By code units, as the reader compares; names differ, so there are no ties. */
const sorted = <T>(values: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...values].sort(([a], [b]) => (a < b ? -1 : 1));

/** `smallest`: bytes that a value takes at least. */
export const readMap = <T>(reader: Reader, smallest: number, read: (reader: Reader) => T): ReadonlyMap<string, T> => {
  const count = reader.array(smallest + 1);
  const values = new Map<string, T>();
  let last = '';
  for (let i = 0; i < count; i++) {
    const name = reader.string();
    if (i > 0 && name <= last)
      reader.fail('INVALID_VALUE', `${quoted(name)} after ${quoted(last)}: expected each name once, sorted by code units`);
    values.set(name, read(reader));
    last = name;
  }
  reader.endArray(count);
  return values;
};

export const writeTexts = (writer: Writer, texts: readonly string[]): void => writeList(writer, texts, writeText);
export const readTexts = (reader: Reader): readonly string[] => readList(reader, 1, readText);
const writeText = (writer: Writer, text: string): void => writer.string(text);
const readText = (reader: Reader): string => reader.name();
