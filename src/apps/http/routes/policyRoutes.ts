/** Policies: which there are and where they hold, the limits of one order, another one put in force, and what a candidate would change. */
import { digest, anyText, name } from '../../../contracts/documents/kinds';
import { field, strictObject } from '../../../contracts/documents/schema';
import { hexOf } from '../../../contracts/json/hex';
import { LONGEST_NAME } from '../../../contracts/intentFault';
import { DOCUMENT_BYTES } from '../../../contracts/json/text';
import { policyHash, readPolicy } from '../../../contracts/policyDocument';
import type { KnownPolicy } from '../../../processor/ledger';
import type { Live } from '../../live/live';
import { policyDifferences } from '../documents/policyDifferences';
import {
  appliedLimits,
  errorLines,
  knownPolicy,
  policiesDocument,
  policyDocument,
  POLICY_SOURCE,
} from '../documents/policyDocuments';
import { ref } from '../documents/schemas';
import { Problem } from '../problem';
import type { Body, Route } from '../route';
import { actor, order, readBody, reason } from './control';
import { policyHistory } from './policyHistory';
import type { QuestionOptions } from './questionOptions';
import { currentRun, inPath, inQuery, json, jsonAnswer, mustBeCurrent, OPERATORS, READERS, RUN, runOf } from './routeParts';

const NAME = { type: 'string', minLength: 1, maxLength: LONGEST_NAME };
const HASH = inPath('hash', 'SHA-256 of the policy’s text, in hex', { type: 'string', pattern: '^[0-9a-f]{64}$' });

const activation = strictObject({
  policy_text: field(anyText),
  actor: field(actor),
  reason: field(reason),
  run_id: field(name).optional(),
});
const candidate = strictObject({
  policy_text: field(anyText),
  run_id: field(name).optional(),
  policy_hash: field(digest).optional(),
});

const EXAMPLE_POLICY = `version: "0.1"
limits:
  exposure: { max_position_pct: 0.05, max_gross_exposure_x: 1.5 }
  loss: { daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05 }
  execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 }
  kill_switch: { trip_after_n_violations: 3, violation_window_seconds: 300 }
`;
const bodyOf = (schema: Body['schema'], description: string, example: unknown): Body => ({
  contentType: 'application/json',
  description,
  schema,
  mostBytes: DOCUMENT_BYTES,
  example,
});

export const policyRoutes = (options: QuestionOptions): readonly Route[] => [
  ...lookingRoutes(options),
  {
    method: 'PUT',
    path: '/policies',
    operationId: 'activatePolicy',
    summary: 'Puts a policy in force, for one run or for every active one',
    tag: 'policies',
    roles: OPERATORS,
    parameters: [],
    body: bodyOf(ref('PolicyRequest'), 'The policy, who does it, and why', {
      policy_text: EXAMPLE_POLICY,
      actor: 'alice',
      reason: 'tighter limits',
    }),
    answers: {
      200: jsonAnswer('PolicyActivation', 'The runs took it'),
      202: jsonAnswer('PolicyActivation', 'It is on the log, and takes effect when a shard reads it'),
    },
    problems: ['invalid_json', 'invalid_policy', 'run_not_found', 'control_refused', 'outcome_unknown'],
    handle: async ({ body, caller }) => {
      const { policy_text, run_id, ...ordered } = readBody(activation, body);
      const read = readPolicy(policy_text, POLICY_SOURCE);
      if (!read.ok) {
        const errors = errorLines(read.error);
        throw new Problem('invalid_policy', {
          detail: `${errors[0] ?? 'the policy is invalid'}${errors.length > 1 ? `; and ${errors.length - 1} more, see errors` : ''}; nothing was published`,
          field: 'policy_text',
          members: { errors },
        });
      }
      const { status, answers } = await order(options, caller, run_id, ordered, { type: 'PolicyActivated', policy_text });
      const policy_hash = hexOf(policyHash(policy_text));
      return json({ policy_hash, type: 'PolicyActivated', warnings: read.value.warnings, answers }, status);
    },
  },
  {
    method: 'POST',
    path: '/policies/diff',
    operationId: 'comparePolicies',
    summary: 'What a candidate would change, beside the policy of a run or another known one',
    description: 'Nothing is published. A candidate that is invalid is answered with its errors.',
    tag: 'policies',
    roles: READERS,
    parameters: [],
    body: bodyOf(ref('PolicyDiffRequest'), 'The candidate, and what it is compared with: either `run_id` or `policy_hash`', {
      policy_text: EXAMPLE_POLICY,
      run_id: 'r-1',
    }),
    answers: { 200: jsonAnswer('PolicyDiff', 'The differences, by path') },
    problems: ['invalid_json', 'run_not_found', 'policy_not_found', 'not_ready'],
    handle: ({ body }) => {
      const { policy_text, run_id, policy_hash } = readBody(candidate, body);
      const against = comparedWith(options.live, run_id, policy_hash);
      const read = readPolicy(policy_text, POLICY_SOURCE);
      return json({
        valid: read.ok,
        policy_hash: hexOf(policyHash(policy_text)),
        against: hexOf(against.hash),
        errors: read.ok ? [] : errorLines(read.error),
        warnings: read.ok ? read.value.warnings : [],
        differences: read.ok ? policyDifferences(against.policy, read.value.policy).map((each) => ({ ...each })) : [],
      });
    },
  },
];

