import { DOCUMENT_BYTES } from '../../contracts/json/text';
import { ref } from '../http/documents/schemas';
import type { ApiAnswer, Route } from '../http/route';
import { conflict, decidedHeaders, decidedText, decisionPath, pendingText, setAside } from './answers';
import type { IntakeRouteOptions } from './intakeRouteOptions';
import { checkAddressable, checkStrategy, readIntentRequest, runFor } from './intentRequest';
import type { IntakeOutcome } from './submission';
import { WAIT_PARAMETERS, waitOf } from './waitPreference';
import { TRACE_HEADER, TRACE_PARAMETER, traceHeader, traceOf } from '../tracing/requestTrace';

/** POST /intent: one intent, answered when its decision is committed. */
export const intentRoute = ({ intake, live, defaultRun, allowSenderPrices }: IntakeRouteOptions): Route => ({
  method: 'POST',
  path: '/intent',
  operationId: 'submitIntent',
  summary: 'Submits an intent and waits for its decision',
  description:
    'The same intent again gets the same decision; the same intent_id with another body is refused, and on record. Sending an intent again under the same intent_id is always safe.',
  tag: 'intents',
  roles: ['submit'],
  parameters: [...WAIT_PARAMETERS, TRACE_PARAMETER],
  body: {
    contentType: 'application/json',
    description: 'The intent, and which run is meant unless it is the server’s own',
    schema: ref('IntentRequest'),
    mostBytes: DOCUMENT_BYTES,
    example: {
      intent: {
        intent_id: 'nd-007',
        timestamp: '2026-02-24T09:30:01Z',
        strategy_id: 'momentum_v1',
        account_id: 'acct_1',
        instrument: { symbol: 'AAPL', asset_class: 'equity' },
        side: 'buy',
        order_type: 'market',
        qty: 10,
      },
    },
  },
  answers: {
    200: {
      description: 'The committed decision',
      contentType: 'application/json',
      schema: ref('Decision'),
      headers: {
        'Policygate-Run': 'Id of the run, percent-encoded',
        'Policygate-Seq': 'Seq of the decision’s audit record',
        'Policygate-Replayed': '`true`: the intent was decided before',
        Location: 'Where the decision is',
        [TRACE_HEADER]: 'Trace id of this request, as logs and the headers of its records have it',
        'Preference-Applied': 'The `wait` that was followed',
      },
    },
    202: {
      description: 'Not decided in time; the intent is on the log and will be decided',
      contentType: 'application/json',
      schema: ref('Pending'),
      headers: {
        Location: 'Where the decision will be',
        [TRACE_HEADER]: 'Trace id of this request, as logs and the headers of its records have it',
        'Preference-Applied': 'The `wait` that was followed',
      },
    },
  },
  problems: [
    'invalid_json',
    'invalid_parameter',
    'run_missing',
    'sender_prices_refused',
    'forbidden',
    'run_not_found',
    'intent_conflict',
    'intent_set_aside',
    'queue_full',
    'not_ready',
    'outcome_unknown',
  ],
  handle: async (request) => {
    const wait = waitOf(request);
    const { intent, run_id: given, market_snapshot: prices } = readIntentRequest(request.body, allowSenderPrices);
    checkStrategy(request.caller, intent);
    checkAddressable(intent);
    const runId = runFor(live, given, defaultRun(), 'run_id');
    const { signal } = request;
    const traceparent = traceOf(request);
    const options = { waitMs: wait.ms, signal, traceparent, ...(prices === undefined ? {} : { prices }) };
    const outcome = await intake.submit(runId, intent, options);
    return answerTo(outcome, runId, intent.intent_id, { ...wait.headers, ...traceHeader(traceparent) });
  },
});

const answerTo = (
  outcome: IntakeOutcome,
  runId: string,
  intentId: string,
  ofRequest: Readonly<Record<string, string>>,
): ApiAnswer => {
  switch (outcome.type) {
    case 'decided': {
      const headers = { ...decidedHeaders(runId, intentId, outcome.record.head.seq), ...ofRequest };
      if (outcome.replayed) headers['policygate-replayed'] = 'true';
      return { status: 200, headers, body: decidedText(outcome) };
    }
    case 'pending': {
      const headers = { 'policygate-run': encodeURIComponent(runId), location: decisionPath(runId, intentId), ...ofRequest };
      return { status: 202, headers, body: pendingText(runId, intentId) };
    }
    case 'conflict':
      throw conflict(runId, intentId, outcome.decidedSeq);
    case 'set-aside':
      throw setAside(outcome.reason);
  }
};
