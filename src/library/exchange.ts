/** One request over HTTP and its whole answer, within a time and a size that hold whatever the other side does. */
import * as http from 'node:http';
import * as https from 'node:https';

/** An answer that was read to its end, or as far as is read at all. */
export interface Exchanged {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined: it is larger than `mostBytes`. */
  readonly text: string | undefined;
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Bounds {
  /** For the connection, the answer and the reading of its body together, ms. */
  readonly timeoutMs: number;
  readonly mostBytes: number;
  /** Aborts: nobody waits any more. */
  readonly closing: AbortSignal;
}

/**
 * Rejects where there is no whole answer, and where the answer points elsewhere: a token must not follow. The request is held by its own timer and destroyed by hand. `fetch` with
 * a signal would not do: on Node.js 20 weak references hold the two together, and an end that the garbage collector has taken never comes.
 */
export const exchange = (
  url: string,
  { method, headers, body }: Asked,
  { timeoutMs, mostBytes, closing }: Bounds,
): Promise<Exchanged> =>
  new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).request(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    });
    const end = (): void => void request.destroy();
    const timer = setTimeout(() => {
      reject(new Error(`no whole answer within ${(timeoutMs / 1_000).toFixed(1)} s`));
      end();
    }, timeoutMs);
    closing.addEventListener('abort', end);
    request.on('close', () => {
      clearTimeout(timer);
      closing.removeEventListener('abort', end);
      // Settled before, where there was an answer.
      reject(new Error('the connection ended'));
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      const parts: Buffer[] = [];
      let bytes = 0;
      const answer = (text: string | undefined): void => resolve({ status, headers: headersOf(response), text });
      response.on('error', reject);
      if (status >= 300 && status < 400) {
        reject(new Error(`status ${status} points elsewhere, and is not followed`));
        return end();
      }
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        parts.push(part);
        if (bytes <= mostBytes) return;
        answer(undefined);
        end();
      });
      response.on('end', () => answer(Buffer.concat(parts).toString('utf8')));
    });
    request.end(body);
  });

const headersOf = ({ headersDistinct }: http.IncomingMessage): Headers =>
  new Headers(
    Object.entries(headersDistinct).flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value])),
  );
