/** Writes answers: whole ones at once, streams no faster than the client takes them. */
import { STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { problemText } from './problem';
import type { Problem } from './problem';
import type { ApiAnswer } from './route';

const PROBLEM_TYPE = 'application/problem+json';

/** Of every answer of the API; files have their own (dashboardFiles.ts). A browser that opens an answer runs nothing of it. */
const API_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;
const HSTS = 'max-age=31536000';

export interface AnswerOptions {
  /** HSTS, and only with it: the name would be unreachable without. */
  readonly tls: boolean;
  /** A client that takes nothing of a stream for so long is cut off, ms. */
  readonly stallMs: number;
  /** The connection ends with the answer. */
  readonly closing: () => boolean;
}

export class Answers {
  private readonly always: OutgoingHttpHeaders;

  constructor(private readonly options: AnswerOptions) {
    this.always = { ...API_HEADERS, ...(options.tls ? { 'strict-transport-security': HSTS } : {}) };
  }

  /** Resolves when all was handed to the connection; rejects when the stream of the answer does. */
  async send(response: ServerResponse, { status, contentType, headers, body }: ApiAnswer): Promise<void> {
    const type = contentType ?? 'application/json';
    if (typeof body === 'string' || body instanceof Uint8Array) this.whole(response, status, type, headers, body);
    else await this.stream(response, status, type, headers, body);
  }

  problem(response: ServerResponse, problem: Problem): void {
    this.whole(response, problem.status, PROBLEM_TYPE, problem.parts.headers, problemText(problem));
  }

  private whole(
    response: ServerResponse,
    status: number,
    type: string,
    headers: ApiAnswer['headers'],
    body: string | Uint8Array,
  ): void {
    if (response.destroyed || response.headersSent) return;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    response.writeHead(status, this.headers(type, headers, { 'content-length': length }));
    // Node leaves it out by itself, but not everything that stands in for a socket does.
    if (response.req.method === 'HEAD') response.end();
    else response.end(body);
  }

  private async stream(
    response: ServerResponse,
    status: number,
    type: string,
    headers: ApiAnswer['headers'],
    body: AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    if (response.destroyed) return;
    response.writeHead(status, this.headers(type, headers, {}));
    if (response.req.method !== 'HEAD') {
      response.flushHeaders();
      for await (const chunk of body) {
        if (!response.write(chunk)) await this.taken(response);
        if (hasGone(response)) return;
      }
    }
    response.end();
  }

  private headers(type: string, own: ApiAnswer['headers'], length: OutgoingHttpHeaders): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders = { 'content-type': type, ...this.always, ...length, ...own };
    if (this.options.closing()) headers.connection = 'close';
    return headers;
  }

  /** Until the client took what was written, or the connection has ended. The clock of the socket knows when a part is taken. */
  private async taken(response: ServerResponse): Promise<void> {
    const { socket } = response;
    if (response.destroyed || socket === null) return;
    const before = socket.timeout;
    socket.setTimeout(this.options.stallMs);
    await new Promise<void>((resolve) => {
      const go = (): void => {
        response.off('drain', go).off('close', go);
        resolve();
      };
      response.on('drain', go).on('close', go);
    });
    if (!socket.destroyed) socket.setTimeout(before ?? 0);
  }
}

/** Asked again after every wait. */
const hasGone = (response: ServerResponse): boolean => response.destroyed;

/** A problem for a connection on which no answer can be written the usual way. */
export const rawProblem = (problem: Problem): string => {
  const body = problemText(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(API_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
};
