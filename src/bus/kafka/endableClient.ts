/**
 * A client whose connections can be ended, whatever kafkajs waits for: its `disconnect` waits for requests that are on their way, and a request that is
 * still to come opens a connection again that nobody closes, so that the process never ends.
 */
import { connect as netConnect, isIP, type Socket } from 'node:net';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import type { Kafka } from 'kafkajs';
import { DISCARDED, openClient } from './client';
import type { KafkaOptions } from './options';

export interface EndableClient {
  readonly client: Kafka;
  /** Ends its connections, those to come included, and with them every request that waits for an answer. */
  readonly discard: () => void;
}

const KEEP_ALIVE_MS = 60_000;

/** Connects nothing yet. */
export const openEndableClient = (options: KafkaOptions): EndableClient => {
  const sockets = new Set<Socket>();
  let discarded = false;
  const client = openClient(options, ({ host, port, ssl, onConnect }) => {
    // As kafkajs makes them by itself, but for the last.
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const secure = ssl as ConnectionOptions | null | undefined;
    const socket =
      secure === undefined || secure === null
        ? netConnect({ host, port }, onConnect)
        : tlsConnect({ host, port, ...servername, ...secure }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // A small request must not wait for the answer to the one before.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (discarded) socket.destroy(new Error(DISCARDED));
    return socket;
  });
  return {
    client,
    discard: () => {
      discarded = true;
      for (const socket of sockets) socket.destroy(new Error(DISCARDED));
    },
  };
};
