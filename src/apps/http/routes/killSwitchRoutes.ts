/** The kill switch: GET and POST /runs/{run}/kill-switch, POST /kill-switch. */
import { oneOf } from '../../../contracts/documents/kinds';
import { field, strictObject } from '../../../contracts/documents/schema';
import { DOCUMENT_BYTES } from '../../../contracts/json/text';
import { killSwitchDocument } from '../documents/killSwitchDocument';
import { ref } from '../documents/schemas';
import type { ApiAnswer, ApiRequest, Body, Route } from '../route';
import { actor, order, readBody, reason } from './control';
import type { QuestionOptions } from './questionOptions';
import { currentRun, json, jsonAnswer, OPERATORS, READERS, RUN } from './routeParts';

const request = strictObject({ action: field(oneOf('trip', 'reset')), actor: field(actor), reason: field(reason) });

const BODY: Body = {
  contentType: 'application/json',
  description: 'What to do, who does it, and why',
  schema: ref('KillSwitchRequest'),
  mostBytes: DOCUMENT_BYTES,
  example: { action: 'trip', actor: 'alice', reason: 'the feed is broken' },
};
const ANSWERS = {
  200: jsonAnswer('ControlAnswers', 'The runs took it'),
  202: jsonAnswer('ControlAnswers', 'It is on the log, and takes effect when a shard reads it'),
};
const PROBLEMS = ['invalid_json', 'control_refused', 'outcome_unknown'] as const;

export const killSwitchRoutes = (options: QuestionOptions): readonly Route[] => {
  const { live, now = Date.now } = options;
  const change = async ({ body, caller }: ApiRequest, runId: string | undefined): Promise<ApiAnswer> => {
    const { action, ...ordered } = readBody(request, body);
    const type = action === 'trip' ? 'KillSwitchTripped' : 'KillSwitchReset';
    const { status, answers } = await order(options, caller, runId, ordered, { type });
    return json({ type, answers }, status);
  };
  return [
    {
      method: 'GET',
      path: '/runs/{run}/kill-switch',
      operationId: 'getKillSwitch',
      summary: 'Whether the kill switch of a run is active, what trips it, and its last change',
      tag: 'controls',
      roles: READERS,
      parameters: [RUN],
      answers: { 200: jsonAnswer('KillSwitch', 'As it is now') },
      problems: ['run_not_found', 'not_ready'],
      handle: async ({ params: { run: runId = '' } }) => {
        const run = currentRun(live, runId);
        const seq = live.seqsOf(runId, 'KILL_SWITCH').at(-1);
        const last = seq === undefined ? undefined : (await live.journal(runId, seq, 1))[0];
        return json(killSwitchDocument(run, last, now()));
      },
    },
    {
      method: 'POST',
      path: '/runs/{run}/kill-switch',
      operationId: 'changeKillSwitch',
      summary: 'Trips or resets the kill switch of a run',
      tag: 'controls',
      roles: OPERATORS,
      parameters: [RUN],
      body: BODY,
      answers: ANSWERS,
      problems: [...PROBLEMS, 'run_not_found'],
      handle: (asked) => change(asked, asked.params.run ?? ''),
    },
    {
      method: 'POST',
      path: '/kill-switch',
      operationId: 'changeEveryKillSwitch',
      summary: 'Trips or resets the kill switch of every run; a trip holds for runs that start later, too',
      tag: 'controls',
      roles: OPERATORS,
      parameters: [],
      body: BODY,
      answers: ANSWERS,
      problems: PROBLEMS,
      handle: (asked) => change(asked, undefined),
    },
  ];
};
