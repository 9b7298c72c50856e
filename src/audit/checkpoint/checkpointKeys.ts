/**
 * The keys that sign checkpoints: Ed25519 (RFC 8032), with a name. The name is that of the log, too: one key signs for one log. What a private key is
 * stands in no message. Source: C2SP, "signed-note" v1 (key hash, verifier key).
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { base64Bytes } from './signedNote';
import type { NoteSignature } from './signedNote';

const ED25519 = 1;
const PUBLIC_KEY_BYTES = 32;
const KEY_HASH_BYTES = 4;
/** What stands before the 32 bytes of a public key in DER. Source: RFC 8410, section 4. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
export const KEY_NAME_EXPECTED = '1 to 128 of a-z A-Z 0-9 . _ - /, such as risk.example.com/gate';

export class PublicKey {
  private readonly key: KeyObject;

  /** `name` undefined: of any; then it is the note that says the name. */
  constructor(
    readonly name: string | undefined,
    private readonly bytes: Uint8Array,
  ) {
    this.key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
  }

  /** Whether it is this key that signed. */
  owns({ name, keyHash }: NoteSignature): boolean {
    return (this.name === undefined || this.name === name) && Buffer.compare(this.hashAs(name), keyHash) === 0;
  }

  verifies(text: string, { signature }: NoteSignature): boolean {
    return verify(null, Buffer.from(text, 'utf8'), this.key, signature);
  }

  hashAs(name: string): Buffer {
    const kind = Buffer.of(ED25519);
    const digest = createHash('sha256').update(name, 'utf8').update('\n').update(kind).update(this.bytes).digest();
    return digest.subarray(0, KEY_HASH_BYTES);
  }

  /** `<name>+<key hash>+<base64>`: what other tools for transparency logs take. */
  verifierKey(name: string): string {
    const encoded = Buffer.concat([Buffer.of(ED25519), this.bytes]).toString('base64');
    return `${name}+${this.hashAs(name).toString('hex')}+${encoded}`;
  }

  pem(): string {
    return this.key.export({ type: 'spki', format: 'pem' }) as string;
  }
}

export class SigningKey {
  readonly publicKey: PublicKey;

  constructor(
    readonly name: string,
    private readonly key: KeyObject,
  ) {
    const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
    this.publicKey = new PublicKey(name, der.subarray(SPKI_PREFIX.length));
  }

  static generate(name: string): SigningKey {
    return new SigningKey(name, generateKeyPairSync('ed25519').privateKey);
  }

  sign(text: string): NoteSignature {
    const signature = sign(null, Buffer.from(text, 'utf8'), this.key);
    return { name: this.name, keyHash: this.publicKey.hashAs(this.name), signature };
  }

  /** PKCS #8, with the name before it, where PEM has room for explanations (RFC 7468, section 5.2). */
  pem(): string {
    return `${NAME}${this.name}\n${this.key.export({ type: 'pkcs8', format: 'pem' }) as string}`;
  }
}

const NAME = 'Name: ';

const nameIn = (text: string): string | undefined => {
  const [, name = ''] = /^Name: (.*)$/m.exec(text.slice(0, Math.max(0, text.indexOf('-----')))) ?? [];
  return KEY_NAME.test(name) ? name : undefined;
};

/** What `SigningKey.pem` wrote. */
export const readSigningKey = (text: string): Result<SigningKey, string> => {
  const name = nameIn(text);
  if (name === undefined)
    return failed(`expected a line "${NAME}..." before the key, as checkpoint keygen writes it, with ${KEY_NAME_EXPECTED}`);
  const key = parsed(() => createPrivateKey(text.slice(text.indexOf('-----BEGIN'))));
  if (key?.asymmetricKeyType !== 'ed25519')
    return failed('expected an Ed25519 private key in PEM (BEGIN PRIVATE KEY), without a passphrase');
  return succeeded(new SigningKey(name, key));
};

/** The PEM of a public key, with or without its name, or a verifier key. */
export const readPublicKey = (text: string): Result<PublicKey, string> =>
  text.includes('-----BEGIN') ? readPem(text) : readVerifierKey(text.trim());

/** The public half alone, of a file with the name before it. */
export const publicPem = ({ name, publicKey }: SigningKey): string => `${NAME}${name}\n${publicKey.pem()}`;

const readPem = (text: string): Result<PublicKey, string> => {
  if (text.includes('PRIVATE KEY'))
    return failed('expected a public key, found a private one: keep it to itself, and name the .pub file beside it');
  const key = parsed(() => createPublicKey(text.slice(text.indexOf('-----BEGIN'))));
  if (key?.asymmetricKeyType !== 'ed25519') return failed('expected an Ed25519 public key in PEM (BEGIN PUBLIC KEY)');
  const der = key.export({ type: 'spki', format: 'der' });
  return succeeded(new PublicKey(nameIn(text), der.subarray(SPKI_PREFIX.length)));
};

const readVerifierKey = (line: string): Result<PublicKey, string> => {
  const [, name = '', hash = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = base64Bytes(encoded);
  if (!KEY_NAME.test(name) || bytes?.[0] !== ED25519 || bytes.length !== 1 + PUBLIC_KEY_BYTES)
    return failed('expected a public key: PEM (BEGIN PUBLIC KEY), or one line <name>+<hash>+<base64>');
  const key = new PublicKey(name, bytes.subarray(1));
  return key.hashAs(name).toString('hex') === hash
    ? succeeded(key)
    : failed(`the verifier key of ${name} does not match its hash: a character was changed`);
};

/** Messages of OpenSSL help nobody, and could show a part of the text. */
const parsed = (parse: () => KeyObject): KeyObject | undefined => {
  try {
    return parse();
  } catch {
    return undefined;
  }
};
