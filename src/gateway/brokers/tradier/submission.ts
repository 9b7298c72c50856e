/**
 * What became of a submission, from what came back. Only an answer that surely is Tradier's refusal says that an order was not taken; whatever
 * could have been lost or made up on the way is `unknown`.
 *
 * | answer | outcome |
 * |---|---|
 * | 2xx, an order with its number | accepted |
 * | 2xx, `errors` | failed: a refusal can come with status 200 |
 * | 429 | rejected, RATE_LIMITED: surely not taken, and a submission is never repeated, since tags do not make it safe |
 * | other 4xx | failed, with Tradier's words; 401 and 403 as UNAUTHORIZED and FORBIDDEN |
 * | 408, 499: a gateway gave up waiting | unknown |
 * | 3xx, 5xx, a 2xx that cannot be read, no answer | unknown |
 * | nothing was sent (no connection, no token of our own limit, too late) | deferred: it may be submitted again |
 * | nothing was sent, since no request could be written | failed, INVALID_REQUEST |
 */
import type { SubmitOutcome, Trouble } from '../../broker';
import type { BrokerResponse } from '../http/brokerHttp';
import { readAnswer } from '../http/readAnswer';
import { acknowledgement } from './answers';
import { codeIn, wordsOf } from './refusalWords';

/** Answers of gateways that waited in vain for what is behind them. */
const GAVE_UP = new Set([408, 499]);

/** `forPeople`: of the client, so that no secret that was echoed gets through. */
export const submissionOutcome = (response: BrokerResponse, forPeople: (text: string) => string): SubmitOutcome => {
  if (response.type === 'failed') return withoutAnswer(response);
  const { status, body } = response;
  const say = (code: string, reason: string): Trouble => ({ code, reason: forPeople(reason) });
  if (status >= 200 && status < 300) {
    const read = readAnswer(acknowledgement, body);
    if (!read.ok) return { type: 'unknown', ...say('BAD_ANSWER', read.error) };
    const { order, errors } = read.value;
    if (order !== null) return { type: 'accepted', orderId: order.id };
    const text = `Tradier refused the order: ${(errors?.error ?? []).join('; ')}`;
    return { type: 'failed', ...say(codeIn(text) ?? 'REFUSED', text) };
  }
  const text = `Tradier answered ${status}: ${wordsOf(body)}`;
  if (status === 429) return { type: 'rejected', orderId: '', ...say('RATE_LIMITED', text) };
  if (status < 400 || status >= 500 || GAVE_UP.has(status)) return { type: 'unknown', ...say(`HTTP_${status}`, text) };
  const code = status === 401 ? 'UNAUTHORIZED' : status === 403 ? 'FORBIDDEN' : (codeIn(text) ?? 'REFUSED');
  return { type: 'failed', ...say(code, text) };
};

const AFTER_NO_CONNECTION_MS = 1_000;

const withoutAnswer = ({ code, reason, sent, retryAfterMs }: BrokerResponse & { type: 'failed' }): SubmitOutcome => {
  if (sent) return { type: 'unknown', code, reason };
  const told = { code, reason: `${reason}; nothing was sent` };
  if (code === 'INVALID_REQUEST') return { type: 'failed', ...told };
  return { type: 'deferred', afterMs: retryAfterMs ?? AFTER_NO_CONNECTION_MS, ...told };
};
