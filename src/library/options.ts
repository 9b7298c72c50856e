/** What plain JavaScript may pass in place of what the types ask for: told in one line, before anything is opened or sent. No value is repeated, since it may be a secret. */
import { quoted } from '../contracts/contractError';
import { didYouMean } from '../contracts/nearest';
import type { SubmitOptions } from './client';
import { ClientError } from './clientError';

const STANDARD_WAIT_MS = 10_000;
/** The longest that a timer of Node.js runs. */
const LONGEST_WAIT_MS = 2_147_483_647;
/** A bearer token by RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

type Fields = Readonly<Record<string, unknown>>;
type Kind = 'text' | 'object' | 'any';

const HTTP_OPTIONS: Readonly<Record<string, Kind>> = { url: 'any', token: 'any', run: 'text' };
const KAFKA_OPTIONS: Readonly<Record<string, Kind>> = { run: 'text', config: 'text', environment: 'object' };

/** Throws a ClientError `invalid_options` or `invalid_token` where these are no options of `connect`. */
export const checkConnectOptions = (options: unknown): void => {
  if (!isObject(options))
    throw invalid(`connect: expected options such as { url: "http://127.0.0.1:8100" }, found ${nameOf(options)}`);
  const isHttp = 'url' in options;
  checkFields('connect', options, isHttp ? HTTP_OPTIONS : KAFKA_OPTIONS);
  if (!isHttp && options.run === undefined)
    throw invalid('connect: expected `url` (the address of `policygate serve`), or `run` (straight to the topics of Kafka)');
  if (options.token !== undefined && !(typeof options.token === 'string' && TOKEN.test(options.token)))
    throw new ClientError(
      'invalid_token',
      'token: expected a bearer token of letters, digits and -._~+/ in one line, such as a file of it without its line end; leave it out where the server asks for none',
      false,
    );
};

/** How long is waited, in milliseconds. Throws a ClientError `invalid_options`. */
export const waitOf = (options: SubmitOptions | undefined): number => {
  const given: unknown = options;
  if (given === undefined) return STANDARD_WAIT_MS;
  if (!isObject(given)) throw invalid(`submit: expected options such as { waitMs: 1000 }, found ${nameOf(given)}`);
  checkFields('submit', given, { waitMs: 'any' });
  const { waitMs = STANDARD_WAIT_MS } = given;
  if (typeof waitMs !== 'number' || !(waitMs >= 0 && waitMs <= LONGEST_WAIT_MS))
    throw invalid(`waitMs: expected milliseconds from 0 to ${LONGEST_WAIT_MS}, found ${nameOf(waitMs)}`);
  return waitMs;
};

const checkFields = (what: string, options: Fields, known: Readonly<Record<string, Kind>>): void => {
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      const near = didYouMean(name, Object.keys(known));
      throw invalid(
        `${what}: unknown option ${quoted(name)}${near === '' ? `; known here: ${Object.keys(known).join(', ')}` : near}`,
      );
    }
    if (value === undefined || kind === 'any') continue;
    if (kind === 'text' ? typeof value !== 'string' : !isObject(value))
      throw invalid(`${name}: expected ${kind === 'text' ? 'text' : 'an object'}, found ${nameOf(value)}`);
  }
};

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value is, without what it holds; a number is shown. */
export const nameOf = (value: unknown): string => {
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return 'a list';
  return { string: 'a text', object: 'an object' }[typeof value as string] ?? `a ${typeof value}`;
};

const invalid = (message: string): ClientError => new ClientError('invalid_options', `${message}; nothing was sent`, false);
