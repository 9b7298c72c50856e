import { runInNewContext } from 'node:vm';
import type { Patch, PlantedBug } from '../planted/plantedBug';
import { expression, statement, text } from '../planted/plantedBug';
import { patchSource } from './patchSource';

const FILE = 'src/sum.ts';
const bug = (name: string, ...patches: readonly Patch[]): PlantedBug => ({ name, what: '', profile: 'calm', patches });
/** What the patched source computes while a bug is on. */
const computed = (source: string, bugs: readonly PlantedBug[], on?: string): unknown => {
  const body = patchSource(source, FILE, bugs).replaceAll('globalThis.policygateSimulation.bug', 'bug');
  return runInNewContext(`(() => { ${body} })()`, { bug: on });
};
const SOURCE = 'let sum = 1; sum += 2; return sum * 10;';
const BUGS = [
  bug('three', expression(FILE, /(?<=\+= )2/, '3')),
  bug('lost', statement(FILE, 'sum += 2;', '')),
  bug('doubled', statement(FILE, 'sum += 2;', 'sum += 2; sum += 2;')),
  bug('eleven', text(FILE, 'return sum', 'if (BUG_IS_ON) return 11; ORIGINAL')),
];

it.each([
  [undefined, 30],
  ['three', 40],
  ['lost', 10],
  ['doubled', 50],
  ['eleven', 11],
])('turns on one bug at a time: %s', (on, value) => expect(computed(SOURCE, BUGS, on)).toBe(value));
it('leaves other files as they are', () => expect(patchSource(SOURCE, 'src/other.ts', BUGS)).toBe(SOURCE));
it('fails for what is no longer there, or there twice', () => {
  expect(() => patchSource('return 1;', FILE, [bug('lost', statement(FILE, 'sum += 2;', ''))])).toThrow(
    'planted bug `lost` no longer applies to src/sum.ts: mend it',
  );
  expect(() => patchSource('a(); a();', FILE, [bug('twice', expression(FILE, 'a()', 'b()'))])).toThrow('there 2 times');
});
it('fails for bugs that get in each other’s way', () =>
  expect(() =>
    patchSource(SOURCE, FILE, [
      bug('one', statement(FILE, 'let sum = 1; sum', '')),
      bug('other', statement(FILE, 'sum += 2;', '')),
    ]),
  ).toThrow('planted bugs overlap in src/sum.ts'));
