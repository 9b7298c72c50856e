/** A TCP proxy that knows where Kafka's requests begin and end, and loses, holds or cuts what a test asks for. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Numbers of requests. Source: Kafka's protocol guide, "Api Keys". */
export const API = { produce: 0, fetch: 1, initProducerId: 22, addPartitions: 24, endTxn: 26 } as const;

export type Fate =
  | 'pass'
  /** The broker does it; nobody hears of it. */
  | 'lose-response'
  /** The connection ends before the broker has the request. */
  | 'cut'
  /** The request is kept until `release`. */
  | 'hold';

export interface FaultyProxy {
  readonly port: number;
  /** Decides for each request, by its number. */
  fate: (apiKey: number) => Fate;
  /** Sends on what was held, late, on a connection of its own to the broker. */
  release(): Promise<number>;
  close(): Promise<void>;
}

/** Listens on `port`; `upstream` is asked for at each connection: a broker's port may be known only after it has started. */
export const startFaultyProxy = async (port: number, upstream: () => number): Promise<FaultyProxy> => {
  const sockets = new Set<Socket>();
  const held: Buffer[] = [];
  const proxy: { fate: (apiKey: number) => Fate } = { fate: () => 'pass' };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server: Server = createServer((client) => {
    keep(client);
    const broker = keep(connect(upstream(), '127.0.0.1'));
    const lost = new Set<number>();
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    client.on(
      'data',
      framesOf((frame) => {
        const fate = proxy.fate(frame.readInt16BE(4));
        if (fate === 'cut') client.destroy();
        else if (fate === 'hold') held.push(frame);
        else {
          if (fate === 'lose-response') lost.add(frame.readInt32BE(8));
          broker.write(frame);
        }
      }),
    );
    broker.on(
      'data',
      framesOf((frame) => {
        if (!lost.delete(frame.readInt32BE(4))) client.write(frame);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(proxy, {
    port,
    release: async () => {
      const frames = held.splice(0);
      const broker = keep(connect(upstream(), '127.0.0.1'));
      await new Promise((resolve) => broker.once('connect', resolve));
      for (const frame of frames) {
        const answered = new Promise((resolve) => broker.once('data', resolve));
        broker.write(frame);
        await answered;
      }
      broker.destroy();
      return frames.length;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
};

/** Puts the pieces of a stream together to frames: four bytes of length, then so many bytes. */
const framesOf = (each: (frame: Buffer) => void): ((piece: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      each(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
};
