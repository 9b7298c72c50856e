/**
 * Reads JSON strictly (RFC 8259 and I-JSON): duplicate keys, lone surrogates, a byte order mark, NaN, anything after the document, more than
 * 32 levels or 65,536 bytes are errors with line, column and path. Numbers keep their text.
 *
 * `JSON.parse` takes the last of equal keys in silence, turns `1e400` into Infinity and 0.1 into a binary fraction.
 * Source: contracts, "Strict input"; docs/adr/0003-own-json-reader.md.
 */
import { pathText, quoted, type ContractError, type Path, type PathKey } from '../contractError';
import { failed, succeeded, type Result } from '../result';
import { DOCUMENT_DEPTH, documentText, positionAt } from './text';
import { emptyObject, JsonNumber, type JsonObject, type JsonValue } from './value';

/** `mostBytes`: for what holds several documents, such as a line of a batch. */
export const readJson = (input: string | Uint8Array, mostBytes?: number): Result<JsonValue, ContractError> => {
  const text = documentText(input, mostBytes);
  if (!text.ok) return text;
  const reader = new JsonReader(text.value, undefined);
  try {
    return succeeded(reader.document());
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    return failed({ path: pathText(reader.path()), message: fault.message, ...positionAt(text.value, fault.offset) });
  }
};

/** Where the value at `path` begins in a document that `readJson` has accepted: read once more, as only errors ask. */
export const locateInJson = (text: string, path: Path): { line: number; column: number } => {
  const reader = new JsonReader(text, path);
  reader.document();
  return positionAt(text, reader.found);
};

class JsonFault extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const HEX_4 = /^[0-9a-fA-F]{4}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const WORD = /[A-Za-z0-9_+.-]+/y;

class JsonReader {
  /** Offset of the value that was looked for. */
  found = 0;
  private at = 0;
  private depth = 0;
  /** The key at each level; entries from `depth` on are stale. */
  private readonly keys: PathKey[] = [];

  constructor(
    private readonly text: string,
    private readonly wanted: Path | undefined,
  ) {}

  path(): Path {
    return this.keys.slice(0, this.depth);
  }

  document(): JsonValue {
    if (this.text.charCodeAt(0) === 0xfeff)
      throw this.fault('expected JSON without a byte order mark; save the document as plain UTF-8');
    const value = this.value();
    this.space();
    if (this.at < this.text.length) throw this.fault(`expected the end of the document, found ${this.foundHere()}`);
    return value;
  }

  private value(): JsonValue {
    const code = this.space();
    if (this.wanted !== undefined) this.look(this.wanted);
    switch (code) {
      case QUOTE:
        return this.string();
      case 0x7b:
        return this.object();
      case 0x5b:
        return this.array();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return this.number();
        throw this.fault(`expected a value, found ${this.foundHere()}`);
    }
  }

  private object(): JsonObject {
    const object = emptyObject();
    const level = this.enter();
    if (this.space() === 0x7d) return this.leave(object, level);
    for (;;) {
      this.depth = level - 1;
      if (this.space() !== QUOTE) throw this.fault(`expected a key in double quotes, found ${this.foundHere()}`);
      const start = this.at;
      const key = this.string();
      this.keys[level - 1] = key;
      this.depth = level;
      if (key in object) throw this.fault('duplicate key; each key may stand once', start);
      if (this.space() !== 0x3a) throw this.fault(`expected \`:\` after the key, found ${this.foundHere()}`);
      this.at++;
      object[key] = this.value();
      const code = this.space();
      if (code !== 0x2c && code !== 0x7d) throw this.fault(`expected \`,\` or \`}\`, found ${this.foundHere()}`);
      if (code === 0x7d) return this.leave(object, level);
      this.at++;
    }
  }

