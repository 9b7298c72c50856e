/** The schema registry: whether it answers, has our schemas, and keeps them readable. */
import type { RegistryOptions } from '../../bus/kafka/options';
import { SUBJECT_COMPATIBILITY, subjectStates } from '../../bus/kafka/schemaRegistry';
import type { SubjectState } from '../../bus/kafka/registrySubjects';
import { lineOf } from '../failure';
import { fail, ok } from './check';
import type { Check } from './check';

/** Never rejects. */
export const schemaChecks = async (
  registry: RegistryOptions,
  topicPrefix: string,
  timeLimitMs: number,
): Promise<readonly Check[]> => {
  let states: readonly SubjectState[];
  try {
    states = await subjectStates(registry, topicPrefix, timeLimitMs);
  } catch (error) {
    const [found = '', todo = 'correct SCHEMA_REGISTRY_URL'] = lineOf(error).split('; ');
    return [fail('registry', found, todo)];
  }
  return [ok('registry', 'answers'), missing(states), compatibility(states)];
};

const missing = (states: readonly SubjectState[]): Check => {
  const absent = states.filter(({ id }) => id === undefined);
  if (absent.length === 0) return ok('schemas', `all ${states.length} subjects have the schema of this version`);
  return fail('schemas', `${listed(absent)} without the schema of this version`, 'run `policygate topics create`');
};

const compatibility = (states: readonly SubjectState[]): Check => {
  const lax = states.filter(
    ({ compatibility: level, versions }) => versions.length > 0 && level !== (SUBJECT_COMPATIBILITY as string),
  );
  if (lax.length === 0) return ok('compatibility', `${SUBJECT_COMPATIBILITY} wherever there is a schema`);
  const levels = [...new Set(lax.map(({ compatibility: level }) => level ?? 'none set'))].join(', ');
  return fail(
    'compatibility',
    `${listed(lax)}: ${levels}`,
    `set ${SUBJECT_COMPATIBILITY}: PUT /config/<subject> {"compatibility":"${SUBJECT_COMPATIBILITY}"}`,
  );
};

const listed = (states: readonly SubjectState[]): string => {
  const [first] = states;
  return `${first?.name ?? ''}${states.length > 1 ? ` and ${states.length - 1} more` : ''}`;
};
