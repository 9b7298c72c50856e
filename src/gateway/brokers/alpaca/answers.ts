/** What an answer of Alpaca means when it is not what was asked for: one code and one line, never an exception. */
import type { z } from 'zod';
import { anyText, type Kind } from '../../../contracts/documents/kinds';
import { fieldOr, openObject } from '../../../contracts/documents/schema';
import { JsonNumber } from '../../../contracts/json/value';
import type { Trouble, Unavailable } from '../../broker';
import type { BrokerHttp, BrokerResponse } from '../http/brokerHttp';
import { readAnswer } from '../http/readAnswer';

/** Alpaca's own number for an error, such as 40310000; empty: there is none. */
const errorCode: Kind<string> = {
  read: (value) => (value instanceof JsonNumber && /^[0-9]{1,12}$/.test(value.text) ? value.text : ''),
  schema: {},
};
const errorAnswer = openObject({
  code: fieldOr(errorCode, () => '', ''),
  message: fieldOr(anyText, () => '', ''),
});

/** `told`: Alpaca itself said so, with its number; else it may have been something on the way, such as a proxy. */
export interface Refusal extends Trouble {
  readonly told: boolean;
}

/** Of an answer with a status of 300 and above. */
export const refusalOf = (http: BrokerHttp, status: number, body: string): Refusal => {
  const read = readAnswer(errorAnswer, body);
  const { code, message } = read.ok ? read.value : { code: '', message: '' };
  const said = http.forPeople(message);
  return {
    code: code === '' ? `HTTP_${status}` : code,
    reason: said === '' ? `Alpaca answered with HTTP status ${status} and no reason` : said,
    told: code !== '',
  };
};

export const unavailable = ({ code, reason }: Trouble): Unavailable => ({ type: 'unavailable', code, reason });

/** The body of a 2xx, or why there is none that can be used. */
export const valueOf = <T>(
  http: BrokerHttp,
  response: BrokerResponse,
  schema: z.ZodType<T>,
): { readonly type: 'value'; readonly value: T } | Unavailable => {
  if (response.type === 'failed') return unavailable(response);
  if (response.status >= 300) return unavailable(refusalOf(http, response.status, response.body));
  const read = readAnswer(schema, response.body);
  return read.ok ? { type: 'value', value: read.value } : unavailable({ code: 'BAD_ANSWER', reason: http.forPeople(read.error) });
};
