/** What one client may take of the server before it is cut off. Times in ms, sizes in bytes. */

/**
 * A request that is not whole in time is answered with 408 and its socket closed: `requestTimeout` alone does not stop a slow body, the
 * checks between must be frequent too. Measured: a dribbling body ends after 5.5 s.
 */
export const ARRIVAL = {
  headersTimeout: 4_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 8_192,
} as const;

/** Between two requests of one connection. Node waits a second more than it tells the client, so that no request meets a closing socket. */
export const IDLE_MS = 4_500;
/** A connection on which nothing moves for so long is closed, whatever is waited for: more than the longest `wait`. */
export const SILENT_MS = 60_000;
/** A client that takes nothing of a stream. */
export const STALL_MS = 30_000;
/** At most so many connections at once; what comes beyond is closed at once. */
export const CONNECTIONS = 4_096;
/** How long requests in flight may take to end when the server stops. */
export const DRAIN_MS = 10_000;
/** A body of a route that takes none. */
export const NO_BODY_BYTES = 65_536;
/** A parameter of a path is as long as the line of the request lets it be. */
export const PARAMETER_LENGTH = 8_192;
