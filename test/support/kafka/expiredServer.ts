/** A TLS listener whose certificate was good until yesterday, signed by the authority that the clients of a broker trust. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { lastWords, run } from '../../../infra/native/command';

/** `certificates`: of a native broker (infra/native/certificates.ts); `target`: where the new certificate is written. */
export const startExpiredServer = async (
  certificates: string,
  target: string,
): Promise<{ readonly port: number; readonly close: () => void }> => {
  const file = (name: string): string => join(certificates, name);
  const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-set_serial', '9'];
  const certificate = ['-extfile', file('broker.ext'), '-days', '-1', '-out', target];
  const { ok, text } = await run('openssl', ['x509', '-req', '-in', file('broker.csr'), ...issuer, ...certificate], 20_000);
  if (!ok) throw new Error(`openssl x509 failed: ${lastWords(text)}`);
  const server = createServer({ key: readFileSync(file('broker.key')), cert: readFileSync(target) });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
};
