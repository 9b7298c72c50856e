/** A small HTTP proxy in front of a registry that keeps a list of what was asked of it. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  /** Stands for the address that was given. */
  readonly url: string;
  /** `GET /subjects/...`, one for each request so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export const startCountingProxy = async (address: string): Promise<CountingProxy> => {
  const { hostname, port, pathname } = new URL(address);
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    asked.push(`${method ?? ''} ${path ?? ''}`);
    const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
