/** Gives the answer of a simulated broker as a fault says: not at all, half, late, or as something else. */
import type { ServerResponse } from 'node:http';
import type { BrokerAnswer, BrokerRequest, Dialect } from './dialect';
import type { Fault, FaultyAnswer } from './faults';

export const spoil = (request: BrokerRequest, { answer: { type } }: Fault): BrokerRequest =>
  type === 'doubled' || type === 'overlapping' ? { ...request, rows: type } : request;

interface Exchange {
  /** What the answer would be; undefined: the request is not carried out (now). */
  readonly answer: BrokerAnswer | undefined;
  readonly send: (answer: BrokerAnswer, headers?: Readonly<Record<string, string>>) => void;
  readonly request: BrokerRequest;
  readonly response: ServerResponse;
  readonly dialect: Dialect;
  readonly later: (ms: number, task: () => void) => void;
}

export const answerWrongly = (fault: Fault, { answer, send, request, response, dialect, later }: Exchange): void => {
  const wrong = fault.answer;
  const right = answer ?? dialect.fault(500, request);
  switch (wrong.type) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cutOff':
      return sendHalf(right, response, () => later(2, () => response.socket?.resetAndDestroy()));
    case 'stall':
      return sendHalf(right, response, () => undefined);
    case 'slow':
      return later(wrong.ms, () => send(right));
    case 'status': {
      const said = dialect.fault(wrong.status, request);
      return send(
        wrong.body === undefined ? said : { ...said, body: wrong.body },
        wrong.retryAfter === undefined ? {} : { 'retry-after': wrong.retryAfter },
      );
    }
    default:
      return send(unlike(right, wrong));
  }
};

/** A whole answer that is none, or that is another; the right one, for what is wrong in other ways. */
export const unlike = (right: BrokerAnswer, wrong: FaultyAnswer): BrokerAnswer => {
  switch (wrong.type) {
    case 'flood':
      return { ...right, status: fullStatus(right), body: right.body + ' '.repeat(9_000_000) };
    case 'truncated':
      return { ...right, status: fullStatus(right), body: (right.body === '' ? '{"id":"' : right.body).slice(0, -2) };
    case 'garbage':
      return { ...right, status: fullStatus(right), body: '\u0000\u0007{]"\uFFFD garbage \u001f'.repeat(4) };
    case 'wrongShape':
      return { ...right, status: fullStatus(right), body: '{"unexpected":[1,{"two":null}]}' };
    case 'empty':
      return { ...right, status: fullStatus(right), body: '' };
    case 'html':
      return {
        status: wrong.status,
        contentType: 'text/html',
        body: '<!doctype html><html><body><h1>Bad gateway</h1></body></html>',
      };
    default:
      return right;
  }
};

const sendHalf = ({ status, contentType, body }: BrokerAnswer, response: ServerResponse, then: () => void): void => {
  const bytes = Buffer.from(body === '' ? '{"id":"' : body);
  response.writeHead(status === 204 ? 200 : status, { 'content-type': contentType, 'content-length': String(bytes.length) });
  response.write(bytes.subarray(0, bytes.length >> 1), then);
};

/** A body cannot follow 204. */
const fullStatus = ({ status }: BrokerAnswer): number => (status === 204 ? 200 : status);
