/**
 * The file of settings: strict YAML of at most 65,536 bytes, no key that is not known, no secret. Errors carry file, line, column and path; what a
 * line holds that cannot be read is never shown, since it may have been meant to be a password.
 */
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { pathText } from '../../contracts/contractError';
import type { ContractError, Path } from '../../contracts/contractError';
import { fieldOr, faultsOf, kindOf, strictObject } from '../../contracts/documents/schema';
import type { Fault, Kind } from '../../contracts/documents/kinds';
import { isJsonObject } from '../../contracts/json/value';
import { didYouMean } from '../../contracts/nearest';
import { readYaml } from '../../contracts/yaml/readYaml';
import { Failure } from '../failure';
import { errorsInOneLine, readBytes } from '../files';
import type { Environment, SettingValues } from './environment';
import { ALL_KEYS, CONFIG_VARIABLE, KEYS } from './keys';
import type { Key } from './keys';
import type { BusFlags } from './settings';

const FILE_KEYS = new Map(ALL_KEYS.flatMap((key) => (key.path === undefined ? [] : [[key.path, key] as const])));

/** The names that stand directly in a section; the empty section is the file. */
const namesIn = (section: string): readonly string[] => {
  const start = section === '' ? '' : `${section}.`;
  const inside = [...FILE_KEYS.keys()].filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
  return [...new Set(inside.map((path) => path.split('.')[0] ?? path))];
};

/** Every key may be left out: what is missing is known only when the environment has been read too. */
const sectionSchema = (section: string): z.ZodType =>
  strictObject(
    Object.fromEntries(
      namesIn(section).map((name) => {
        const path = section === '' ? name : `${section}.${name}`;
        const key = FILE_KEYS.get(path);
        if (key === undefined) return [name, sectionSchema(path).optional()];
        return [
          name,
          fieldOr<unknown>(namesIn(path).length === 0 ? key.kind : kindOrSection(key.kind, path), () => undefined, null),
        ];
      }),
    ),
  );

/** `tls: true`, or a mapping that says more. */
const kindOrSection = (kind: Kind<unknown>, path: string): Kind<unknown> => {
  const section = kindOf(sectionSchema(path));
  return {
    read: (value) => (isJsonObject(value) ? section.read(value) : kind.read(value)),
    schema: { anyOf: [kind.schema, section.schema] },
  };
};

/** The file as zod holds it together; made from the table of keys. */
const settingsFile = sectionSchema('');

/** The file that the flag names, else the one that the variable names; empty where neither does. */
export const readNamedFile = async ({ config }: Pick<BusFlags, 'config'>, env: Environment): Promise<SettingValues> => {
  const file = config ?? (env[CONFIG_VARIABLE] === '' ? undefined : env[CONFIG_VARIABLE]);
  if (file === '') throw new Failure('--config: expected the path of a file, found an empty text');
  return file === undefined ? new Map() : readSettingsFile(file);
};

/** Throws a Failure with what is wrong, in one line. */
export const readSettingsFile = async (file: string): Promise<SettingValues> => {
  const yaml = readYaml(await readBytes(file));
  const fail = (errors: readonly ContractError[]): Failure =>
    new Failure(errorsInOneLine(errors.map((error) => ({ ...error, source: file }))));
  if (!yaml.ok) throw fail(yaml.error.map((error) => ({ ...error, message: withoutContent(error.message) })));

  const { value, errors, positionOf } = yaml.value;
  if (errors.length > 0)
    throw fail(errors.map(({ at, message, ...where }) => ({ ...where, path: shownPath(at), message: withoutContent(message) })));
  const result = settingsFile.safeParse(value);
  if (!result.success) {
    const faults = faultsOf(result.error, value).map((fault) => explained(fault));
    throw fail(faults.map(({ path, message, ofKey }) => ({ path: shownPath(path), message, ...positionOf(path, ofKey) })));
  }
  return valuesIn(result.data, dirname(file));
};

const valuesIn = (data: unknown, folder: string): SettingValues => {
  const values = new Map<Key<unknown>, unknown>();
  for (const [path, key] of FILE_KEYS) {
    const value = path.split('.').reduce<unknown>((inside, name) => (isRecord(inside) ? inside[name] : undefined), data);
    if (value === undefined) continue;
    if (isRecord(value)) values.set(key, true);
    else values.set(key, key.isPath === true && typeof value === 'string' ? resolve(folder, value) : value);
  }
  return values;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const UNKNOWN = 'unknown field';

/** A fault in the words of this file. */
const explained = ({ path, message }: Fault): Fault & { readonly ofKey: boolean } => {
  if (message.startsWith(UNKNOWN)) return { path, message: unknownKey(path), ofKey: true };
  const wrongShape = message.startsWith('expected an object');
  // `sasl: password:...`, with a space forgotten, is a text where a mapping belongs.
  const shown = wrongShape ? message.replace('an object', 'a mapping').replace(/found the text .*$/, 'found a text') : message;
  return { path, message: shown, ofKey: false };
};

/** How the secret of a section is set instead. */
const KAFKA_SECRET = { section: 'kafka', file: 'password_file', variable: KEYS.saslPassword.variable };
const SECRETS = [
  KAFKA_SECRET,
  { section: 'schema_registry', file: 'password_file', variable: KEYS.registryPassword.variable },
  { section: 'alpaca', file: 'secret_key_file', variable: KEYS.alpacaSecretKey.variable },
  { section: 'tradier', file: 'token_file', variable: KEYS.tradierToken.variable },
  { section: 'http', file: 'tokens_file', variable: KEYS.httpToken.variable },
];

const unknownKey = (path: Path): string => {
  const section = path.slice(0, -1).join('.');
  const name = String(path.at(-1));
  const known = namesIn(section);
  if (/passw|secret|token|credential/i.test(name) && !name.endsWith('_file')) {
    const { file: fileKey, variable } = SECRETS.find((each) => section.startsWith(each.section)) ?? KAFKA_SECRET;
    return `secrets may not stand in this file; expected \`${fileKey}\`, the path of a file that holds it, or ${variable} in the environment`;
  }
  if (known.includes(`${name}_file`)) return `unknown key; expected \`${name}_file\`, the path of a file that holds it`;
  const near = didYouMean(name, known);
  const elsewhere = [...FILE_KEYS.keys()].find((each) => each.endsWith(`.${name}`));
  return `unknown key${near === '' && elsewhere !== undefined ? `; did you mean \`${elsewhere}\`?` : near}; expected ${known.join(', ')}`;
};

/** A path as far as its keys are plain names: `password=...` without a colon is a key, too. */
const shownPath = (path: Path): string => {
  const odd = path.findIndex((key) => typeof key === 'string' && !/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(key));
  return odd === -1 ? pathText(path) : `${pathText(path.slice(0, odd))}${odd === 0 ? '' : '.'}(a key that is no plain name)`;
};

/** What the YAML reader says, without the part of the text that it shows. */
const withoutContent = (message: string): string => {
  const parser = /^not valid YAML: [A-Za-z ,()-]*/.exec(message)?.[0];
  return parser?.trimEnd() ?? message.replace(/, found (?:"(?:[^"\\]|\\.)*"|`.*`)/, '');
};