const lookingRoutes = ({ live, watchedPolicy }: QuestionOptions): readonly Route[] => [
  {
    method: 'GET',
    path: '/policies',
    operationId: 'listPolicies',
    summary: 'All policies that were ever in force, and which are',
    tag: 'policies',
    roles: READERS,
    parameters: [],
    answers: { 200: jsonAnswer('Policies', 'By hash') },
    problems: ['not_ready'],
    handle: () => {
      mustBeCurrent(live);
      return json(policiesDocument(live, watchedPolicy()));
    },
  },
  {
    method: 'GET',
    path: '/policies/{hash}',
    operationId: 'getPolicy',
    summary: 'One policy, with its text',
    tag: 'policies',
    roles: READERS,
    parameters: [HASH],
    answers: { 200: jsonAnswer('Policy', 'The policy') },
    problems: ['invalid_parameter', 'policy_not_found', 'not_ready'],
    handle: ({ params: { hash = '' } }) => json(policyDocument(live, hash, policyOf(live, hash, 'hash'))),
  },
  {
    method: 'GET',
    path: '/runs/{run}/limits',
    operationId: 'getLimits',
    summary: 'The limits that an order of a symbol and a strategy is judged by, and where each comes from',
    tag: 'policies',
    roles: READERS,
    parameters: [RUN, inQuery('symbol', 'Symbol of the order', NAME), inQuery('strategy', 'The strategy that sends it', NAME)],
    answers: { 200: jsonAnswer('AppliedLimits', 'Block by block') },
    problems: ['invalid_parameter', 'run_not_found', 'policy_not_found', 'not_ready'],
    handle: ({ params: { run = '' }, query: { symbol, strategy } }) => {
      mustBeCurrent(live);
      const { policy, hash } = policyInForce(live, run);
      return json({
        run_id: run,
        policy_hash: hexOf(hash),
        symbol: symbol ?? null,
        strategy: strategy ?? null,
        ...appliedLimits(policy, symbol, strategy),
      });
    },
  },
  {
    method: 'GET',
    path: '/runs/{run}/policy-history',
    operationId: 'getPolicyHistory',
    summary: 'Every policy that was put in force, and every try that was refused',
    tag: 'policies',
    roles: READERS,
    parameters: [RUN],
    answers: { 200: jsonAnswer('PolicyHistory', 'By seq') },
    problems: ['run_not_found', 'not_ready'],
    handle: async ({ params: { run = '' } }) => {
      currentRun(live, run);
      return json({ run_id: run, history: await policyHistory(live, run) });
    },
  },
];

const comparedWith = (live: Live, runId: string | undefined, hash: string | undefined) => {
  if ((runId === undefined) === (hash === undefined))
    throw new Problem('invalid_json', {
      detail: 'run_id: expected either run_id or policy_hash, to say what the candidate is compared with',
      field: 'run_id',
      expected: 'either run_id or policy_hash',
    });
  return runId === undefined ? policyOf(live, hash ?? '', 'policy_hash') : policyInForce(live, runId);
};

const policyOf = (live: Live, hash: string, where: string): KnownPolicy => {
  const known = knownPolicy(live, hash);
  if (known !== undefined) return known;
  mustBeCurrent(live);
  throw new Problem('policy_not_found', {
    detail: `${where}: no policy with this hash was in force; GET /policies lists them`,
    field: where,
  });
};

const policyInForce = (live: Live, runId: string) => {
  const { active } = runOf(live, runId).ledger.state;
  if (active !== undefined) return active;
  throw new Problem('policy_not_found', { detail: 'the run was never started: no policy is in force for it' });
};
