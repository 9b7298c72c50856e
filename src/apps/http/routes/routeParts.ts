/** Parts that many routes share: parameters, answers, who may ask, and the run that is meant. */
import { LONGEST_NAME } from '../../../contracts/intentFault';
import { canonicalJson } from '../../../contracts/json/write';
import type { JsonOut } from '../../../contracts/json/write';
import type { Live, LiveRun } from '../../live/live';
import { ref } from '../documents/schemas';
import type { SchemaName } from '../documents/schemas';
import { Problem } from '../problem';
import type { ApiAnswer, Answered, Caller, Parameter, Role } from '../route';

export const READERS: readonly Role[] = ['read', 'operate'];
/** Whether it may look at what any strategy does, whichever it may send intents of. */
export const isReader = ({ roles }: Caller): boolean => READERS.some((role) => roles.has(role));
export const OPERATORS: readonly Role[] = ['operate'];

export const RUN: Parameter = {
  name: 'run',
  in: 'path',
  description: 'Id of the run',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: LONGEST_NAME },
};

export const inPath = (name: string, description: string, schema: Parameter['schema']): Parameter => ({
  name,
  in: 'path',
  description,
  required: true,
  schema,
});

export const inQuery = (name: string, description: string, schema: Parameter['schema']): Parameter => ({
  name,
  in: 'query',
  description,
  required: false,
  schema,
});

export const jsonAnswer = (name: SchemaName, description: string): Answered => ({
  description,
  contentType: 'application/json',
  schema: ref(name),
});

export const json = (document: JsonOut, status = 200): ApiAnswer => ({ status, body: canonicalJson(document) });

/** Throws a Problem where the live view does not show the log as it is: figures that are too old would be taken for true. */
export const mustBeCurrent = (live: Live): void => {
  const [problem] = live.problems();
  if (problem === undefined) return;
  throw new Problem('not_ready', {
    detail: `what the log says now is not known: ${problem}; ask again`,
    headers: { 'retry-after': '1' },
  });
};

/** Throws a Problem where there is no such run, or where nobody can say. */
export const runOf = (live: Live, runId: string): LiveRun => {
  const run = live.run(runId);
  if (run !== undefined) return run;
  mustBeCurrent(live);
  throw new Problem('run_not_found', { detail: 'run: no shard knows a run with this id; GET /runs lists them', field: 'run' });
};

/** The same, and it is as the log says now. */
export const currentRun = (live: Live, runId: string): LiveRun => {
  mustBeCurrent(live);
  return runOf(live, runId);
};
