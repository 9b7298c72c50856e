/** GET /decisions/{run}/{intent}, and its evidence. */
import { collectEvidence, EvidenceError } from '../../../audit/evidence/collectEvidence';
import { LONGEST_NAME } from '../../../contracts/intentFault';
import { hexOf } from '../../../contracts/json/hex';
import type { AuditRecord } from '../../../contracts/messages';
import type { AppliedLimits } from '../../../domain/limits';
import { resolveLimits } from '../../../domain/limits';
import type { Live } from '../../live/live';
import { decisionDetail } from '../documents/decisionDetail';
import { knownPolicy } from '../documents/policyDocuments';
import { present } from '../documents/rows';
import { ref } from '../documents/schemas';
import { Problem } from '../problem';
import type { ApiAnswer, Caller, Route } from '../route';
import type { QuestionOptions } from './questionOptions';
import { inPath, isReader, jsonAnswer, READERS, RUN, runOf } from './routeParts';

const INTENT = inPath('intent', 'Id of the intent', { type: 'string', minLength: 1, maxLength: LONGEST_NAME });

/** Each reads the shard's whole journal: so many at once. */
const MOST_COLLECTING = 2;

export const decisionRoutes = (options: QuestionOptions): readonly Route[] => {
  const { live } = options;
  let collecting = 0;
  return [
    {
      method: 'GET',
      path: '/decisions/{run}/{intent}',
      operationId: 'getDecision',
      summary: 'Everything about one intent: decision, facts, every rule, order, timeline',
      tag: 'audit',
      roles: ['submit', 'read', 'operate'],
      parameters: [RUN, INTENT],
      answers: { 200: jsonAnswer('DecisionDetail', 'The decision and what came of it') },
      problems: ['forbidden', 'run_not_found', 'intent_not_found', 'not_ready'],
      handle: async ({ params: { run = '', intent = '' }, caller }) => {
        runOf(live, run);
        const timeline = await live.timeline(run, intent);
        const decided = timeline.find(({ head }) => head.kind === 'DECISION') ?? (await live.decision(run, intent));
        if (decided === undefined) throw undecided();
        const { record } = decided.sealed();
        checkOwn(caller, record);
        return { status: 200, body: decisionDetail(decided, timeline, limitsOf(live, record)) };
      },
    },
    {
      method: 'GET',
      path: '/decisions/{run}/{intent}/evidence',
      operationId: 'getEvidence',
      summary: 'The evidence of one decision, as a file: it proves the decision with nothing but the public key',
      tag: 'audit',
      roles: READERS,
      parameters: [RUN, INTENT],
      answers: {
        200: {
          description: 'What `policygate prove` writes',
          contentType: 'application/json',
          schema: ref('EvidenceFile'),
          headers: { 'Content-Disposition': 'A name for the file' },
        },
      },
      problems: ['run_not_found', 'intent_not_found', 'evidence_not_ready', 'rate_limited', 'not_ready'],
      handle: async ({ params: { run = '', intent = '' }, signal }) => {
        runOf(live, run);
        if ((await live.decision(run, intent)) === undefined) throw undecided();
        if (collecting >= MOST_COLLECTING)
          throw new Problem('rate_limited', {
            detail: `${MOST_COLLECTING} evidences are being collected already; ask again`,
            headers: { 'retry-after': '1' },
          });
        collecting += 1;
        try {
          return await evidence(options, run, intent, signal);
        } finally {
          collecting -= 1;
        }
      },
    },
  ];
};

const undecided = (): Problem =>
  new Problem('intent_not_found', {
    detail: 'intent: no decision on an intent with this id in this run, so far; one that was just submitted may take a moment',
    field: 'intent',
  });

/** A token that may only submit, for some strategies, sees what became of these. */
const checkOwn = (caller: Caller, record: AuditRecord): void => {
  if (caller.strategies === undefined || isReader(caller)) return;
  if (caller.strategies.has(present(record, 'intent').strategy_id)) return;
  throw new Problem('forbidden', { detail: 'intent: the token may see decisions of its own strategies alone', field: 'intent' });
};

const limitsOf = (live: Live, record: AuditRecord): AppliedLimits | undefined => {
  const { policy_hash: hash, intent } = record;
  const known = hash === null ? undefined : knownPolicy(live, hexOf(hash));
  return known === undefined || intent === null
    ? undefined
    : resolveLimits(known.policy, intent.instrument.symbol, intent.strategy_id);
};

const evidence = async (
  { bus, codec, publicKey: key }: QuestionOptions,
  runId: string,
  intentId: string,
  signal: AbortSignal,
): Promise<ApiAnswer> => {
  if (key === undefined)
    throw new Problem('evidence_not_ready', {
      detail: 'this server signs no checkpoints; start it with --checkpoint-key, or ask `policygate prove`',
    });
  try {
    const text = await collectEvidence({ bus, codec, key, runId, intentId, onRead: () => signal.throwIfAborted() });
    const name = `${intentId.slice(0, LONGEST_FILE_NAME).replace(/[^A-Za-z0-9._-]/g, '_')}.evidence.json`;
    return { status: 200, headers: { 'content-disposition': `attachment; filename="${name}"` }, body: text };
  } catch (error) {
    if (error instanceof EvidenceError) throw new Problem('evidence_not_ready', { detail: error.message });
    throw error;
  }
};

const LONGEST_FILE_NAME = 100;
