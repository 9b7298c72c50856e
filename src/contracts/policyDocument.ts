/**
 * Capital policies as their files hold them: strict YAML in, the policy as the engine applies it out, or every mistake with its file, line,
 * column and path. Never throws.
 * Source: contracts, "Policy (YAML)" and "Strict input".
 */
import { hash } from 'node:crypto';
import { describeError, pathText, type ContractError, type Path } from './contractError';
import { MISSING, MOST_FAULTS } from './documents/kinds';
import { policySchemaOf } from './documents/policySchema';
import { faultsOf } from './documents/schema';
import { isJsonObject } from './json/value';
import type { CapitalPolicy } from './policy';
import { failed, succeeded, type Result } from './result';
import { readYaml, withLineFeeds } from './yaml/readYaml';

export interface PolicyDocument {
  readonly policy: CapitalPolicy;
  /** What is legal and still worth saying, in one line each. */
  readonly warnings: readonly string[];
}

/** Policies that were read last, by their text: one text comes back with every restore and every run that it is activated for. */
const known = new Map<string, PolicyDocument>();
const MOST_KNOWN = 32;

/** `sourceName`: what the messages call the policy, such as its file. At most 65,536 bytes. The errors stand in the order of the text. */
export const readPolicy = (input: string | Uint8Array, sourceName: string): Result<PolicyDocument, readonly ContractError[]> => {
  const remembered = typeof input === 'string' ? known.get(input) : undefined;
  if (remembered !== undefined) return succeeded(remembered);
  const read = readAfresh(input, sourceName);
  // A warning names its source: that is not the same every time.
  if (typeof input === 'string' && read.ok && read.value.warnings.length === 0) remember(input, read.value);
  return read;
};

const remember = (text: string, document: PolicyDocument): void => {
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(text, document);
};

const readAfresh = (input: string | Uint8Array, sourceName: string): Result<PolicyDocument, readonly ContractError[]> => {
  const yaml = readYaml(input);
  if (!yaml.ok) return failed(yaml.error.map((error) => ({ ...error, source: sourceName })));
  const { value, errors, positionOf } = yaml.value;
  if (errors.length === 0 && !isJsonObject(value)) {
    return failed([
      { path: '', message: 'expected a mapping with `limits` at the top level', line: 1, column: 1, source: sourceName },
    ]);
  }
  const result = policySchemaOf(value).safeParse(value);
  if (result.success && errors.length === 0) {
    const { defaults } = result.data;
    const at = { path: 'defaults.decision', source: sourceName, ...positionOf(['defaults', 'decision'], false) };
    const message = '`allow` changes no verdict, the gate fails closed; write `deny`';
    return succeeded({ policy: result.data, warnings: defaults.decision === 'allow' ? [describeError({ ...at, message })] : [] });
  }
  // What could not be read as YAML has been reported: the schema would only complain again about the null in its place.
  const known = errors.map(({ at }) => at);
  const faults = result.success ? [] : faultsOf(result.error, value).filter(({ path }) => !known.some((at) => begins(path, at)));
  const all: ContractError[] = [
    ...errors.map(({ path, message, line = 1, column = 1 }) => ({ path, message, line, column, source: sourceName })),
    ...faults.map(({ path, message }) => {
      const ofKey = message.startsWith('unknown field') || message === MISSING || message.endsWith('as the key');
      return { path: pathText(path), message, ...positionOf(path, ofKey), source: sourceName };
    }),
  ];
  all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return failed(all.slice(0, MOST_FAULTS));
};

/** SHA-256 (32 bytes) of the policy's text as UTF-8, line ends as LF: what records mean by `policy_hash`. */
export const policyHash = (input: string | Uint8Array): Uint8Array => {
  const text = typeof input === 'string' ? input : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
  return hash('sha256', withLineFeeds(text), 'buffer');
};

const begins = (path: Path, start: Path): boolean => start.length > 0 && start.every((key, level) => key === path[level]);
