/**
 * Reads one YAML 1.2 document strictly, as a value like those of `readJson`: texts, numbers with their digits, lists, objects. Refused with
 * their position: tags, anchors, aliases, directives, merge keys, duplicate keys, keys that are no text, several documents, and whatever YAML
 * 1.1 readers take for something else. All faults are listed, not only the first.
 * Source: contracts, "Strict input".
 */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, Scalar, type Node, type Pair } from 'yaml';
import { pathText, type ContractError, type Path, type PathKey } from '../contractError';
import { DOCUMENT_DEPTH, documentText, positionAt } from '../json/text';
import { emptyObject, type JsonValue } from '../json/value';
import { failed, succeeded, type Result } from '../result';
import { plainScalar, ScalarFault } from './plainScalar';
import { prescan, tooDeep, type YamlFault } from './prescan';

export interface YamlDocument {
  readonly value: JsonValue;
  /** Values that could not be read; null stands in their place. */
  readonly errors: readonly LocatedError[];
  /** Where a value stands; of a field that is missing, where its mapping does. `key`: where its key stands. */
  readonly positionOf: (path: Path, key: boolean) => { line: number; column: number };
}
interface LocatedError extends ContractError {
  readonly at: Path;
}

/** Of very many mistakes, the first are enough. */
const MOST_ERRORS = 50;
/** What YAML does not call text (section 5.1), and halves of surrogate pairs. */
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|\p{Surrogate}/u;

export const readYaml = (input: string | Uint8Array): Result<YamlDocument, readonly ContractError[]> => {
  const decoded = documentText(input);
  if (!decoded.ok) return failed([decoded.error]);
  const text = withLineFeeds(decoded.value);
  const fail = (faults: readonly YamlFault[]): Result<YamlDocument, readonly ContractError[]> =>
    failed(faults.slice(0, MOST_ERRORS).map(({ message, offset }) => ({ path: '', message, ...positionAt(text, offset) })));

  const unprintable = UNPRINTABLE.exec(text);
  if (unprintable !== null)
    return fail([{ message: 'expected printable text, found a control character', offset: unprintable.index }]);
  const fault = prescan(text);
  if (fault !== undefined) return fail([fault]);

  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    // Checked below, where it costs less than comparing each key with all others.
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter,
  });
  const [document, second] = 'empty' in documents ? [] : documents;
  if (document === undefined) return fail([{ message: 'expected a document, found none', offset: 0 }]);
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0)
    return fail(wrong.map(({ message, pos }) => ({ message: `not valid YAML: ${oneLine(message)}`, offset: pos[0] })));
  if (second !== undefined) return fail([{ message: 'expected one document, found several', offset: second.range[0] }]);

  const walk = new YamlWalk(lineCounter);
  const value = walk.value(document.contents, []);
  if (walk.depthExceeded !== undefined) return fail([walk.depthExceeded]);
  return succeeded({ value, errors: walk.errors, positionOf: (path, key) => walk.positionOf(path, key) });
};

/** The text with the line ends that it has on every system: what is parsed and what is hashed. */
export const withLineFeeds = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

const oneLine = (message: string): string => message.replace(/\s+/g, ' ').replace(/[^ -~]/g, '?');

interface Place {
  readonly value: number;
  readonly key: number;
  readonly inside: Map<PathKey, Place>;
}

class YamlWalk {
  readonly errors: LocatedError[] = [];
  depthExceeded: YamlFault | undefined;
  private readonly root: Place = { value: 0, key: 0, inside: new Map() };

  constructor(private readonly lines: LineCounter) {}

  value(node: Node | null, path: Path, place = this.root): JsonValue {
    if (path.length > DOCUMENT_DEPTH) {
      this.depthExceeded ??= tooDeep(place.value);
      return null;
    }
    if (isMap(node)) return this.mapping(node.items, path, place);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        // A sequence may hold `key: value` without braces, which the parser wraps in a map; nothing else is no node.
        const child = item as Node;
        return this.value(child, [...path, index], enter(place, index, child, offsetOf(child, place.value)));
      });
    }
    if (isScalar(node)) return this.scalar(node, path, place.value);
    return null;
  }

  positionOf(path: Path, key: boolean): { line: number; column: number } {
    let place = this.root;
    let complete = true;
    for (const step of path) {
      const next = place.inside.get(step);
      complete = next !== undefined;
      if (next === undefined) break;
      place = next;
    }
    return this.at(key || !complete ? place.key : place.value);
  }

  private mapping(pairs: readonly Pair[], path: Path, place: Place): JsonValue {
    const object = emptyObject();
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null;
      const offset = offsetOf(keyNode, place.value);
      const key = this.key(keyNode, path, offset);
      if (key === undefined) continue;
      const inner = [...path, key];
      if (key in object) {
        this.fault(inner, offset, 'duplicate key; each key may stand once');
        continue;
      }
      const child = pair.value as Node | null;
      object[key] = this.value(child, inner, enter(place, key, child, offset));
    }
    return object;
  }

  /** The text of a key; undefined: it is none, which is on record. */
  private key(node: Node | null, path: Path, offset: number): string | undefined {
    if (!isScalar(node)) {
      this.fault(path, offset, 'expected a text as the key, found a list or a mapping', [...path, '']);
      return undefined;
    }
    const source = node.source ?? '';
    const key = scalarValue(node);
    if (typeof key === 'string') return key;
    const message = key instanceof ScalarFault ? key.message : `expected a text as the key, found \`${source}\``;
    this.fault([...path, source], offset, `${message}; put it in quotes`);
    return undefined;
  }

  private scalar(node: Scalar, path: Path, offset: number): JsonValue {
    const value = scalarValue(node);
    if (!(value instanceof ScalarFault)) return value;
    this.fault(path, offset, value.message);
    return null;
  }

  private fault(path: Path, offset: number, message: string, at = path): void {
    this.errors.push({ at, path: pathText(path), message, ...this.at(offset) });
  }

  private at(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line, column: col };
  }
}

const scalarValue = (node: Scalar): JsonValue | ScalarFault =>
  node.type === Scalar.PLAIN ? plainScalar(node.source ?? '') : typeof node.value === 'string' ? node.value : (node.source ?? '');

const enter = (place: Place, key: PathKey, node: Node | null, keyOffset: number): Place => {
  const inner: Place = { value: offsetOf(node, keyOffset), key: keyOffset, inside: new Map() };
  place.inside.set(key, inner);
  return inner;
};

const offsetOf = (node: Node | null, otherwise: number): number => node?.range?.[0] ?? otherwise;
