/**
 * The log of services that run for long: one JSON object a line on stderr (stdout belongs to results), written before the call returns, so that the
 * last line before a crash is there. What is named like a secret is not shown, at any depth, nor what looks like one inside a text; bytes never are.
 */
import { types } from 'node:util';
import pino from 'pino';
import type { KafkaLog } from '../bus/kafka/options';
import type { Settings } from './config/settings';
import type { LogFields, Logger } from './service/logger';

export type LogLevel = Settings['logLevel'];

/** Takes lines, each with its line feed. */
export interface LogDestination {
  write(line: string): void;
}

const STDERR = 2;

export const openLog = (level: LogLevel, destination: LogDestination = pino.destination({ dest: STDERR, sync: true })): Logger =>
  new PinoLogger(
    pino(
      {
        level,
        base: { pid: process.pid },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }), log: redacted },
        // Errors are plain fields by then, which pino's own serializer would take for errors again.
        serializers: { err: (value: unknown) => value },
      },
      destination,
    ),
  );

/** What the Kafka client has to say, as lines of this log. */
export const kafkaLog =
  (logger: Logger): KafkaLog =>
  (level, message, fields) => {
    logger[level](fields, message);
  };

class PinoLogger implements Logger {
  constructor(private readonly lines: pino.Logger) {}

  error(fields: LogFields, message: string): void {
    this.lines.error(fields, withoutSecrets(message));
  }
  warn(fields: LogFields, message: string): void {
    this.lines.warn(fields, withoutSecrets(message));
  }
  info(fields: LogFields, message: string): void {
    this.lines.info(fields, withoutSecrets(message));
  }
  debug(fields: LogFields, message: string): void {
    this.lines.debug(fields, withoutSecrets(message));
  }

  child(fields: LogFields): Logger {
    // pino's formatter is not asked about the fields of a child.
    return new PinoLogger(this.lines.child(redacted(fields)));
  }
}

const REDACTED = '[redacted]';
const SECRET_NAME =
  /passw|passphrase|pwd|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key|^(?:sasl|tls|ssl|pfx)$/i;
/** pino writes these itself; twice in one object they would hide each other. */
const TAKEN: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'msg']);

/** Enough for anybody who looks, and no line that fills a disk. */
const DEEPEST = 6;
const MOST_ENTRIES = 100;
const LONGEST_TEXT = 4_096;

const redacted = (fields: LogFields): Record<string, unknown> => {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) shown[TAKEN.has(name) ? `${name}_` : name] = showable(name, value, 1);
  return shown;
};

const showable = (name: string, value: unknown, depth: number): unknown => {
  if (SECRET_NAME.test(name) && value !== undefined && value !== null && typeof value !== 'boolean') return REDACTED;
  switch (typeof value) {
    case 'string':
      return withoutSecrets(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : depth > DEEPEST ? '[deeper]' : inside(value, depth + 1);
    default:
      return value;
  }
};

const inside = (value: object, depth: number): unknown => {
  if (value instanceof Error || types.isNativeError(value)) return errorFields(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Map)
    return fieldsOf(
      [...value].map(([key, each]): [string, unknown] => [String(key), each]),
      depth,
    );
  if (Array.isArray(value) || value instanceof Set)
    return [...(value as Iterable<unknown>)].slice(0, MOST_ENTRIES).map((each) => showable('', each, depth));
  return fieldsOf(Object.entries(value), depth);
};

const fieldsOf = (entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> =>
  Object.fromEntries(entries.slice(0, MOST_ENTRIES).map(([name, each]) => [name, showable(name, each, depth)]));

/** Not its other fields: the errors of HTTP clients carry the request with them, headers and all. */
const errorFields = (error: Error, depth: number): Record<string, unknown> => {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: withoutSecrets(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: showable('cause', error.cause, depth) }),
  };
};

/** Users in addresses, HTTP credentials, private keys. */
const withoutSecrets = (text: string): string =>
  (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text)
    .replace(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${REDACTED}@`)
    .replace(/\b(Basic|Bearer)\s+[A-Za-z0-9._~+/=-]+/g, `$1 ${REDACTED}`)
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, REDACTED);
