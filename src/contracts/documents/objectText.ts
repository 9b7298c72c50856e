import { byKey, jsonString } from '../json/write';

/** A field of an object in canonical form: its name and the text of its value. */
export type FieldText = readonly [name: string, text: string];

/** An object of fields in any order: sorted as writeDocument.ts spells them out, for what is written seldom. */
export const objectText = (fields: readonly FieldText[]): string =>
  `{${fields
    .toSorted(byKey)
    .map(([name, text]) => `${jsonString(name)}:${text}`)
    .join(',')}}`;
