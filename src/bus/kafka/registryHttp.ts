/**
 * Asks a Confluent-compatible schema registry, within one time limit for all that is asked. Every failure is a SchemaError of one line: what, where, what
 * to do. Credentials travel in the Authorization header alone and are in no message.
 */
import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { SchemaError } from '../../contracts/avro/schemaError';
import type { RegistryOptions } from './options';

/** A registry that is there answers in milliseconds. */
const REGISTRY_TIME_LIMIT_MS = 8_000;
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;
const CONNECTIONS = 8;

export class RegistryHttp {
  /** Without a slash at its end, and without whatever may stand before an `@`. */
  readonly url: string;
  readonly agent: HttpAgent;
  private readonly deadline: AbortSignal;

  constructor(
    private readonly options: RegistryOptions,
    timeLimitMs = REGISTRY_TIME_LIMIT_MS,
  ) {
    const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol))
      throw new SchemaError('the schema registry’s address is no URL; expected http://… or https://…');
    this.url = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    const { ca } = options;
    this.agent =
      url.protocol === 'https:'
        ? new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS, ...(ca === undefined ? {} : { ca }) })
        : new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });
    this.deadline = AbortSignal.timeout(timeLimitMs);
    setMaxListeners(0, this.deadline); // one for each request in flight
  }

  /** What the registry holds there; undefined: it holds no such subject, version or setting. */
  async get(path: string): Promise<unknown> {
    return this.ask('GET', path);
  }

  async put(path: string, body: object): Promise<unknown> {
    return this.ask('PUT', path, JSON.stringify(body));
  }

  /** `work`, done with `agent` by others, under the same time limit. */
  async within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.agent.destroy();
        reject(this.silent());
      };
      if (this.deadline.aborted) late();
      else this.deadline.addEventListener('abort', late, { once: true });
      work.then(resolve, reject).finally(() => {
        this.deadline.removeEventListener('abort', late);
      });
    });
  }

  /** An answer that says no. */
  refusal(status: number, message: string | undefined): SchemaError {
    const said = message === undefined ? '' : `: ${oneLine(message)}`;
    if (status === 401 || status === 403)
      return this.failure(`refuses the credentials (${status})`, 'check the user and the password of the registry');
    return this.failure(`answered ${status}${said}`, 'look into its log');
  }

  failure(what: string, todo: string, cause?: unknown): SchemaError {
    return new SchemaError(`schema registry ${this.url} ${what}; ${todo}`, { cause });
  }

  close(): void {
    this.agent.destroy();
  }

  private async ask(method: string, path: string, body?: string): Promise<unknown> {
    const { status, text } = await this.answer(method, path, body);
    const parsed = parse(text);
    if (status >= 200 && status < 300) {
      if (parsed === undefined) throw this.stranger();
      return parsed;
    }
    const { error_code: code, message } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as {
      readonly error_code?: unknown;
      readonly message?: unknown;
    };
    if (status === 404) {
      // 40401 to 40408: a registry that knows what it is asked for, and has none.
      if (typeof code === 'number' && Math.floor(code / 100) === 404) return undefined;
      throw this.stranger();
    }
    throw this.refusal(status, typeof message === 'string' ? message : undefined);
  }

  private async answer(method: string, path: string, body: string | undefined): Promise<{ status: number; text: string }> {
    const { username, password } = this.options;
    try {
      return await new Promise((resolve, reject) => {
        const send = this.url.startsWith('https:') ? httpsRequest : httpRequest;
        const request = send(`${this.url}${path}`, {
          method,
          agent: this.agent,
          signal: this.deadline,
          headers: { accept: 'application/vnd.schemaregistry.v1+json', 'content-type': 'application/vnd.schemaregistry.v1+json' },
          ...(username === undefined ? {} : { auth: `${username}:${password ?? ''}` }),
        });
        request.on('error', reject);
        request.on('response', (response) => {
          textOf(response).then((text) => {
            resolve({ status: response.statusCode ?? 0, text });
          }, reject);
        });
        request.end(body);
      });
    } catch (error) {
      if (this.deadline.aborted) throw this.silent();
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO/.test(code))
        throw this.failure(
          `has a certificate that is not trusted (${code})`,
          'give the certificate of its authority as the registry’s CA',
          error,
        );
      if (code !== undefined && /SSL|EPROTO/.test(code))
        throw this.failure('does not speak TLS there', 'check http:// and https://', error);
      throw this.failure(`cannot be reached (${code ?? oneLine(message)})`, 'start it, or correct its address', error);
    }
  }

  private silent(): SchemaError {
    return this.failure('does not answer in time', 'check its address and its health');
  }

  private stranger(): SchemaError {
    return this.failure('does not answer like a schema registry', 'the address must be the root of its Confluent-compatible API');
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error(`an answer of more than ${LARGEST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** What others wrote, fit for a message of ours: one line, and not long. */
export const oneLine = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').slice(0, 300);
