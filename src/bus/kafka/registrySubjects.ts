/** What the registry holds of our subjects: every version, and how strict each subject is. Reads only. */
import { recordNameOf, schemaText, SUBJECTS } from '../../contracts/avro/schemas';
import type { Subject } from '../../contracts/avro/schemas';
import type { RegistryHttp } from './registryHttp';
import { schemaIdentity } from './schemaIdentity';

/** A subject of ours with the schema of this program. */
export interface OwnSchema {
  readonly subject: Subject;
  readonly text: string;
}

export interface Version {
  readonly version: number;
  readonly id: number;
  readonly text: string;
}

export interface SubjectState extends OwnSchema {
  /** The subject's name in the registry. */
  readonly name: string;
  /** Oldest first; of other records, or no Avro at all, are left out: nobody of ours reads them. */
  readonly versions: readonly Version[];
  /** The id of our schema; undefined: it is not registered. */
  readonly id: number | undefined;
  /** As the registry says it; undefined: none is set. */
  readonly compatibility: string | undefined;
}

/** A subject of ours has one version for each time that it grew. */
const MOST_VERSIONS = 500;
const LARGEST_ID = 2 ** 32 - 1;

export const ownSchemas = (): readonly OwnSchema[] =>
  SUBJECTS.map(({ subject, record }) => ({ subject, text: schemaText(record) }));

/** Rejects with a SchemaError when the registry cannot be asked, or answers what no registry would. */
export const subjectState = async (http: RegistryHttp, prefix: string, { subject, text }: OwnSchema): Promise<SubjectState> => {
  const name = `${prefix}${subject}`;
  const [numbers, compatibility] = await Promise.all([versionNumbers(http, name), compatibilityOf(http, name)]);
  const all = await Promise.all(numbers.map((version) => versionOf(http, name, version)));
  const ours = recordNameOf(text);
  const versions = all.filter((version) => version !== undefined && recordNameOf(version.text) === ours) as readonly Version[];
  const identity = schemaIdentity(text);
  const id = versions.findLast((version) => schemaIdentity(version.text) === identity)?.id;
  return { subject, text, name, versions, id, compatibility };
};

const versionNumbers = async (http: RegistryHttp, name: string): Promise<readonly number[]> => {
  const answer = (await http.get(`/subjects/${encodeURIComponent(name)}/versions`)) ?? [];
  if (!Array.isArray(answer) || !answer.every((one) => Number.isSafeInteger(one) && one > 0))
    throw strange(http, `the versions of ${name}`);
  if (answer.length > MOST_VERSIONS)
    throw http.failure(
      `has ${answer.length} versions of ${name}; expected ${MOST_VERSIONS} at most`,
      'delete those that are not ours',
    );
  return (answer as readonly number[]).toSorted((a, b) => a - b);
};

/** Undefined: it was deleted since its number was listed. */
const versionOf = async (http: RegistryHttp, name: string, version: number): Promise<Version | undefined> => {
  const answer = await http.get(`/subjects/${encodeURIComponent(name)}/versions/${version}`);
  if (answer === undefined) return undefined;
  const { id, schema } = (typeof answer === 'object' && answer !== null ? answer : {}) as { id?: unknown; schema?: unknown };
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > LARGEST_ID || typeof schema !== 'string')
    throw strange(http, `version ${version} of ${name}`);
  return { version, id, text: schema };
};

/** Confluent's answers 404 where a subject has no level of its own; Apicurio the global one. */
const compatibilityOf = async (http: RegistryHttp, name: string): Promise<string | undefined> => {
  const answer = await http.get(`/config/${encodeURIComponent(name)}`);
  if (answer === undefined) return undefined;
  const level =
    typeof answer === 'object' && answer !== null ? (answer as { compatibilityLevel?: unknown }).compatibilityLevel : undefined;
  if (typeof level !== 'string') throw strange(http, `the compatibility of ${name}`);
  return level.toUpperCase();
};

const strange = (http: RegistryHttp, what: string): Error =>
  http.failure(`gave an answer without sense for ${what}`, 'the address must be the root of its Confluent-compatible API');
