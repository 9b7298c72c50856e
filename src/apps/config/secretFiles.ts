/** The files that settings name: passwords and certificates. What they hold, and for passwords even their path, is in no message. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Refusal } from '../../contracts/documents/kinds';
import type { Kind } from '../../contracts/documents/kinds';
import { Failure } from '../failure';
import { readBytes } from '../files';

/** The secret in a file, without the line end after it. `setting`: what messages call it; `kind`: what it may be. */
export const readSecret = async (file: string, setting: string, kind: Kind<string>): Promise<string> => {
  const text = decoded(await bytesOf(file, setting), setting).replace(/\r?\n$/, '');
  const read = kind.read(text);
  if (!(read instanceof Refusal)) return read;
  throw new Failure(`${setting}: in the file that it names: ${read.faults[0]?.message ?? 'expected a secret'}`);
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** One certificate or several, as PEM. Each is parsed, so that a broken one is found here and not when a broker is dialled. */
export const readCertificates = async (file: string, setting: string): Promise<string> => {
  const text = decoded(await bytesOf(file, setting), setting);
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every((each) => parses(() => new X509Certificate(each))))
    throw new Failure(
      `${setting}: expected certificates in PEM (BEGIN CERTIFICATE) in the file that it names, found none that can be read`,
    );
  return text;
};

/** A certificate and its private key, as PEM. */
export const readIdentity = async (
  cert: { readonly file: string; readonly setting: string },
  key: { readonly file: string; readonly setting: string },
): Promise<{ readonly cert: string; readonly key: string }> => {
  const identity = {
    cert: await readCertificates(cert.file, cert.setting),
    key: decoded(await bytesOf(key.file, key.setting), key.setting),
  };
  const privateKey = parses(() => createPrivateKey(identity.key));
  if (privateKey === undefined)
    throw new Failure(`${key.setting}: expected a private key in PEM, without a passphrase, in the file that it names`);
  // The first certificate is ours; those after it lead to the authority.
  if (!new X509Certificate(identity.cert).checkPrivateKey(privateKey))
    throw new Failure(`${key.setting}: expected the private key of the certificate that ${cert.setting} names, found another`);
  return identity;
};

/** What was read, or undefined: messages of OpenSSL help nobody, and could show a part of the text. */
const parses = <T>(parse: () => T): T | undefined => {
  try {
    return parse();
  } catch {
    return undefined;
  }
};

/** The path is not shown: a password that was written where its file belongs would be in it. */
const bytesOf = async (file: string, setting: string): Promise<Buffer> => {
  try {
    return await readBytes(file);
  } catch {
    throw new Failure(`${setting}: the file that it names does not exist or may not be read; check the path and its permissions`);
  }
};

const decoded = (bytes: Buffer, setting: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`${setting}: expected UTF-8 text in the file that it names, found bytes that are none`);
  }
};
