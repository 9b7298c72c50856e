/** A certificate authority for one broker's TLS listeners: a throw-away, made with `openssl`, good for `localhost` and 127.0.0.1. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, run } from './command';

export interface Certificates {
  /** PEM: what a client must trust. */
  readonly ca: string;
  /** PEM: a client's own certificate and key, signed by the same authority (user `client`). */
  readonly clientCert: string;
  readonly clientKey: string;
  /** Files for the broker: PEM with its key and certificate, and with the authority. */
  readonly keystore: string;
  readonly truststore: string;
}

const DAYS = '3650';
const SERVER_NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n';
const CLIENT_NAMES = 'extendedKeyUsage=clientAuth\n';

/** Made once in a folder; the second call reads them. Throws an Error where `openssl` is missing. */
export const certificatesIn = async (folder: string): Promise<Certificates> => {
  const file = (name: string): string => join(folder, name);
  const text = (name: string): string => readFileSync(file(name), 'utf8');
  if (!existsSync(file('keystore.pem'))) {
    mkdirSync(folder, { recursive: true });
    await authority(file);
    await signed(file, 'broker', SERVER_NAMES);
    await signed(file, 'client', CLIENT_NAMES);
    writeFileSync(file('keystore.pem'), text('broker.key') + text('broker.crt') + text('ca.crt'), { mode: 0o600 });
  }
  return {
    ca: text('ca.crt'),
    clientCert: text('client.crt'),
    clientKey: text('client.key'),
    keystore: file('keystore.pem'),
    truststore: file('ca.crt'),
  };
};

type FileOf = (name: string) => string;

const authority = async (file: FileOf): Promise<void> => {
  await privateKey(file, 'ca');
  const config = '[req]\ndistinguished_name=dn\nx509_extensions=v3\nprompt=no\n[dn]\nCN=policygate test authority\n';
  writeFileSync(file('ca.cnf'), `${config}[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n`);
  await openssl([
    'req',
    '-x509',
    '-new',
    '-key',
    file('ca.key'),
    '-config',
    file('ca.cnf'),
    '-days',
    DAYS,
    '-out',
    file('ca.crt'),
  ]);
};

const signed = async (file: FileOf, name: string, extensions: string): Promise<void> => {
  await privateKey(file, name);
  writeFileSync(file(`${name}.ext`), extensions);
  const request = ['-config', file('ca.cnf'), '-subj', `/CN=${name}`, '-out', file(`${name}.csr`)];
  await openssl(['req', '-new', '-key', file(`${name}.key`), ...request]);
  const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-set_serial', name === 'broker' ? '2' : '3'];
  const certificate = ['-days', DAYS, '-extfile', file(`${name}.ext`), '-out', file(`${name}.crt`)];
  await openssl(['x509', '-req', '-in', file(`${name}.csr`), ...issuer, ...certificate]);
};

/** PKCS 8, which is what Kafka reads. */
const privateKey = (file: FileOf, name: string): Promise<void> =>
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file(`${name}.key`)]);

const openssl = async (args: readonly string[]): Promise<void> => {
  const { ok, text } = await run('openssl', args, 20_000);
  if (!ok) throw new Error(`openssl ${args[0] ?? ''}, needed for a TLS listener, failed: ${lastWords(text)}`);
};
