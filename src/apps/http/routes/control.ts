/** Publishes what somebody orders over HTTP, and says what the runs answered. */
import type { z } from 'zod';
import { readBySchema } from '../../../contracts/documents/readDocument';
import { refuse } from '../../../contracts/documents/kinds';
import type { Kind } from '../../../contracts/documents/kinds';
import type { ControlPayload } from '../../../contracts/messages';
import { runIdFault } from '../../../contracts/runId';
import { EVERY_RUN } from '../../../contracts/topics';
import { invalidBody } from '../../intake/intentRequest';
import type { Live } from '../../live/live';
import { publishControl } from '../../publishing/publishControl';
import { LONGEST_ACTOR, LONGEST_REASON } from '../documents/bodySchemas';
import { controlAnswers } from '../documents/controlAnswers';
import type { ControlAnswer } from '../documents/controlAnswers';
import { Problem } from '../problem';
import type { Caller } from '../route';
import type { QuestionOptions } from './questionOptions';
import { runOf } from './routeParts';

/** How long shards may take to answer. */
const ANSWER_MS = 10_000;
/** How long the live view may take to show what was answered. */
const SHOWN_MS = 2_000;

export interface Ordered {
  readonly actor: string;
  readonly reason: string;
}

/** Undefined answers: nobody has folded it in time. */
export interface ControlResult {
  readonly status: 200 | 202;
  readonly answers: readonly ControlAnswer[] | null;
}

/** Of a body, read as strictly as every document. Throws a Problem. */
export const readBody = <T>(schema: z.ZodType<T>, body: Uint8Array): T => {
  const read = readBySchema(() => schema, body);
  if (read.ok) return read.value;
  throw invalidBody(read.error);
};

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Who does it, or why: on record, in logs and on terminals. */
const said = (what: string, longest: number): Kind<string> => ({
  read: (value) => {
    if (typeof value !== 'string') return refuse(`a text: ${what}`, value);
    if (value.trim() === '') return refuse(`${what}, not blank`, value);
    if (value.length > longest) return refuse(`a text of at most ${longest} characters`, value);
    return CONTROL.test(value) ? refuse('a text without control characters', value) : value;
  },
  schema: {},
});
export const actor = said('who does it', LONGEST_ACTOR);
export const reason = said('why it is done', LONGEST_REASON);

/** `runId` undefined: every run. Throws a Problem where a run refuses it, and where there is no such run. */
export const order = async (
  options: QuestionOptions,
  caller: Caller,
  runId: string | undefined,
  ordered: Ordered,
  payload: ControlPayload,
): Promise<ControlResult> => {
  const { live, log, hasTokens, answerMs = ANSWER_MS, now = Date.now } = options;
  // While the live view is behind, nobody can say that there is no such run: then the run itself answers.
  if (runId !== undefined && (live.problems().length === 0 || runIdFault(runId) !== undefined)) runOf(live, runId);
  const who = hasTokens ? `${ordered.actor} (token ${caller.name})` : ordered.actor;
  const { answers = [] } = await publishControl(options, {
    runId: runId ?? EVERY_RUN,
    control: { actor: who, reason: ordered.reason, payload },
    timestamp: now(),
    timeoutMs: answerMs,
    patienceMs: answerMs,
    retrying: (error) =>
      log.warn({ code: error.code, type: payload.type }, 'a control event could not be published; trying again'),
  });
  const told = controlAnswers(answers);
  log.info(
    { type: payload.type, run: runId ?? EVERY_RUN, caller: caller.name, answers: told.length },
    'a control event was published',
  );
  await shown(live, told);
  const refused = told.filter(({ taken }) => !taken);
  if (refused.length > 0) throw refusal(payload.type, told, refused);
  if (answers.every(({ folded }) => folded)) return { status: 200, answers: told };
  return { status: 202, answers: told.length === 0 ? null : told };
};

const refusal = (type: string, answers: readonly ControlAnswer[], refused: readonly ControlAnswer[]): Problem => {
  const [first] = refused;
  const who = first?.run_id === null || first === undefined ? 'a shard set it aside' : `run ${first.run_id} refused it`;
  const taken = answers.length - refused.length;
  const others = taken === 0 ? '' : `; ${taken} other ${taken === 1 ? 'run' : 'runs'} took it`;
  return new Problem('control_refused', {
    detail: `${type}: ${who}: ${first?.note ?? 'no reason was given'}${others}; see answers`,
    members: { answers },
  });
};

/** Who asks next sees what was just answered. Nothing is wrong if that takes longer: then it is seen a little later. */
const shown = async (live: Live, answers: readonly ControlAnswer[]): Promise<void> => {
  const isShown = (): boolean =>
    answers.every(({ run_id, seq }) => run_id === null || seq === null || (live.run(run_id)?.ledger.nextSeq ?? 0) > seq);
  if (isShown()) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopListening();
      resolve();
    };
    const timer = setTimeout(end, SHOWN_MS);
    const stopListening = live.listen({
      recorded: () => {
        if (isShown()) end();
      },
    });
  });
};
