/** Settings from environment variables: each read like the same key of the file. A variable that is empty counts as not set. */
import { pathText } from '../../contracts/contractError';
import type { ContractError } from '../../contracts/contractError';
import { Refusal } from '../../contracts/documents/kinds';
import { JsonNumber } from '../../contracts/json/value';
import type { JsonValue } from '../../contracts/json/value';
import { nearest } from '../../contracts/nearest';
import { ALL_KEYS, CONFIG_VARIABLE } from './keys';
import type { Key } from './keys';

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingValues = ReadonlyMap<Key<unknown>, unknown>;

export interface VariableValues {
  readonly values: SettingValues;
  readonly errors: readonly ContractError[];
}

export interface EnvironmentSettings extends VariableValues {
  readonly warnings: readonly string[];
}

/** All settings but those of brokers, with what is misspelt. */
export const readEnvironment = (env: Environment): EnvironmentSettings => {
  const { values, errors } = readVariables(
    env,
    ALL_KEYS.filter(({ broker }) => broker === undefined),
  );
  const names = misspelt(env);
  return { values, errors: [...errors, ...names.errors], warnings: names.warnings };
};

/** These settings alone. */
export const readVariables = (env: Environment, keys: readonly Key<unknown>[]): VariableValues => {
  const values = new Map<Key<unknown>, unknown>();
  const errors: ContractError[] = [];
  for (const key of keys) {
    const text = env[key.variable];
    if (text === undefined || text === '') continue;
    const read = key.kind.read(valueOf(text, key.form));
    if (read instanceof Refusal) {
      errors.push(...read.faults.map(({ path, message }) => ({ path: `${key.variable}${pathText(path)}`, message })));
    } else values.set(key, read);
  }
  return { values, errors };
};

const valueOf = (text: string, form: Key<unknown>['form']): JsonValue => {
  switch (form) {
    case 'text':
      return text;
    case 'digits':
      return /^(?:0|[1-9][0-9]*)$/.test(text) ? new JsonNumber(text) : text;
    case 'flag':
      return text === 'true' || (text === 'false' ? false : text);
    case 'list':
      return text.split(',').map((part) => part.trim());
  }
};

/** Names that begin so are ours, or would be if they were spelt right. */
const FAMILIES = ['POLICYGATE_', 'KAFKA_SASL_', 'KAFKA_TLS_'] as const;
/** The last is for our own tests of power cuts. */
const KNOWN: ReadonlySet<string> = new Set([
  ...ALL_KEYS.map(({ variable }) => variable),
  CONFIG_VARIABLE,
  'POLICYGATE_FAULT_POINT',
]);

/**
 * A name close to one of ours is an error: the setting that it was meant to be would be missing, and TLS or a login with it. Of a name that only
 * begins like ours there is a warning. Kubernetes makes variables of its own for a service that is called `policygate`: they are left alone.
 */
const misspelt = (env: Environment): Pick<EnvironmentSettings, 'errors' | 'warnings'> => {
  const errors: ContractError[] = [];
  const warnings: string[] = [];
  for (const [name, value = ''] of Object.entries(env)) {
    const family = FAMILIES.find((prefix) => name.startsWith(prefix));
    if (family === undefined || value === '' || KNOWN.has(name) || isServiceLink(name, value)) continue;
    // Compared without what they have in common anyway, which would make everything look alike.
    const endings = [...KNOWN].filter((known) => known.startsWith(family)).map((known) => known.slice(family.length));
    const written = name.slice(family.length);
    const ending = nearest(written, endings) ?? endings.find((each) => each.startsWith(`${written}_`));
    if (ending !== undefined) errors.push({ path: name, message: `unknown variable; did you mean ${family}${ending}?` });
    else if (family === 'POLICYGATE_') warnings.push(`${name}: unknown variable; it sets nothing`);
  }
  return { errors, warnings };
};

/** Source: Kubernetes, "Discovering services: environment variables". */
const isServiceLink = (name: string, value: string): boolean =>
  /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name) ||
  (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value));
