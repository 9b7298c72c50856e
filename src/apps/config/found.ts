/** What was set, in the environment and in the file, and which of them wins. */
import type { ContractError } from '../../contracts/contractError';
import type { SettingValues } from './environment';
import { nameOf } from './keys';
import type { Key, KeyWithDefault } from './keys';
import { readSecret } from './secretFiles';

export class Found {
  constructor(
    private readonly environment: SettingValues,
    private readonly file: SettingValues,
  ) {}

  value<T>(key: Key<T>): T | undefined {
    // Both maps hold under a key only what this key's kind has read.
    return (this.environment.get(key) ?? this.file.get(key)) as T | undefined;
  }

  or<T>(key: KeyWithDefault<T>): T {
    return this.value(key) ?? key.standard;
  }

  inEnvironment(key: Key<unknown>): boolean {
    return this.environment.has(key);
  }

  /** Both are the same thing, said in two ways: the environment's wins, whichever it is. */
  secretOr(direct: Key<string>, file: Key<string>): { readonly text: string } | { readonly file: string } | undefined {
    const text = this.value(direct);
    if (text !== undefined) return { text };
    const path = this.value(file);
    return path === undefined ? undefined : { file: path };
  }
}

/** A secret that has two variables is a mistake: one of them is not what somebody thinks. */
export const setTwice = (found: Found, direct: Key<string>, file: Key<string>): readonly ContractError[] =>
  found.inEnvironment(direct) && found.inEnvironment(file)
    ? [{ path: direct.variable, message: `expected this or ${file.variable}, found both` }]
    : [];

/** The secret itself: as it was set, or as its file holds it. */
export const secretOf = async (found: Found, direct: Key<string>, file: Key<string>): Promise<string | undefined> => {
  const secret = found.secretOr(direct, file);
  if (secret === undefined || 'text' in secret) return secret?.text;
  return readSecret(secret.file, nameOf(file), direct.kind);
};
