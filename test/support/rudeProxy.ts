/** What may stand between a strategy and the gate: a proxy that answers by itself, or loses what the gate answered, as the test says. */
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one POST. `pass` is what becomes of those that nothing is said about. */
export type Rudeness =
  | 'pass'
  /** The connection ends before the gate hears of it. */
  | 'refuse'
  /** The gate does what it is asked, and the connection ends instead of the answer. */
  | 'lose the answer'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

export interface RudeProxy {
  readonly url: string;
  /** By POST, in their order. */
  readonly rudeness: Rudeness[];
  /** Bodies of the POSTs that came, as text. */
  readonly bodies: string[];
  readonly tokens: (string | undefined)[];
  close(): Promise<void>;
}

export const rudeProxy = async (target: string): Promise<RudeProxy> => {
  const rudeness: Rudeness[] = [];
  const bodies: string[] = [];
  const tokens: (string | undefined)[] = [];
  const server = createServer((incoming, outgoing) => {
    void wholeBody(incoming).then((body) => {
      if (incoming.method !== 'POST') return forward(target, incoming, body, outgoing);
      bodies.push(body.toString('utf8'));
      tokens.push(incoming.headers.authorization);
      const next = rudeness.shift() ?? 'pass';
      if (next === 'pass') return forward(target, incoming, body, outgoing);
      if (next === 'refuse') return incoming.socket.destroy();
      if (next === 'lose the answer') return forward(target, incoming, body);
      outgoing.writeHead(next.status, { 'content-type': 'application/problem+json', ...next.headers }).end(next.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, rudeness, bodies, tokens, close: () => closed(server) };
};

const wholeBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** `outgoing` undefined: the answer is lost. */
const forward = (target: string, incoming: IncomingMessage, body: Buffer, outgoing?: ServerResponse): void => {
  const { method, headers } = incoming;
  const asked = request(`${target}${incoming.url ?? '/'}`, { method, headers: { ...headers, host: new URL(target).host } });
  asked.on('response', (answer) => {
    if (outgoing === undefined) {
      answer.resume().on('end', () => incoming.socket.destroy());
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  asked.on('error', () => incoming.socket.destroy());
  asked.end(body);
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
