/**
 * Finds out why one broker cannot be used, step by step: name, port, TLS, Kafka's protocol, login. Each step is tried on a connection of its own, so
 * that the answer names the step and not what came of it later. Sends ApiVersions, SaslHandshake and Metadata of no topic: nothing is changed.
 */
import { openClient } from './client';
import type { KafkaOptions } from './options';
import { connectionFault, open, reply, speaksKafka, speaksTls } from './probeWire';
import type { Address } from './probeWire';

/** Why it cannot be used. Stable: programs read it. */
export type BrokerFault =
  | 'UNKNOWN_HOST'
  | 'NOTHING_LISTENS'
  | 'NO_CONNECTION'
  | 'NO_ANSWER'
  | 'NO_KAFKA'
  | 'TLS_PORT'
  | 'PLAINTEXT_PORT'
  | 'CERTIFICATE'
  | 'CLIENT_CERTIFICATE'
  | 'LOGIN_NEEDED'
  | 'NO_LOGIN'
  | 'MECHANISM'
  | 'CREDENTIALS';

export type Probe =
  | { readonly ok: true; readonly found: string }
  | { readonly ok: false; readonly fault: BrokerFault; readonly found: string; readonly todo: string };

type ProbeOptions = Pick<KafkaOptions, 'tls' | 'sasl'>;

/** Of one step. All steps of a broker that fails take three of them at most. */
const STEP_MS = 1_500;

/** `address`: as the settings name it. Never rejects. */
export const probeBroker = async (options: KafkaOptions, address: string, stepMs = STEP_MS): Promise<Probe> => {
  const at = addressOf(address);
  return (
    (await connects(at, options, stepMs)) ??
    (await answers(at, options, stepMs)) ??
    (await logsIn(options, address, at, stepMs)) ?? {
      ok: true,
      found: `answers${options.tls === undefined ? '' : ' over TLS'}${options.sasl === undefined ? '' : `, ${options.sasl.username} logged in`}`,
    }
  );
};

/** Whether something listens there at all; what the probe's other steps take for granted. */
export const listens = async (address: string, stepMs = STEP_MS): Promise<Probe> =>
  (await connects(addressOf(address), {}, stepMs)) ?? { ok: true, found: 'listens' };

const addressOf = (address: string): Address => {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
};

const failed = (fault: BrokerFault, found: string, todo: string): Probe => ({ ok: false, fault, found, todo });

const connects = async (at: Address, { tls }: ProbeOptions, stepMs: number): Promise<Probe | undefined> => {
  try {
    (await open(at, undefined, stepMs)).destroy();
  } catch (error) {
    const code = connectionFault(error);
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      return failed('UNKNOWN_HOST', `no host has the name ${at.host}`, 'correct KAFKA_BROKERS');
    if (code === 'ECONNREFUSED')
      return failed('NOTHING_LISTENS', 'nothing listens on the port', 'start the broker, or correct KAFKA_BROKERS');
    return failed('NO_CONNECTION', `no connection (${code})`, 'check the address, the network and its firewalls');
  }
  if (tls === undefined) return undefined;
  try {
    (await open(at, tls, stepMs)).destroy();
    return undefined;
  } catch (error) {
    return tlsFault(at, connectionFault(error), stepMs);
  }
};

const tlsFault = async (at: Address, code: string, stepMs: number): Promise<Probe> => {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return failed(
      'CERTIFICATE',
      'the certificate is for another host name',
      'dial the name that it carries, or set KAFKA_TLS_SERVER_NAME to it',
    );
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(code))
    return failed('CERTIFICATE', `the certificate is out of date (${code})`, 'renew it');
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code) && !code.startsWith('ERR_SSL'))
    return failed(
      'CERTIFICATE',
      `the certificate is not trusted (${code})`,
      'set KAFKA_TLS_CA_FILE to the certificate of its authority',
    );
  if (await speaksKafka(at, undefined, stepMs))
    return failed(
      'PLAINTEXT_PORT',
      'the port speaks plaintext, and the settings ask for TLS',
      'set KAFKA_TLS=false, or use the TLS port',
    );
  return failed('NO_ANSWER', `no TLS handshake (${code})`, 'check that this is the TLS port of a broker');
};

const answers = async (at: Address, { tls }: ProbeOptions, stepMs: number): Promise<Probe | undefined> => {
  const answer = await reply(at, tls, 'apiVersions', stepMs);
  if (answer.kind === 'answered') return undefined;
  if (/CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE/.test(answer.code))
    return failed(
      'CLIENT_CERTIFICATE',
      `the broker wants another certificate of this client (${answer.code})`,
      'set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE to one that it trusts',
    );
  if (tls === undefined && (await speaksTls(at, stepMs)))
    return failed(
      'TLS_PORT',
      'the port speaks TLS, and the settings ask for plaintext',
      'set KAFKA_TLS=true and KAFKA_TLS_CA_FILE, or use the plaintext port',
    );
  if (answer.kind === 'silent')
    return failed('NO_ANSWER', 'takes connections and never answers', 'check that this is a broker, and its health');
  return failed('NO_KAFKA', 'does not speak Kafka’s protocol', 'check that this is the port of a broker');
};

const logsIn = async (options: KafkaOptions, address: string, at: Address, stepMs: number): Promise<Probe | undefined> => {
  const { tls, sasl } = options;
  if (sasl === undefined) {
    // A listener with SASL answers ApiVersions to anybody, and hangs up on the rest.
    if ((await reply(at, tls, 'metadata', stepMs)).kind === 'answered') return undefined;
    return failed(
      'LOGIN_NEEDED',
      'the broker wants a login',
      'set KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE',
    );
  }
  const handshake = await reply(at, tls, { mechanism: sasl.mechanism.toUpperCase() }, stepMs);
  if (handshake.kind !== 'answered') return failed('NO_ANSWER', 'no answer to a login', 'look into the log of the broker');
  if (handshake.errorCode === ILLEGAL_SASL_STATE)
    return failed('NO_LOGIN', 'the port knows no login, and the settings have one', 'use the SASL port, or unset KAFKA_SASL_*');
  if (handshake.errorCode !== 0)
    return failed(
      'MECHANISM',
      `no login by ${sasl.mechanism}; it offers ${handshake.offered.join(', ')}`,
      'correct KAFKA_SASL_MECHANISM',
    );
  return credentials(options, address);
};

const ILLEGAL_SASL_STATE = 34;

/** By the client itself: it knows the mechanisms. */
const credentials = async (options: KafkaOptions, address: string): Promise<Probe | undefined> => {
  const admin = openClient({ ...options, brokers: [address] }).admin();
  try {
    await admin.connect();
    return undefined;
  } catch (error) {
    const refused = error instanceof Error && /SASL|authenticat/i.test(`${error.name} ${error.message}`);
    const user = options.sasl?.username ?? '';
    if (refused)
      return failed('CREDENTIALS', `the broker refused the login of ${user}`, 'check KAFKA_SASL_USERNAME and the password');
    return failed('NO_ANSWER', 'no answer to a login', 'look into the log of the broker');
  } finally {
    await admin.disconnect().catch(() => undefined); // what it says no longer matters
  }
};
