/** Colours of a terminal, or none. */
type Brush = (text: string) => string;

export interface Paint {
  readonly good: Brush;
  readonly warn: Brush;
  readonly bad: Brush;
  readonly dim: Brush;
  /** What must not be overlooked. */
  readonly alarm: Brush;
}

const escape =
  (codes: string) =>
  (text: string): string =>
    `\u001b[${codes}m${text}\u001b[0m`;
const asItIs = (text: string): string => text;

const COLOURS: Paint = { good: escape('32'), warn: escape('33'), bad: escape('31'), dim: escape('2'), alarm: escape('1;97;41') };
const NONE: Paint = { good: asItIs, warn: asItIs, bad: asItIs, dim: asItIs, alarm: asItIs };

export const painter = (color: boolean): Paint => (color ? COLOURS : NONE);
