/**
 * A checkpoint as a signed note: origin, tree size and root as transparency logs have them, then lines of our own. Source: C2SP, "tlog-checkpoint" v1
 * (the lines after the root are extensions).
 */
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { formatRfc3339, parseRfc3339 } from '../../contracts/timestamp';
import { MERKLE_HASH_BYTES } from '../merkle';
import type { PublicKey, SigningKey } from './checkpointKeys';
import { base64Bytes, noteText, readNote } from './signedNote';

/** What a checkpoint says of a shard's audit records. */
export interface TreeHead {
  /** Of the key, and so of the log. */
  readonly name: string;
  readonly shard: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** Offset in `audit-records` after the last record that it covers. */
  readonly auditOffset: number;
  /** The tree just behind the last decision that it covers: where the audit log of `run`, which has a line for each decision, ends. */
  readonly lastDecision?: SmallerTree | undefined;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

export interface SmallerTree {
  readonly size: number;
  readonly root: Uint8Array;
}

export const originOf = ({ name, shard }: Pick<TreeHead, 'name' | 'shard'>): string => `${name}/${shard}`;

export const signedHead = (head: Omit<TreeHead, 'name'>, key: SigningKey): string => {
  const text = headText({ ...head, name: key.name });
  return noteText({ text, signatures: [key.sign(text)] });
};

const headText = (head: TreeHead): string =>
  `${originOf(head)}\n${head.size}\n${base64(head.root)}\naudit-offset ${head.auditOffset}\n` +
  (head.lastDecision === undefined ? '' : `last-decision ${head.lastDecision.size} ${base64(head.lastDecision.root)}\n`) +
  `made-at ${formatRfc3339(head.madeAt)}\n`;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const HEAD =
  /^(.+)\/([0-9]{1,4})\n([0-9]{1,16})\n([A-Za-z0-9+/=]{44})\naudit-offset ([0-9]{1,16})\n(?:last-decision ([0-9]{1,16}) ([A-Za-z0-9+/=]{44})\n)?made-at ([0-9TZ:.-]{20,30})\n$/;

/** What a note says that this key has signed; else what is wrong with it, in one line. Signatures of others are passed over. */
export const verifiedHead = (note: string, key: PublicKey): Result<TreeHead, string> => {
  const read = readNote(note);
  if (!read.ok) return read;
  const { text, signatures } = read.value;
  const own = signatures.find((signature) => key.owns(signature));
  if (own === undefined) {
    const names = signatures.map(({ name, keyHash }) => `${name} (key ${Buffer.from(keyHash).toString('hex')})`).join(', ');
    return failed(`signed by ${names}; expected a signature by ${describeKey(key, signatures[0]?.name ?? '')}`);
  }
  if (!key.verifies(text, own))
    return failed(`the signature by ${own.name} does not fit the text: it was changed after it was signed`);
  const head = headOf(text);
  if (head === undefined)
    return failed('a signed text that is no checkpoint; expected origin, size, root, audit-offset and made-at');
  if (head.name !== own.name)
    return failed(`a checkpoint of \`${head.name}\` that ${own.name} signed; a key signs for the log of its name`);
  return succeeded(head);
};

/** Whether one of its signatures names this key, be it right or wrong; undefined: it is no note. */
export const isSignedBy = (note: string, key: PublicKey): boolean | undefined => {
  const read = readNote(note);
  return read.ok ? read.value.signatures.some((signature) => key.owns(signature)) : undefined;
};

const describeKey = (key: PublicKey, otherName: string): string => {
  const name = key.name ?? otherName;
  return `${name} (key ${key.hashAs(name).toString('hex')})`;
};

const headOf = (text: string): TreeHead | undefined => {
  const [, name = '', shard = '', size = '', root = '', auditOffset = '', decisionSize, decisionRoot, madeAt = ''] =
    HEAD.exec(text) ?? [];
  const bytes = base64Bytes(root);
  const time = parseRfc3339(madeAt);
  const decisionBytes = base64Bytes(decisionRoot ?? root);
  if (bytes?.length !== MERKLE_HASH_BYTES || decisionBytes?.length !== MERKLE_HASH_BYTES || time === undefined) return undefined;
  const head: TreeHead = {
    name,
    shard: Number(shard),
    size: Number(size),
    root: bytes,
    auditOffset: Number(auditOffset),
    lastDecision: decisionSize === undefined ? undefined : { size: Number(decisionSize), root: decisionBytes },
    madeAt: time,
  };
  const isWhole = Number.isSafeInteger(head.size) && Number.isSafeInteger(head.auditOffset);
  // Every number and time in its one form, so that a head has one text.
  return headText(head) === text && isWhole && (head.lastDecision?.size ?? 0) <= head.size ? head : undefined;
};
