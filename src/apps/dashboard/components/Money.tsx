import type { Exact } from '../api/documents';
import { exactText, roundedText } from '../format/exact';

/** An amount to the cent; all its digits are in the tooltip. */
export const Money = ({ value }: { readonly value: Exact | null }) => (
  <span title={exactText(value)}>{roundedText(value, 2)}</span>
);
