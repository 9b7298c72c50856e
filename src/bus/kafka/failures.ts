/** What kafkajs and the broker say, in the words of the port. */
import { BusError, type BusErrorCode } from '../../processor/bus';

const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTIONAL_ID_FENCED']);
const REFUSED = /^(TOPIC|GROUP|CLUSTER|TRANSACTIONAL_ID)_AUTHORIZATION_FAILED$|^SASL_AUTHENTICATION_FAILED$/;
const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
]);

/** `otherwise`: the code for what has no better one. */
export const busErrorOf = (error: unknown, where: string, otherwise: BusErrorCode): BusError => {
  if (error instanceof BusError) return error;
  const causes = causesOf(error);
  const coded = causes.map(codeOf).find((code) => code !== undefined);
  const innermost = causes.at(-1) ?? { message: String(error) };
  return new BusError(coded ?? otherwise, where, new Error(hintOf(causes) ?? innermost.message, { cause: error }));
};

const PENDING = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
]);

/** Whether the broker says that it cannot do it yet: nothing of the request was done. */
export const isPending = (error: unknown): boolean => causesOf(error).some(({ type }) => type !== undefined && PENDING.has(type));

/** Whether another broker must be asked: nothing of the request was done. */
export const isElsewhere = (error: unknown): boolean => causesOf(error).some(({ type }) => type === 'NOT_COORDINATOR_FOR_GROUP');

interface ErrorFields {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** The error and what it says it was caused by, outermost first. */
const causesOf = (error: unknown): readonly ErrorFields[] => {
  const causes: ErrorFields[] = [];
  for (let at = error; typeof at === 'object' && at !== null && causes.length < 10; at = (at as ErrorFields).cause)
    causes.push(at);
  return causes;
};

const codeOf = ({ name, type, code, message }: ErrorFields): BusErrorCode | undefined => {
  if (type !== undefined && FENCED.has(type)) return 'BUS_FENCED';
  if ((type !== undefined && REFUSED.test(type)) || name === 'KafkaJSSASLAuthenticationError') return 'BUS_REFUSED';
  if (type === 'ILLEGAL_SASL_STATE') return 'BUS_REFUSED';
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return 'BUS_NOT_READY';
  if (type === 'KAFKA_STORAGE_ERROR') return 'BUS_FULL';
  if (typeof code === 'string' && TLS_CODES.test(code)) return 'BUS_UNREACHABLE';
  if (name !== undefined && UNREACHABLE.has(name) && name !== 'KafkaJSNumberOfRetriesExceeded') return 'BUS_UNREACHABLE';
  return message !== undefined && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|Broker not connected|no answer within/.test(message)
    ? 'BUS_UNREACHABLE'
    : undefined;
};

const TLS_CODES = /^(ERR_SSL_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_)/;

/** What the user can do about it, where the text of OpenSSL or kafkajs does not say. */
const hintOf = (causes: readonly ErrorFields[]): string | undefined => {
  const texts = causes.map(({ message = '', code }) => `${message} ${typeof code === 'string' ? code : ''}`).join(' ');
  if (/wrong version number|ERR_SSL_WRONG_VERSION_NUMBER|packet length too long|before secure TLS connection/i.test(texts))
    return 'the port answers without TLS: turn TLS off, or use the TLS port';
  if (/self.signed|unable to (get|verify)|SELF_SIGNED|UNABLE_TO/i.test(texts))
    return 'the certificate of the broker is signed by nobody known here: give the CA file';
  if (/ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate/i.test(texts))
    return 'the certificate of the broker is for another host name';
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate has expired|certificate is not yet valid/i.test(texts))
    return 'the certificate of the broker is out of date: renew it there, and look at the clock here';
  if (/current SASL state|ILLEGAL_SASL_STATE/.test(texts)) return 'the port takes no login: turn SASL off, or use the SASL port';
  // What kafkajs comes to when it has no versions of the broker's requests: nothing that it asked was answered.
  if (texts.includes('Broker not connected'))
    return 'the port takes connections, but does not answer as a broker; is it another service’s, or one that wants TLS?';
  return undefined;
};
