/** The files of a checkpoint key. What a private key is stands in no message, nor where it is kept: what was written there by mistake may be the key. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { SigningKey, publicPem, readPublicKey, readSigningKey } from '../../audit/checkpoint/checkpointKeys';
import type { PublicKey } from '../../audit/checkpoint/checkpointKeys';
import { Failure } from '../failure';
import { readBytes } from '../files';

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

export interface NewKey {
  readonly file: string;
  readonly publicFile: string;
  readonly verifierKey: string;
}

/** A new key in `file`, for its owner alone, and its public half beside it. Neither is ever overwritten. */
export const createKeyFiles = (name: string, file: string): NewKey => {
  const publicFile = `${file}.pub`;
  if (existsSync(publicFile)) throw new Failure(`${publicFile}: exists, and a key is never overwritten; choose another --out`);
  const key = SigningKey.generate(name);
  writeNew(file, key.pem(), PRIVATE_MODE);
  try {
    writeNew(publicFile, publicPem(key), PUBLIC_MODE);
  } catch (error) {
    rmSync(file); // without its public half it would be a key that nobody can check
    throw error;
  }
  return { file, publicFile, verifierKey: key.publicKey.verifierKey(name) };
};

const writeNew = (file: string, text: string, mode: number): void => {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', mode);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Failure(`${file}: exists, and a key is never overwritten; choose another --out`);
    throw new Failure(`${file}: cannot be written (${code}); choose a folder that exists and may be written to`);
  }
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** `setting`: what messages call the file. */
export const readSigningKeyFile = async (file: string, setting: string): Promise<SigningKey> => {
  let bytes: Buffer;
  try {
    bytes = await readBytes(file);
  } catch {
    throw new Failure(`${setting}: the file that it names does not exist or may not be read; check the path and its permissions`);
  }
  const read = readSigningKey(bytes.toString('utf8'));
  if (read.ok) return read.value;
  throw new Failure(`${setting}: in the file that it names: ${read.error}`);
};

export const readPublicKeyFile = async (file: string): Promise<PublicKey> => {
  const read = readPublicKey((await readBytes(file)).toString('utf8'));
  if (read.ok) return read.value;
  throw new Failure(`${file}: ${read.error}`);
};
