/** POST /evaluate: what the answer would be now. Nothing is published. */
import { DOCUMENT_BYTES } from '../../../contracts/json/text';
import { checkStrategy, readIntentRequest, runFor } from '../../intake/intentRequest';
import { evaluateNow } from '../documents/evaluateNow';
import { evaluationDocument } from '../documents/evaluationDocument';
import { ref } from '../documents/schemas';
import type { Route } from '../route';
import type { QuestionOptions } from './questionOptions';
import { currentRun, isReader, json, jsonAnswer } from './routeParts';

export const evaluateRoute = ({ live, defaultRun, allowSenderPrices, now = Date.now }: QuestionOptions): Route => ({
  method: 'POST',
  path: '/evaluate',
  operationId: 'evaluateIntent',
  summary: 'What the decision on an intent would be now, and the largest quantity that would be allowed',
  description: 'Nothing is published. Whether the intent_id was used before does not matter.',
  tag: 'intents',
  roles: ['submit', 'read', 'operate'],
  parameters: [],
  body: {
    contentType: 'application/json',
    description: 'As for POST /intent',
    schema: ref('IntentRequest'),
    mostBytes: DOCUMENT_BYTES,
    example: {
      intent: {
        intent_id: 'nd-008',
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
  answers: { 200: jsonAnswer('Evaluated', 'The decision that it would be') },
  problems: ['invalid_json', 'run_missing', 'sender_prices_refused', 'forbidden', 'run_not_found', 'not_ready'],
  handle: ({ body, caller }) => {
    const { intent, run_id: given, market_snapshot: market } = readIntentRequest(body, allowSenderPrices);
    if (!isReader(caller)) checkStrategy(caller, intent);
    const run = currentRun(live, runFor(live, given, defaultRun(), 'run_id'));
    return json(evaluationDocument(run, intent, evaluateNow(run, intent, now(), market?.prices)));
  },
});
