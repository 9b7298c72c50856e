/** What is checked of a request's headers before anything is read of its body. Each throws a Problem. */
import type { IncomingMessage } from 'node:http';
import { Problem } from './problem';
import type { Body } from './route';

/** Node keeps the first of two and says nothing; a proxy before us may have looked at the other. */
const ONCE: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'host',
  'origin',
  'last-event-id',
]);

export const noneTwice = ({ rawHeaders }: IncomingMessage): void => {
  let seen: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen === undefined) seen = [name];
    else if (!seen.includes(name)) seen.push(name);
    else throw new Problem('bad_request', { detail: `${name}: given twice; expected it once`, field: name, expected: 'it once' });
  }
};

/** HTTP/1.1 demands it, and without it nobody knows whom the client means. */
export const hostGiven = ({ headers, httpVersionMinor }: IncomingMessage): void => {
  if (headers.host === undefined && httpVersionMinor > 0)
    throw new Problem('bad_request', { detail: 'Host: the header is missing; expected the name of this server', field: 'Host' });
};

const UTF8 = /;\s*charset\s*=\s*(?!"?utf-8"?\s*(?:;|$))/i;
const DIGITS = /^[0-9]{1,15}$/;

/** The body that the headers announce is one that the route takes. */
export const bodyAnnounced = ({ headers }: IncomingMessage, body: Body): void => {
  typeExpected(headers['content-type'], body);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Problem('invalid_content_type', {
      detail: 'Content-Encoding: expected none; send the body as it is',
      field: 'Content-Encoding',
      expected: 'none',
    });
  lengthExpected(headers, body);
};

const typeExpected = (type: string | undefined, { contentType }: Body): void => {
  const media = type?.split(';', 1)[0]?.trim().toLowerCase();
  if (media === contentType && !UTF8.test(type ?? '')) return;
  throw new Problem('invalid_content_type', {
    detail: `Content-Type: ${type === undefined ? 'the header is missing' : 'this route takes something else'}; expected ${contentType} in UTF-8`,
    field: 'Content-Type',
    expected: contentType,
  });
};

const lengthExpected = (headers: IncomingMessage['headers'], { contentType, mostBytes }: Body): void => {
  const length = headers['content-length'];
  if (length === undefined) {
    // Who sends lines may not know how many will come.
    if (contentType === 'application/x-ndjson' && headers['transfer-encoding'] !== undefined) return;
    throw new Problem('missing_content_length', {
      detail: 'Content-Length: the header is missing; expected the number of bytes of the body, which is not sent in chunks',
      field: 'Content-Length',
    });
  }
  if (!DIGITS.test(length))
    throw new Problem('invalid_content_length', { detail: 'Content-Length: expected a whole number', field: 'Content-Length' });
  if (Number(length) > mostBytes) throw tooLarge(mostBytes);
};

const tooLarge = (mostBytes: number): Problem =>
  new Problem('payload_too_large', {
    detail: `the body is too large; expected at most ${mostBytes.toLocaleString('en')} bytes`,
    expected: `at most ${mostBytes} bytes`,
  });
