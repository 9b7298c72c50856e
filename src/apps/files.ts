/** The documents that a command line names, read whole and checked. A Failure names the file, the place in it and what was expected. */
import { createReadStream, writeFileSync } from 'node:fs';
import { describeError } from '../contracts/contractError';
import type { ContractError } from '../contracts/contractError';
import type { JsonDocumentKind, JsonDocuments } from '../contracts/documents/readDocument';
import { readDocument } from '../contracts/documents/readDocument';
import { DOCUMENT_BYTES } from '../contracts/json/text';
import type { ExecutionState } from '../contracts/messages';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import type { ActivePolicy } from '../domain/state';
import { Failure } from './failure';

export interface PolicyFile extends ActivePolicy {
  readonly text: string;
  readonly warnings: readonly string[];
}

export const NO_EXECUTION: ExecutionState = {
  orders_last_60s_global: 0,
  orders_last_60s_by_strategy: new Map(),
  violations_last_window: [],
  kill_switch_active: false,
};

/** `seen` gets the file's bytes: what they were parsed from, and nothing that a second look might find. */
export const readPolicyFile = async (file: string, seen: (bytes: Buffer) => void = () => undefined): Promise<PolicyFile> => {
  const bytes = await readBytes(file);
  seen(bytes);
  const read = readPolicy(bytes, file);
  if (!read.ok) throw new Failure(errorsInOneLine(read.error));
  return { ...read.value, hash: policyHash(bytes), text: bytes.toString('utf8') };
};

export const readDocumentFile = async <K extends JsonDocumentKind>(
  kind: K,
  file: string,
  seen: (bytes: Buffer) => void = () => undefined,
): Promise<JsonDocuments[K]> => {
  const bytes = await readBytes(file);
  seen(bytes);
  const read = readDocument(kind, bytes, file);
  if (!read.ok) throw new Failure(describeError(read.error));
  return read.value;
};

const SHOWN_ERRORS = 5;

/** The first errors of a policy, and how many more there are. */
export const errorsInOneLine = (errors: readonly ContractError[]): string => {
  const more = errors.length - SHOWN_ERRORS;
  return errors.slice(0, SHOWN_ERRORS).map(describeError).join('; ') + (more > 0 ? `; and ${more} more` : '');
};

/** What is read of a file that should hold one document: enough to say how much too large it is, and no more. */
const READ_BYTES = 1 << 24;

/** The file's bytes, at most READ_BYTES of them. A folder or a missing file is a Failure; a size is judged by whoever parses. */
export const readBytes = async (file: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { end: READ_BYTES - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw unreadable(file, error);
  }
  return Buffer.concat(chunks);
};

/** How long a line of a stream may be: as long as a document. Longer ones are handed on cut, one byte too long, so that they are refused. */
const LINE_BYTES = DOCUMENT_BYTES;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export interface FileLine {
  /** From one; blank lines count. */
  readonly number: number;
  /** Without the line end. */
  readonly bytes: Buffer;
  /** Bytes of the line in the file, with a line feed that the last line may lack. */
  readonly raw: number;
}

/** The lines of a file, whatever its size. `read` sees every byte of it, once. */
export async function* linesOf(
  file: string,
  longest: number = LINE_BYTES,
  read: (chunk: Buffer) => void = () => undefined,
): AsyncGenerator<FileLine> {
  let number = 0;
  let parts: Buffer[] = [];
  let size = 0;
  let raw = 1;
  const take = (): FileLine => {
    const line = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    parts = [];
    size = 0;
    number += 1;
    const taken = { number, bytes: line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line, raw };
    raw = 1;
    return taken;
  };
  const add = (part: Buffer): void => {
    raw += part.length;
    if (size > longest) return;
    parts.push(part.subarray(0, longest + 1 - size));
    size += part.length;
  };
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      read(chunk);
      let from = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
        add(chunk.subarray(from, end));
        yield take();
        from = end + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (size > 0) yield take();
}

export const isBlank = (bytes: Buffer): boolean => {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  return true;
};

/** Writes a file that is not there yet, of `--out`. Throws a Failure. */
export const writeNewFile = (file: string, text: string): void => {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Failure(`${file}: exists; choose another --out`);
    throw unreadable(file, error);
  }
};

export const unreadable = (file: string, error: unknown): Failure => {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === 'ENOENT'
      ? 'no such file'
      : code === 'EISDIR'
        ? 'is a folder; expected a file'
        : code === 'EACCES'
          ? 'may not be read; check its permissions'
          : `cannot be used (${code ?? String(error)})`;
  return new Failure(`${file}: ${why}`);
};
