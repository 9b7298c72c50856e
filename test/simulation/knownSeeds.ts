/** The worlds that find the planted bugs quickest, written by `--planted --remember`: CI replays those alone. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from './world/plan';

const FILE = join(__dirname, 'known.json');

export interface KnownSeed {
  readonly seed: number;
  readonly profile: Profile;
}
/** By the bug's name. */
export type KnownSeeds = Readonly<Record<string, KnownSeed>>;

export const readKnown = (): KnownSeeds =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as { readonly bugs: KnownSeeds }).bugs : {};

/** What is not found anew stays; what is no bug any more goes. */
export const remember = (found: KnownSeeds, names: readonly string[]): void => {
  const known: KnownSeeds = { ...readKnown(), ...found };
  const bugs = Object.fromEntries(names.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])));
  writeFileSync(FILE, `${JSON.stringify({ bugs }, null, 2)}\n`);
};
