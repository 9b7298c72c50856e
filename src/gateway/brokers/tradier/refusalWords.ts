/**
 * The words of an answer that is not what was asked for: `{"errors": {"error": ...}}`, a gateway's `{"fault": ...}`, plain text, or a web page
 * of something that stands between. Never empty. Pass them through the client's `forPeople`.
 */
import { readAnswer } from '../http/readAnswer';
import { gatewayFault, refusal } from './answers';

export const wordsOf = (body: string): string => {
  const errors = readAnswer(refusal, body);
  if (errors.ok) return errors.value.errors.error.join('; ');
  const fault = readAnswer(gatewayFault, body);
  if (fault.ok) return fault.value.fault.faultstring;
  if (isPage(body)) return 'a web page, not an answer of Tradier';
  return body.trim() === '' ? 'no words' : body;
};

export const isPage = (body: string): boolean => body.trimStart().startsWith('<');

/** Tradier's own name of an error, such as `LongPositionCrossZero`, where it stands in a text. */
export const codeIn = (text: string): string | undefined => /\b(?:[A-Z][a-z]+){2,}\b/.exec(text)?.[0];
