/** Free TCP ports on this machine. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere). A client that dials a dead
 * broker inside that range can be given the very port it dials, connect to itself, and so keep the broker from coming back.
 */
const FIRST = 20_000;
const LAST = 29_999;

/** Different free ports, as many as asked for. Another process may still take one before it is used: whoever binds it says so. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt += 1) {
    if (attempt > 1_000) throw new Error(`no ${count} free ports between ${FIRST} and ${LAST} on 127.0.0.1`);
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
};

/** Throws an Error when somebody listens there already. */
export const expectFree = async (port: number): Promise<void> => {
  if (!(await isFree(port))) throw new Error(`port ${port} is taken by another process; stop it, or choose another port`);
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
