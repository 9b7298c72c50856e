/**
 * Signed notes: a text that people can read, a blank line, and a line for each signature. The form that transparency logs use, so that their tools
 * read ours. Source: C2SP, "signed-note" v1.
 */
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';

export interface NoteSignature {
  /** Of the key; without spaces and plus signs. */
  readonly name: string;
  /** The first 4 bytes of SHA-256 over the name and the public key: which key of that name. */
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What is signed; ends with a line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const KEY_HASH_BYTES = 4;
const LONGEST_NOTE = 65_536;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

export const noteText = ({ text, signatures }: SignedNote): string =>
  `${text}\n${signatures.map((signature) => `${signatureLine(signature)}\n`).join('')}`;

const signatureLine = ({ name, keyHash, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([keyHash, signature]).toString('base64')}`;

/** Strictly; what is wrong with it in one line. Whether a signature holds is for its key to say. */
export const readNote = (note: string): Result<SignedNote, string> => {
  if (note.length > LONGEST_NOTE) return failed(`a note of ${note.length} characters; expected at most ${LONGEST_NOTE}`);
  if (CONTROL.test(note)) return failed('a note with control characters; expected lines of text');
  const end = note.lastIndexOf('\n\n');
  if (end === -1) return failed('a note without a blank line; expected a text, a blank line and signatures');
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) return failed('a note without a signature line at its end; it was cut');
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = base64Bytes(encoded);
    if (bytes === undefined || bytes.length <= KEY_HASH_BYTES)
      return failed(`a note with the line ${JSON.stringify(line.slice(0, 80))}; expected "— <name of the key> <base64>"`);
    signatures.push({ name, keyHash: bytes.subarray(0, KEY_HASH_BYTES), signature: bytes.subarray(KEY_HASH_BYTES) });
  }
  return succeeded({ text: note.slice(0, end + 1), signatures });
};

/** Undefined: not base64 in its one canonical form. */
export const base64Bytes = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};
