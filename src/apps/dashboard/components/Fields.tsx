import type { ComponentChildren } from 'preact';
import { exactText, NOTHING } from '../format/exact';

/** Names and values, in two columns. */
export const Fields = ({ fields }: { readonly fields: readonly (readonly [name: string, value: ComponentChildren])[] }) => (
  <dl class="fields">
    {fields.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** The fields of a document as they are, decimals with all their digits; what lies deeper is joined by dots. */
export const documentFields = (document: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] =>
  Object.entries(document).flatMap(([name, value]): readonly (readonly [string, string])[] =>
    isDocument(value)
      ? documentFields(value).map(([inner, text]) => [`${name}.${inner}`, text] as const)
      : [[name, valueText(value, name)]],
  );

const isDocument = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value of a document, as a text. */
export const valueText = (value: unknown, name = ''): string => {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map((item) => valueText(item)).join(', ') || 'none';
  if (typeof value === 'object') return JSON.stringify(value);
  // A time in ms is no quantity: grouped digits would only be in the way.
  if (typeof value === 'number' && (name === 'clock' || name === 'timestamp')) return String(value);
  return typeof value === 'number' || typeof value === 'string' ? exactText(value) : typeof value;
};
