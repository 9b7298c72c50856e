/**
 * The file of tokens: strict YAML. What it holds is in no message, only where the mistake is and what was expected there: anything in it could be a
 * token at the wrong place.
 */
import { stat } from 'node:fs/promises';
import { hash } from 'node:crypto';
import type { z } from 'zod';
import { pathText } from '../../contracts/contractError';
import type { Path } from '../../contracts/contractError';
import { listOf } from '../../contracts/documents/collections';
import { Refusal } from '../../contracts/documents/kinds';
import type { Kind } from '../../contracts/documents/kinds';
import { faultsOf, field, fieldOr, kindOf, strictObject } from '../../contracts/documents/schema';
import { readYaml } from '../../contracts/yaml/readYaml';
import { Failure } from '../failure';
import { readBytes } from '../files';
import { ROLES } from './route';
import type { Role } from './route';

/** A token, of which only its SHA-256 is kept. */
export interface KnownToken {
  readonly name: string;
  readonly digest: Buffer;
  readonly roles: readonly Role[];
  readonly strategies: readonly string[] | undefined;
}

export interface TokensRead {
  readonly tokens: readonly KnownToken[];
  /** One line each. */
  readonly warnings: readonly string[];
}

const LEAST_CHARACTERS = 16;
export const MOST_CHARACTERS = 512;
const MOST_TOKENS = 100;
/** One that is valid, and one that replaces it or is replaced by it. */
const MOST_OF_A_NAME = 2;

export const tokenDigest = (token: string): Buffer => hash('sha256', token, 'buffer');

const only = <T>(expected: string, read: (value: unknown) => T | undefined): Kind<T> => ({
  read: (value) => read(value) ?? new Refusal([{ path: [], message: `expected ${expected}` }]),
  schema: {},
});
const textOf =
  (form: RegExp) =>
  (value: unknown): string | undefined =>
    typeof value === 'string' && form.test(value) ? value : undefined;

const NAME = only('a name of 1 to 64 letters, digits, dots, underscores or hyphens', textOf(/^[A-Za-z0-9._-]{1,64}$/));
const TOKEN_TEXT = `${LEAST_CHARACTERS} to ${MOST_CHARACTERS} letters, digits or any of - . _ ~ + / (= only at its end)`;
/** What RFC 6750 lets stand after `Bearer`. */
export const isToken = (text: string): boolean =>
  text.length >= LEAST_CHARACTERS && text.length <= MOST_CHARACTERS && /^[A-Za-z0-9._~+/-]+=*$/.test(text);
const TOKEN = only(`a token of ${TOKEN_TEXT}`, (value) => (typeof value === 'string' && isToken(value) ? value : undefined));
const DIGEST = only('64 hexadecimal digits, the SHA-256 of the token', textOf(/^[0-9a-fA-F]{64}$/));
const ROLE = only(`one of ${ROLES.join(', ')}`, (value) => ROLES.find((role) => role === value));
const STRATEGY = only('the id of a strategy', textOf(/^[^\u0000-\u001f\u007f-\u009f]{1,256}$/u));

const entry = strictObject({
  name: field(NAME),
  token: fieldOr<string | undefined>(TOKEN, () => undefined, null),
  sha256: fieldOr<string | undefined>(DIGEST, () => undefined, null),
  roles: field(listOf(ROLE, 'roles')),
  strategies: fieldOr<readonly string[] | undefined>(listOf(STRATEGY, 'ids of strategies'), () => undefined, null),
});
const tokensFile = strictObject({ tokens: field(listOf(kindOf(entry), 'tokens')) });
type Entry = z.infer<typeof entry>;

/** Throws a Failure in one line. */
export const readTokensFile = async (file: string): Promise<TokensRead> => {
  const fail = (where: string, message: string): Failure => new Failure(`${file}${where}: ${message}`);
  const yaml = readYaml(await readBytes(file));
  if (!yaml.ok)
    throw fail(placeOf(yaml.error[0]), 'expected YAML as docs/http.md shows it for tokens, found something that is none');
  const { value, errors, positionOf } = yaml.value;
  const [first] = errors;
  if (first !== undefined)
    throw fail(placeOf(positionOf(first.at, false)), `${shownPath(first.at)}: ${withoutContent(first.message)}`);
  const result = tokensFile.safeParse(value);
  if (!result.success) {
    const [fault] = faultsOf(result.error, value);
    const path = fault?.path ?? [];
    throw fail(placeOf(positionOf(path, true)), `${shownPath(path)}: ${withoutContent(fault?.message ?? 'invalid')}`);
  }
  const tokens = result.data.tokens.map((each, index) => {
    const [known, wrong] = known_(each);
    if (known === undefined) throw fail('', `tokens[${index}]: ${wrong}`);
    return known;
  });
  noneTooMany(tokens, (message) => fail('', message));
  return { tokens, warnings: await modeWarnings(file) };
};

const known_ = ({ name, token, sha256, roles, strategies }: Entry): readonly [KnownToken | undefined, string] => {
  if ((token === undefined) === (sha256 === undefined)) return [undefined, 'expected either `token` or `sha256`'];
  if (roles.length === 0) return [undefined, `roles: expected at least one of ${ROLES.join(', ')}`];
  if (strategies?.length === 0) return [undefined, 'strategies: expected at least one, or no such key: then any'];
  const digest = token === undefined ? Buffer.from(sha256 ?? '', 'hex') : tokenDigest(token);
  return [{ name, digest, roles, strategies }, ''];
};

const noneTooMany = (tokens: readonly KnownToken[], fail: (message: string) => Failure): void => {
  if (tokens.length === 0) throw fail('tokens: expected at least one');
  if (tokens.length > MOST_TOKENS) throw fail(`tokens: expected at most ${MOST_TOKENS}, found ${tokens.length}`);
  const names = new Map<string, number>();
  const digests = new Set<string>();
  for (const { name, digest } of tokens) {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    if (count > MOST_OF_A_NAME)
      throw fail(`tokens: more than ${MOST_OF_A_NAME} are called ${name}; expected the old one and the new one at most`);
    const hex = digest.toString('hex');
    if (digests.has(hex)) throw fail(`tokens: one of those called ${name} stands there twice; expected each token once`);
    digests.add(hex);
  }
};

const MESSAGE_PARTS = /, (?:found|did you mean) .*$/s;
const withoutContent = (message: string): string => message.replace(MESSAGE_PARTS, '');

/** A path as far as its keys are plain names: a token without a colon before it is a key, too. */
const shownPath = (path: Path): string => {
  const odd = path.findIndex((key) => typeof key === 'string' && !/^(?:tokens|name|token|sha256|roles|strategies)$/.test(key));
  if (odd === -1) return path.length === 0 ? '(the file)' : pathText(path);
  return `${pathText(path.slice(0, odd))}${odd === 0 ? '' : '.'}(a key that is none of tokens, name, token, sha256, roles, strategies)`;
};

const placeOf = (place: { readonly line?: number; readonly column?: number } | undefined): string =>
  place?.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;

const OTHERS_MAY_READ = 0o044;

const modeWarnings = async (file: string): Promise<readonly string[]> => {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(file);
  return (mode & OTHERS_MAY_READ) === 0 ? [] : [`${file}: others on this machine may read it; chmod 600 it`];
};
