/** Sockets that speak whatever a test wants, and what came back on them. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface RawSocket {
  readonly socket: Socket;
  /** What came so far. */
  readonly text: () => string;
  /** performance.now() when it was closed; resolves then. */
  readonly closed: Promise<number>;
}

const opened = new Set<Socket>();
/** For `afterEach`. */
export const dropSockets = (): void => {
  for (const socket of opened) socket.destroy();
  opened.clear();
};

/** Sends `first` once it is connected. */
export const rawSocket = (url: string, first: string | Buffer = ''): Promise<RawSocket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    opened.add(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    const closed = new Promise<number>((resolveClosed) => {
      socket.on('close', () => {
        opened.delete(socket);
        resolveClosed(performance.now());
      });
    });
    socket.on('error', reject);
    socket.on('connect', () => {
      if (first !== '') socket.write(first);
      resolve({ socket, text: () => text, closed });
    });
  });

/** What comes back until the server closes. */
export const rawAnswer = async (url: string, sent: string | Buffer): Promise<string> => {
  const { text, closed } = await rawSocket(url, sent);
  await closed;
  return text();
};
