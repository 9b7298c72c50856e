/** Puts planted bugs into a source text, each behind a switch that is off unless the simulation turns it on by name. */
import type { Patch, PlantedBug } from '../planted/plantedBug';

interface Place {
  readonly start: number;
  readonly end: number;
  /** All that change exactly this text. */
  readonly changes: { readonly patch: Patch; readonly isOn: string }[];
  /** Changes of a part of it. */
  readonly inner: Place[];
}

/** `file`: as patches name it. Throws an Error with the name of a bug that no longer applies. */
export const patchSource = (source: string, file: string, bugs: readonly PlantedBug[]): string => {
  const places = new Map<string, Place>();
  for (const { name, patches } of bugs)
    for (const patch of patches) {
      if (patch.file !== file) continue;
      const { start, end } = placeOf(source, patch, name);
      const key = `${start}-${end}`;
      const place = places.get(key) ?? { start, end, changes: [], inner: [] };
      place.changes.push({ patch, isOn: `(globalThis.policygateSimulation.bug === ${JSON.stringify(name)})` });
      places.set(key, place);
    }
  return written(source, nested([...places.values()], file), 0, source.length);
};

/** Whether some bug changes this file. */
export const isPatched = (file: string, bugs: readonly PlantedBug[]): boolean =>
  bugs.some(({ patches }) => patches.some((patch) => patch.file === file));

const placeOf = (source: string, { file, from }: Patch, name: string): { readonly start: number; readonly end: number } => {
  const pattern = typeof from === 'string' ? new RegExp(escaped(from), 'g') : new RegExp(from.source, `${from.flags}g`);
  const found = [...source.matchAll(pattern)];
  const [match] = found;
  if (match === undefined || found.length > 1)
    throw new Error(
      `planted bug \`${name}\` no longer applies to ${file}: mend it (${String(from)} is there ${found.length} times)`,
    );
  return { start: match.index, end: match.index + match[0].length };
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Larger places first, each within the smallest that holds it. */
const nested = (places: readonly Place[], file: string): Place[] => {
  const top: Place[] = [];
  for (const place of places.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    let among = top;
    for (let last = among.at(-1); last !== undefined && place.start < last.end; last = among.at(-1)) {
      if (place.end > last.end) throw new Error(`planted bugs overlap in ${file}: ${describe(last)} and ${describe(place)}`);
      among = last.inner;
    }
    among.push(place);
  }
  return top;
};

const describe = ({ changes }: Place): string => String(changes[0]?.patch.from);

const written = (source: string, places: readonly Place[], start: number, end: number): string => {
  let text = '';
  let at = start;
  for (const place of places) {
    text += source.slice(at, place.start) + changed(source, place);
    at = place.end;
  }
  return text + source.slice(at, end);
};

const changed = (source: string, { start, end, changes, inner }: Place): string =>
  changes.reduce(
    (original, { patch: { to, as }, isOn }) => {
      switch (as) {
        case 'expression':
          return `(${isOn} ? (${to}) : (${original}))`;
        case 'statement':
          return `if ${isOn} { ${to} } else { ${original} }`;
        case 'text':
          return to.replaceAll('ORIGINAL', () => original).replaceAll('BUG_IS_ON', isOn);
      }
    },
    written(source, inner, start, end),
  );
