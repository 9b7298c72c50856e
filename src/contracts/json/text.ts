/** The text of a document that came as bytes or as a string, within the bounds that hold for every document. */
import type { ContractError } from '../contractError';
import { failed, succeeded, type Result } from '../result';

/** Bytes of UTF-8 that a document, a line of a stream or a request may have. */
export const DOCUMENT_BYTES = 65_536;
/** Lists and mappings inside each other. Our own documents need five. */
export const DOCUMENT_DEPTH = 32;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const documentText = (input: string | Uint8Array, mostBytes: number = DOCUMENT_BYTES): Result<string, ContractError> => {
  if (typeof input === 'string') {
    // One UTF-16 unit is at most three bytes of UTF-8.
    const tooLong = input.length > mostBytes || (input.length * 3 > mostBytes && Buffer.byteLength(input, 'utf8') > mostBytes);
    return tooLong ? failed(tooLarge(Buffer.byteLength(input, 'utf8'), mostBytes)) : succeeded(input);
  }
  if (input.byteLength > mostBytes) return failed(tooLarge(input.byteLength, mostBytes));
  try {
    return succeeded(decoder.decode(input));
  } catch {
    return failed({ path: '', message: 'expected UTF-8 text, found bytes that are none; save the document as UTF-8' });
  }
};

const tooLarge = (bytes: number, mostBytes: number): ContractError => ({
  path: '',
  message: `expected at most ${mostBytes} bytes, found ${bytes}; a document or a line of a stream may not be larger`,
});

/** Line and column, both from one, of an offset. */
export const positionAt = (text: string, offset: number): { line: number; column: number } => {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
};