  private array(): JsonValue[] {
    const array: JsonValue[] = [];
    const level = this.enter();
    if (this.space() === 0x5d) return this.leave(array, level);
    for (;;) {
      this.keys[level - 1] = array.length;
      array.push(this.value());
      const code = this.space();
      if (code !== 0x2c && code !== 0x5d) throw this.fault(`expected \`,\` or \`]\`, found ${this.foundHere()}`);
      if (code === 0x5d) return this.leave(array, level);
      this.at++;
    }
  }

  private enter(): number {
    if (this.depth >= DOCUMENT_DEPTH)
      throw this.fault(`expected at most ${DOCUMENT_DEPTH} lists and objects inside each other, found more`);
    this.keys[this.depth] = 0;
    this.at++;
    return ++this.depth;
  }

  private leave<T>(value: T, level: number): T {
    this.depth = level - 1;
    this.at++;
    return value;
  }

  private number(): JsonNumber {
    NUMBER.lastIndex = this.at;
    const end = NUMBER.test(this.text) ? NUMBER.lastIndex : this.at;
    const next = this.text.charCodeAt(end);
    // What follows must end the number: `01`, `1_000`, `1.` and `-Infinity` are no JSON.
    if (end === this.at || !(next <= 0x20 || next === 0x2c || next === 0x7d || next === 0x5d || end === this.text.length)) {
      throw this.fault(`expected a number such as -12.5 or 1e-8, found ${this.foundHere()}`);
    }
    const number = new JsonNumber(this.text.slice(this.at, end));
    this.at = end;
    return number;
  }

  /** Reads the string that starts here: in one piece when it holds no escape. */
  private string(): string {
    const { text } = this;
    const start = this.at + 1;
    let at = start;
    let surrogates = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) return this.escapedString(start);
      if (!(code >= 0x20)) throw this.unfinished(at);
      if (code >= 0xd800) surrogates = true;
      at++;
    }
    this.at = at + 1;
    const value = text.slice(start, at);
    if (surrogates) this.refuseLoneSurrogates(value, start);
    return value;
  }

  private escapedString(start: number): string {
    const { text } = this;
    let value = '';
    let from = start;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (!(code >= 0x20)) throw this.unfinished(at);
      if (code !== BACKSLASH) {
        at++;
        continue;
      }
      value += text.slice(from, at);
      const letter = text.charAt(at + 1);
      const hex = text.slice(at + 2, at + 6);
      const plain = ESCAPES.get(letter);
      if (plain === undefined && !(letter === 'u' && HEX_4.test(hex))) {
        throw this.fault(`expected an escape such as \\n or \\u00e9, found ${quoted(text.slice(at, at + 2))}`, at);
      }
      value += plain ?? String.fromCharCode(Number.parseInt(hex, 16));
      at += plain === undefined ? 6 : 2;
      from = at;
    }
    value += text.slice(from, at);
    this.at = at + 1;
    this.refuseLoneSurrogates(value, start);
    return value;
  }

  private refuseLoneSurrogates(value: string, start: number): void {
    if (LONE_SURROGATE.test(value)) throw this.fault('expected text, found half of a surrogate pair', start);
  }

  private unfinished(at: number): JsonFault {
    return at >= this.text.length
      ? this.fault('expected `"` at the end of the string, found the end of the document', at)
      : this.fault(
          `expected no bare control character in a string, found ${quoted(this.text.charAt(at))}; write it as an escape`,
          at,
        );
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.fault(`expected a value, found ${this.foundHere()}`);
    this.at += word.length;
    return value;
  }

  /** Skips white space; the code of what follows, NaN at the end. */
  private space(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = this.text.charCodeAt(++this.at);
    return code;
  }

  private look(wanted: Path): void {
    if (this.depth === wanted.length && wanted.every((key, level) => key === this.keys[level])) this.found = this.at;
  }

  private foundHere(): string {
    if (this.at >= this.text.length) return 'the end of the document';
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0] ?? String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    return `\`${quoted(word).slice(1, -1)}\``;
  }

  private fault(message: string, offset = this.at): JsonFault {
    return new JsonFault(message, offset);
  }
}
