/** One connection, one request, one answer: as much of Kafka's protocol as it takes to tell what a port speaks. Source: Kafka's protocol guide. */
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsOptions } from './options';
import { WireReader } from './wire';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** ApiVersions 0, Metadata 4 of no topic, or SaslHandshake 1. */
export type Request = 'apiVersions' | 'metadata' | { readonly mechanism: string };

export type Reply =
  | { readonly kind: 'answered'; readonly errorCode: number; readonly offered: readonly string[] }
  /** `stranger`: it hung up, or what came is not Kafka's. */
  | { readonly kind: 'silent' | 'stranger'; readonly code: string };

/** Rejects with the system's error, or one of code ETIMEDOUT. `tls`: also shakes hands, and trusts nobody unless it says so. */
export const open = (at: Address, tls: TlsOptions | undefined, timeLimitMs: number, trusting = false): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = tls === undefined ? connectTcp(at) : connectTls(handshakeOf(at, tls, trusting));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
    }, timeLimitMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    });
  });

export const connectionFault = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
};

/** Never rejects. */
export const reply = async (at: Address, tls: TlsOptions | undefined, request: Request, timeLimitMs: number): Promise<Reply> => {
  let socket: Socket;
  try {
    socket = await open(at, tls, timeLimitMs);
  } catch (error) {
    return { kind: 'stranger', code: connectionFault(error) };
  }
  return new Promise((resolve) => {
    const done = (answer: Reply): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      done({ kind: 'silent', code: 'ETIMEDOUT' });
    }, timeLimitMs);
    let received = Buffer.alloc(0);
    socket.on('error', (error) => {
      done({ kind: 'stranger', code: connectionFault(error) });
    });
    socket.on('close', () => {
      done({ kind: 'stranger', code: 'CLOSED' });
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = answerIn(received, request);
      if (answer !== undefined) done(answer);
    });
    socket.write(frameOf(request));
  });
};

export const speaksKafka = async (at: Address, tls: TlsOptions | undefined, timeLimitMs: number): Promise<boolean> =>
  (await reply(at, tls, 'apiVersions', timeLimitMs)).kind === 'answered';

/** Whoever it is: only whether it shakes hands. */
export const speaksTls = async (at: Address, timeLimitMs: number): Promise<boolean> => {
  try {
    (await open(at, {}, timeLimitMs, true)).destroy();
    return true;
  } catch (error) {
    // It refused us in the language of TLS.
    return /^ERR_SSL_.*ALERT/.test(connectionFault(error));
  }
};

const handshakeOf = ({ host, port }: Address, { ca, cert, key, serverName }: TlsOptions, trusting: boolean) => ({
  host,
  port,
  // A server name is a name: RFC 6066 allows no address there.
  ...(serverName !== undefined ? { servername: serverName } : isIP(host) === 0 ? { servername: host } : {}),
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  rejectUnauthorized: !trusting,
});

const CORRELATION_ID = 0x70671;
/** Larger than any answer to these requests: what claims to be larger is no answer. */
const LARGEST_ANSWER_BYTES = 1 << 20;
const API = { saslHandshake: [17, 1], metadata: [3, 4], apiVersions: [18, 0] } as const;

const frameOf = (request: Request): Buffer => {
  const [key, version] = typeof request === 'string' ? API[request] : API.saslHandshake;
  const body =
    request === 'apiVersions'
      ? Buffer.alloc(0)
      : request === 'metadata'
        ? Buffer.of(0, 0, 0, 0, 0) // no topic, none made
        : text(request.mechanism);
  const header = Buffer.alloc(8);
  header.writeInt16BE(key, 0);
  header.writeInt16BE(version, 2);
  header.writeInt32BE(CORRELATION_ID, 4);
  const frame = Buffer.concat([header, text('policygate-doctor'), body]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  return Buffer.concat([size, frame]);
};

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** Undefined: it is not whole yet. */
const answerIn = (received: Buffer, request: Request): Reply | undefined => {
  if (received.length < 8) return undefined;
  const size = received.readInt32BE(0);
  if (size < 4 || size > LARGEST_ANSWER_BYTES || received.readInt32BE(4) !== CORRELATION_ID)
    return { kind: 'stranger', code: 'NO_KAFKA' };
  if (received.length < 4 + size) return undefined;
  try {
    const reader = new WireReader(received.subarray(8, 4 + size));
    if (request === 'metadata') return { kind: 'answered', errorCode: 0, offered: [] };
    const errorCode = reader.int16();
    if (request === 'apiVersions')
      return errorCode === 0 ? { kind: 'answered', errorCode, offered: [] } : { kind: 'stranger', code: 'NO_KAFKA' };
    return { kind: 'answered', errorCode, offered: Array.from({ length: Math.min(100, reader.int32()) }, () => reader.text()) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'stranger', code: 'NO_KAFKA' };
    throw error;
  }
};
