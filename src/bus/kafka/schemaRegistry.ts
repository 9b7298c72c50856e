/**
 * Our schemas in a Confluent-compatible registry (Confluent's, Apicurio). `policygate topics create` registers them; whoever reads or writes looks them
 * up once when it starts and never again: the library's own decoder would fetch every unknown id that a record names, so one poisoned record after
 * another could stall the stream. An id that is not in what was looked up goes to the dead letters.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { incompatibility } from '../../contracts/avro/compatibility';
import { SchemaError } from '../../contracts/avro/schemaError';
import type { RegisteredSchemas } from '../../contracts/avro/registeredSchemas';
import type { Subject } from '../../contracts/avro/schemas';
import type { RegistryOptions } from './options';
import { oneLine, RegistryHttp } from './registryHttp';
import { ownSchemas, subjectState } from './registrySubjects';
import type { OwnSchema, SubjectState } from './registrySubjects';
import { schemaIdentity } from './schemaIdentity';

/** Every version of a subject can read what every other wrote: schemas only grow, by fields with defaults. */
export const SUBJECT_COMPATIBILITY = COMPATIBILITY.FULL_TRANSITIVE;

export interface RegisteredSubject {
  /** The subject's name in the registry. */
  readonly subject: string;
  readonly id: number;
  /** Whether it was registered just now. */
  readonly created: boolean;
}

/**
 * Registers what is missing under `<topicPrefix><topic>-value` and `-key`, each subject with full transitive compatibility. Again, it changes
 * nothing. Rejects with a SchemaError of one line.
 */
export const registerSchemas = (
  registry: RegistryOptions,
  topicPrefix: string,
  schemas: readonly OwnSchema[] = ownSchemas(),
): Promise<readonly RegisteredSubject[]> =>
  withRegistry(registry, async (http) => {
    const library = libraryOf(registry, http);
    const registered: RegisteredSubject[] = [];
    // One after the other: a fresh registry gives the same ids each time.
    for (const schema of schemas) {
      const state = await subjectState(http, topicPrefix, schema);
      registered.push({ subject: state.name, ...(await register(http, library, state)) });
    }
    return registered;
  });

/** What is registered: the id of each of our schemas, and every version. Rejects with a SchemaError when one of ours is not. */
export const registeredSchemas = (
  registry: RegistryOptions,
  topicPrefix: string,
  own: readonly OwnSchema[] = ownSchemas(),
): Promise<RegisteredSchemas> =>
  withRegistry(registry, async (http) => {
    const ids = new Map<Subject, number>();
    const schemas = new Map<number, string>();
    for (const state of await Promise.all(own.map((schema) => subjectState(http, topicPrefix, schema)))) {
      const { subject, name, text, id, versions } = state;
      if (id === undefined)
        throw http.failure(
          `does not have our schema of ${name}`,
          'run `policygate topics create` with this version of the program',
        );
      checkReadable(http, state);
      ids.set(subject, id);
      const identity = schemaIdentity(text);
      // Registries write a schema in their own way: where it says the same as ours, ours stands for it, and is read without detours.
      for (const version of versions) schemas.set(version.id, schemaIdentity(version.text) === identity ? text : version.text);
    }
    return { ids, schemas };
  });

/** Whether the registry answers what a start asks of it. Never rejects. */
export const registryAnswers = async (registry: RegistryOptions, topicPrefix: string): Promise<boolean> => {
  const [first] = ownSchemas();
  if (first === undefined) return true;
  return withRegistry(registry, (http) => http.get(`/subjects/${encodeURIComponent(topicPrefix + first.subject)}/versions`)).then(
    (versions) => versions !== undefined,
    () => false,
  );
};

/** The state of every subject, for whoever examines the registry. */
export const subjectStates = (
  registry: RegistryOptions,
  topicPrefix: string,
  timeLimitMs?: number,
): Promise<readonly SubjectState[]> =>
  withRegistry(
    registry,
    (http) => Promise.all(ownSchemas().map((schema) => subjectState(http, topicPrefix, schema))),
    timeLimitMs,
  );

const withRegistry = async <T>(
  registry: RegistryOptions,
  work: (http: RegistryHttp) => Promise<T>,
  timeLimitMs?: number,
): Promise<T> => {
  const http = new RegistryHttp(registry, timeLimitMs);
  try {
    return await work(http);
  } finally {
    http.close();
  }
};

const register = async (
  http: RegistryHttp,
  library: SchemaRegistry,
  state: SubjectState,
): Promise<{ readonly id: number; readonly created: boolean }> => {
  checkReadable(http, state);
  await ensureCompatibility(http, state);
  if (state.id !== undefined) return { id: state.id, created: false };
  const { name, text } = state;
  try {
    // The library's own default for the subject is the record's name, and for the compatibility BACKWARD.
    const { id } = await http.within(
      library.register({ type: SchemaType.AVRO, schema: text }, { subject: name, compatibility: SUBJECT_COMPATIBILITY }),
    );
    if (!Number.isInteger(id)) throw http.failure(`gave no id for ${name}`, 'look into its log');
    return { id, created: true };
  } catch (error) {
    throw registrationFailure(http, name, error);
  }
};

const GROW = 'add fields with defaults, remove none without';

/** Before the registry is asked: our words say more than its own, and Apicurio without a rule would take anything. */
const checkReadable = (http: RegistryHttp, { name, text, versions }: SubjectState): void => {
  for (const version of versions) {
    const reason = unlike(text, version.text);
    if (reason !== undefined)
      throw new SchemaError(
        `the schema of ${name} does not fit version ${version.version} (id ${version.id}) in ${http.url}: ${reason}; ${GROW}`,
      );
  }
};

const unlike = (text: string, other: string): string | undefined => {
  try {
    return incompatibility(text, other);
  } catch {
    return 'that is no Avro schema that stands alone';
  }
};

/**
 * Set before the first version, so that no crash leaves a subject without it. NONE is no one's choice on Apicurio, where it means that no rule is
 * set, and nothing is lost by raising it; any other level is left alone.
 */
const ensureCompatibility = async (http: RegistryHttp, { name, compatibility }: SubjectState): Promise<void> => {
  if (compatibility === (SUBJECT_COMPATIBILITY as string)) return;
  const path = `/config/${encodeURIComponent(name)}`;
  const body = { compatibility: SUBJECT_COMPATIBILITY };
  if (compatibility !== undefined && compatibility !== 'NONE')
    throw http.failure(
      `has ${name} with compatibility ${compatibility}; expected ${SUBJECT_COMPATIBILITY}`,
      `set it: PUT ${path} ${JSON.stringify(body)}`,
    );
  await http.put(path, body);
};

const libraryOf = ({ username, password }: RegistryOptions, http: RegistryHttp): SchemaRegistry =>
  new SchemaRegistry({
    host: http.url,
    agent: http.agent,
    clientId: 'policygate',
    // What fails is said, not tried again behind our time limit.
    retry: { retries: 0 },
    ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
  });

/** `error`: as the library throws it, with the status of the answer where there was one. */
const registrationFailure = (http: RegistryHttp, name: string, error: unknown): Error => {
  if (error instanceof SchemaError) return error;
  const { status, message } = error as { readonly status?: unknown; readonly message?: unknown };
  const text = typeof message === 'string' ? message : 'it gave no reason';
  if (status === 409) return http.failure(`refuses our schema of ${name} (409: ${oneLine(text)})`, GROW);
  if (typeof status === 'number') return http.refusal(status, `${name}: ${text}`);
  return http.failure(`did not register ${name} (${oneLine(text)})`, 'look into its log', error);
};
