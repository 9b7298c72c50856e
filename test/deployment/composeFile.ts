/** A compose file as Docker Compose reads it where nobody sets a variable: merge keys resolved, defaults in place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../support/program';

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args: Readonly<Record<string, string>> };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly deploy?: { readonly replicas?: number };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** `${NAME:-default}`, and `$$` for a dollar sign; another form is an error here. */
const interpolated = (text: string): string =>
  text.replaceAll(/\$(?:(\$)|\{[A-Z_0-9]+:-([^}]*)\}|)/g, (found, dollar: string | undefined, standard: string | undefined) => {
    if (dollar === undefined && standard === undefined) throw new Error(`expected \${NAME:-default}, found ${found}`);
    return dollar ?? standard ?? '';
  });

const inEachText = (value: unknown): unknown => {
  if (typeof value === 'string') return interpolated(value);
  if (Array.isArray(value)) return value.map(inEachText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inEachText(each)]));
};

/** `file`: from the project's folder. */
export const readComposeFile = (file: string): ComposeFile =>
  inEachText(parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true })) as ComposeFile;

/** Those that run our image, by name. */
export const ownServices = ({ services }: ComposeFile): readonly (readonly [string, ComposeService])[] =>
  Object.entries(services).filter(([, { image }]) => image.startsWith('policygate:'));
