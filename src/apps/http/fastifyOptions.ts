/** How Fastify and Node's server under it are set up: limits, TLS, and that they say nothing themselves. */
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { readIdentity } from '../config/secretFiles';
import * as limits from './limits';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}
/** As PEM. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Unrouted {
  readonly onConnectionError: (error: NodeJS.ErrnoException, socket: Socket) => void;
  /** An address that the router cannot read. No hook has seen the request. */
  readonly onUnreadable: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
}

/** Rejects with a Failure. */
export const identityOf = ({ certFile, keyFile }: TlsFiles): Promise<Identity> =>
  readIdentity({ file: certFile, setting: '--tls-cert' }, { file: keyFile, setting: '--tls-key' });

export const secureContext = (identity: Identity): SecureContextOptions => ({ ...identity, minVersion: 'TLSv1.2' });

const NO_QUERY = Object.freeze({});

export const fastifyOptions = (
  identity: Identity | undefined,
  { onConnectionError, onUnreadable }: Unrouted,
): FastifyServerOptions => {
  const common = {
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: limits.ARRIVAL.requestTimeout,
    keepAliveTimeout: limits.IDLE_MS,
    connectionTimeout: limits.SILENT_MS,
    bodyLimit: limits.NO_BODY_BYTES,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: {
      maxParamLength: limits.PARAMETER_LENGTH,
      // Read by parameters.ts, strictly.
      querystringParser: () => NO_QUERY,
    },
    clientErrorHandler: onConnectionError,
    frameworkErrors: onUnreadable,
  } as const;
  // A missing Host is refused by the gate, with a problem.
  const server = { ...limits.ARRIVAL, requireHostHeader: false };
  const own =
    identity === undefined
      ? { http: server }
      : { https: { ...server, ...secureContext(identity), handshakeTimeout: limits.ARRIVAL.headersTimeout } };
  return { ...common, ...own };
};
