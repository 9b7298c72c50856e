/**
 * A policy's YAML as plain texts, lists and mappings. Everything that the contract refuses before it looks at a field is refused here: what is no
 * YAML, several documents, tags, anchors, aliases, directives, keys that stand twice, and unquoted texts that readers disagree about.
 * Source: docs/contracts.md, "Strict input" (YAML).
 */
import { isNumber } from './figures';
import { isMap, isScalar, isSeq, parseAllDocuments, Scalar } from 'yaml';
import type { YAMLMap, YAMLSeq } from 'yaml';

/** A text as it stands; `plain`: without quotes, so that it may mean a number, a flag or nothing. */
export interface Leaf {
  readonly text: string;
  readonly plain: boolean;
}
export type Tree = Leaf | readonly Tree[] | ReadonlyMap<string, Tree>;

/** The text is no policy. */
export class NoPolicy extends Error {}

const MOST_BYTES = 65_536;
/** What YAML does not call text. */
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|\p{Surrogate}/u;
/** Booleans, nothing, numbers in other bases, dates and instructions of YAML 1.1. */
const DOUBTFUL = [
  /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
  /^[-+]?0[xob][0-9a-fA-F_]+$/,
  /^[-+]?0[0-9_][0-9_.eE+-]*$/,
  /^[-+]?(?=[0-9.]*_)[0-9.][0-9_.]*(?:[eE][-+]?[0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$/,
  /^(?:<<|=)$/,
];

export const treeOf = (text: string): Tree => {
  if (Buffer.byteLength(text) > MOST_BYTES || UNPRINTABLE.test(text)) throw new NoPolicy('no text of a policy');
  const documents = parseAllDocuments(text, { version: '1.2', schema: 'failsafe', merge: false, prettyErrors: false });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined || second !== undefined) throw new NoPolicy('expected one document');
  if (document.errors.length + document.warnings.length > 0) throw new NoPolicy('no YAML');
  if (/^%/m.test(text)) throw new NoPolicy('a directive');
  return branch(document.contents);
};

const branch = (node: unknown): Tree => {
  if (isValue(node) && (node.anchor !== undefined || node.tag !== undefined)) throw new NoPolicy('an anchor or a tag');
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => [keyOf(key), branch(value)] as const);
    return new Map(entries);
  }
  if (isSeq(node)) return node.items.map(branch);
  if (isScalar(node)) return leafOf(node);
  if (node === null) return { text: '', plain: true };
  throw new NoPolicy('an alias');
};

const isValue = (node: unknown): node is Scalar | YAMLMap | YAMLSeq => isMap(node) || isSeq(node) || isScalar(node);

const leafOf = (node: Scalar): Leaf => {
  const plain = node.type === undefined || node.type === Scalar.PLAIN;
  const text = plain ? (node.source ?? '') : String(node.value);
  if (plain && DOUBTFUL.some((form) => form.test(text)))
    throw new NoPolicy(`\`${text}\` means different things to different readers`);
  return { text, plain };
};

const keyOf = (node: unknown): string => {
  const key = branch(node);
  if (key instanceof Map || Array.isArray(key)) throw new NoPolicy('a key that is no text');
  const leaf = key as Leaf;
  if (leaf.plain && (isNothing(leaf) || isFlag(leaf) || isNumber(leaf.text)))
    throw new NoPolicy(`the key \`${leaf.text}\` is no text`);
  return leaf.text;
};

export const isNothing = ({ text, plain }: Leaf): boolean => plain && /^(?:|~|null|Null|NULL)$/.test(text);
export const isFlag = ({ text, plain }: Leaf): boolean => plain && /^(?:true|True|TRUE|false|False|FALSE)$/.test(text);
