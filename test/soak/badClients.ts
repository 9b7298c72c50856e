/** What the HTTP port meets in the open: noise, requests that never end, connections that say nothing. The server must get rid of each within a limit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rawSocket } from '../http/rawSockets';
import type { RawSocket } from '../http/rawSockets';
import type { Random } from '../support/random';

const EACH = 15;
const DRIBBLE_MS = 500;
/** Beyond the server's own limits (src/apps/http/limits.ts): 5 s for a request, 4.5 s for a silent connection; a busy machine has some more. */
const RID_OF_MS = 20_000;

/** Bytes that are no request, and requests that are none of ours. Answers with how many connections the server did not end in time. */
export const sendNoise = async (url: string, random: Random): Promise<number> => {
  const noise = (): Buffer =>
    random.pick([
      random.bytes(random.between(1, 2_000)),
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
      Buffer.from('GET / HTTP/9.9\r\n\r\n'),
      Buffer.from(`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
      Buffer.from(
        `POST /intent HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":::`,
      ),
      Buffer.from('POST /intent HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    ]);
  return leftOpen(await opened(url, 4 * EACH, noise));
};

/** Half a request and nothing more, nothing at all, a body of one byte every half second. Answers as `sendNoise` does. */
export const sendSlowly = async (url: string): Promise<number> => {
  const head = 'POST /intent HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n';
  const halves = await opened(url, EACH, () => Buffer.from(head.slice(0, 30)));
  const silent = await opened(url, EACH, () => Buffer.alloc(0));
  const dribbling = await opened(url, EACH, () => Buffer.from(head));
  const dribble = setInterval(() => {
    for (const { socket } of dribbling) if (!socket.destroyed) socket.write(' ');
  }, DRIBBLE_MS);
  try {
    return await leftOpen([...halves, ...silent, ...dribbling]);
  } finally {
    clearInterval(dribble);
  }
};

const opened = async (url: string, count: number, first: () => Buffer): Promise<readonly RawSocket[]> => {
  const tried = await Promise.allSettled(Array.from({ length: count }, () => rawSocket(url, first())));
  const sockets = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const { socket } of sockets) socket.on('error', () => undefined);
  return sockets;
};

const leftOpen = async (sockets: readonly RawSocket[]): Promise<number> => {
  const left = new Set(sockets);
  for (const one of sockets) void one.closed.then(() => left.delete(one));
  const until = performance.now() + RID_OF_MS;
  while (left.size > 0 && performance.now() < until) await sleep(100);
  for (const { socket } of left) socket.destroy();
  return left.size;
};
