/** Control events that `policygate serve` itself publishes, and what the shards answer. */
import type { ControlPayload } from '../../contracts/messages';
import type { OutgoingRecord } from '../../processor/bus';
import { Failure } from '../failure';
import type { ShardAnswer } from '../publishing/answers';
import { publishControl } from '../publishing/publishControl';
import type { Logger } from '../service/logger';
import type { Session } from '../session';

/** Whose events they are, on record. */
export const SERVE_ACTOR = 'policygate serve';

/** How long the shards may take to answer. Behind Kafka the processor is another process, which may be down. */
const ANSWER_MS = 30_000;

export interface ServedControl {
  readonly runId: string;
  readonly actor: string;
  readonly reason: string;
  readonly payload: ControlPayload;
  readonly alongside?: readonly OutgoingRecord[];
}

/**
 * Publishes it, dated now. `taken`: the run took it; `silent`: it is on the log, and nobody has folded it in time. Throws a Failure where the run refused it.
 */
export const tell = async (session: Session, log: Logger, event: ServedControl): Promise<'taken' | 'silent'> => {
  const { runId, actor, reason, payload, alongside = [] } = event;
  const { answers = [] } = await publishControl(session, {
    runId,
    control: { actor, reason, payload },
    timestamp: Date.now(),
    alongside,
    timeoutMs: ANSWER_MS,
    retrying: (error) => log.warn({ code: error.code }, 'a control event could not be published; trying again'),
  });
  const refusal = answers.map(refusalOf).find((each) => each !== undefined);
  if (refusal !== undefined) throw new Failure(`run ${runId}: ${payload.type} was refused: ${refusal}`);
  return answers.every(({ folded }) => folded) ? 'taken' : 'silent';
};

const refusalOf = ({ deadLetter, runs }: ShardAnswer): string | undefined =>
  deadLetter ?? runs.find(({ kind }) => kind === 'REJECTED_INPUT')?.note ?? undefined;
