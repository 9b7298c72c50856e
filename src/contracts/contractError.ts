/**
 * Why a document was refused: where (path, line, column, source) and what was expected, in one line whatever the document holds: control
 * characters and anything that a terminal could obey are shown escaped, long texts are cut.
 */
export type PathKey = string | number;
export type Path = readonly PathKey[];

/** What is wrong with a document, and where. */
export interface ContractError {
  /** Such as `instrument.symbol`, `violations_last_window[0][1]` or `prices["BRK B"]`; empty: the document as a whole. */
  readonly path: string;
  /** What was found and what was expected, without the path. */
  readonly message: string;
  /** Both count from one; columns count UTF-16 units. Absent when the document never was text. */
  readonly line?: number;
  readonly column?: number;
  /** The name of the file, where it is known. */
  readonly source?: string;
}

/** One line: `policy.yaml:12:5: limits.loss.max_drawdown_pc: unknown field; did you mean ...`. */
export const describeError = (error: ContractError): string => {
  const position = error.line === undefined ? '' : `${error.line}:${error.column ?? 1}`;
  const where =
    error.source === undefined
      ? position === '' || position === '1:1'
        ? ''
        : `line ${error.line ?? 1}, column ${error.column ?? 1}: `
      : `${error.source}${position === '' ? '' : `:${position}`}: `;
  return `${where}${error.path === '' ? '' : `${error.path}: `}${error.message}`;
};

/** A name that may stand in a path or between backticks without quotes. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** `a.b[0]["c d"]` */
export const pathText = (path: Path): string => {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (PLAIN_KEY.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${quoted(key)}]`;
  }
  return text;
};

const SHOWN_CHARACTERS = 60;
/** Controls, lone surrogates, and the characters that break lines or turn the direction of writing. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|\p{Surrogate}/gu;

/** Somebody's text, quoted for a message: at most 60 characters, and nothing in it can act on a terminal or forge a line. */
export const quoted = (text: string): string => {
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return JSON.stringify(cut).replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

/** `b, c or d`, each between backticks. */
export const alternatives = (names: readonly string[]): string => {
  const shown = names.map((name) => `\`${name}\``);
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} or ${last}`;
};
