import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure';
import { readSettings } from './readSettings';

const folder = mkdtempSync(join(tmpdir(), 'policygate-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileWith = (content: string | Uint8Array): string => {
  const file = join(folder, `file-${files++}`);
  writeFileSync(file, content);
  return file;
};

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const SEQUENCE = 0x30;
/** 1.3.101.112: Ed25519. */
const algorithm = der(SEQUENCE, der(0x06, Buffer.from([0x2b, 0x65, 0x70])));
const dated = (year: string): Buffer => der(0x17, Buffer.from(`${year}0101000000Z`));

/** A certificate that signs itself, with the fewest fields that X.509 (RFC 5280, 4.1) allows. */
const selfSigned = (publicKey: KeyObject, privateKey: KeyObject): string => {
  const toSign = der(
    SEQUENCE,
    der(0x02, Buffer.from([1])),
    algorithm,
    der(SEQUENCE),
    der(SEQUENCE, dated('26'), dated('46')),
    der(SEQUENCE),
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign(null, toSign, privateKey)]);
  const text = der(SEQUENCE, toSign, algorithm, der(0x03, signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
};

const pair = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const certificate = selfSigned(pair.publicKey, pair.privateKey);
const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const KAFKA = { KAFKA_BROKERS: 'b:9092', SCHEMA_REGISTRY_URL: 'https://r:8081' };
const refusal = async (env: Record<string, string>): Promise<string> => {
  const error: unknown = await readSettings({}, { ...KAFKA, ...env }).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${JSON.stringify(error)}`);
  return error.message;
};

it('reads certificates and keys, from variables or, from its folder on, the file', async () => {
  const [ca, cert, keyFile] = [fileWith(certificate + certificate), fileWith(certificate), fileWith(key)];
  const env = { KAFKA_TLS_CA_FILE: ca, KAFKA_TLS_CERT_FILE: cert, KAFKA_TLS_KEY_FILE: keyFile, SCHEMA_REGISTRY_CA_FILE: cert };
  const expected = {
    kafka: { tls: { ca: certificate + certificate, cert: certificate, key } },
    registry: { url: 'https://r:8081', ca: certificate },
  };
  expect(await readSettings({}, { ...KAFKA, ...env })).toMatchObject(expected);
  const names = [ca, cert, keyFile].map((file) => file.slice(folder.length + 1));
  const yaml = `kafka: {tls: {ca_file: ${names[0]}, cert_file: ${names[1]}, key_file: ${names[2]}}}\nschema_registry: {ca_file: ${names[1]}}\n`;
  const config = join(folder, 'settings.yaml');
  writeFileSync(config, yaml);
  expect(await readSettings({ config }, KAFKA)).toMatchObject(expected);
  // The variable wins, and is enough to switch TLS on.
  expect((await readSettings({ config }, { ...KAFKA, KAFKA_TLS_CA_FILE: cert })).kafka.tls?.ca).toBe(certificate);
  expect((await readSettings({ config }, { ...KAFKA, KAFKA_TLS: 'false' })).kafka.tls).toBeUndefined();
});

const CA = 'KAFKA_TLS_CA_FILE or kafka.tls.ca_file';
const KEY = 'KAFKA_TLS_KEY_FILE or kafka.tls.key_file';
const CERT = 'KAFKA_TLS_CERT_FILE or kafka.tls.cert_file';
const NO_CERTIFICATE = 'expected certificates in PEM (BEGIN CERTIFICATE) in the file that it names, found none that can be read';

it.each([
  [
    'no file',
    { KAFKA_TLS_CA_FILE: join(folder, 'none') },
    `${CA}: the file that it names does not exist or may not be read; check the path and its permissions`,
  ],
  [
    'a folder',
    { KAFKA_TLS_CA_FILE: folder },
    `${CA}: the file that it names does not exist or may not be read; check the path and its permissions`,
  ],
  ['another text', { KAFKA_TLS_CA_FILE: fileWith('x') }, `${CA}: ${NO_CERTIFICATE}`],
  [
    'a broken certificate',
    { KAFKA_TLS_CA_FILE: fileWith(certificate + certificate.replace('MI', 'MA').slice(0, 90) + '\n-----END CERTIFICATE-----') },
    `${CA}: ${NO_CERTIFICATE}`,
  ],
  [
    'a certificate where the key belongs',
    { KAFKA_TLS_CERT_FILE: fileWith(certificate), KAFKA_TLS_KEY_FILE: fileWith(certificate) },
    `${KEY}: expected a private key in PEM, without a passphrase, in the file that it names`,
  ],
  [
    'a key with a passphrase',
    {
      KAFKA_TLS_CERT_FILE: fileWith(certificate),
      KAFKA_TLS_KEY_FILE: fileWith(
        pair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' }) as string,
      ),
    },
    `${KEY}: expected a private key in PEM, without a passphrase, in the file that it names`,
  ],
  [
    "another's key",
    {
      KAFKA_TLS_CERT_FILE: fileWith(certificate),
      KAFKA_TLS_KEY_FILE: fileWith(stranger.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    },
    `${KEY}: expected the private key of the certificate that ${CERT} names, found another`,
  ],
])('refuses %s', async (_, env, line) => expect(await refusal(env as unknown as Record<string, string>)).toBe(line));

const LOGIN = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' };
const PASSWORD = 'KAFKA_SASL_PASSWORD_FILE or kafka.sasl.password_file';
it.each([
  ['an empty file', '\n', 'in the file that it names: expected a password, found an empty text'],
  ['two lines', 'a\nb\n', 'in the file that it names: expected a password, found control characters or line ends in it'],
  ['too much', 'a'.repeat(4_097), 'in the file that it names: expected a password of at most 4096 characters, found 4097'],
  ['no text', Buffer.from([0xff]), 'expected UTF-8 text in the file that it names, found bytes that are none'],
])('refuses a password of %s', async (_, content, line) =>
  expect(await refusal({ ...LOGIN, KAFKA_SASL_PASSWORD_FILE: fileWith(content) })).toBe(`${PASSWORD}: ${line}`),
);

it.each([
  ['one\n', 'one'],
  ['one\r\n', 'one'],
  [' a b ', ' a b '],
  ['\ufeffp\u00e4ss', 'p\u00e4ss'],
])('takes %j for the password %j', async (content, password) =>
  expect((await readSettings({}, { ...KAFKA, ...LOGIN, KAFKA_SASL_PASSWORD_FILE: fileWith(content) })).kafka.sasl?.password).toBe(
    password,
  ),
);
