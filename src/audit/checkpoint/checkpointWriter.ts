/**
 * Signs what a shard's audit records are, again and again, each time for more of them. It goes on from the last checkpoint, and never signs a tree that
 * does not begin with the one that was signed before.
 *
 * Its transactional id is the shard's: of two writers the older one is fenced, so that there is one sequence of checkpoints. It is opened before the
 * last checkpoint is looked up, so that no other can come between the two.
 */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import type { AuditCheckpoint } from '../../contracts/messages';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus, BusRecord, TransactionalWriter } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { MerkleTree } from '../merkle';
import { leafData } from './auditLeaf';
import { missingInCopy } from './checkpointCopy';
import { CheckpointError } from './checkpointError';
import type { SigningKey } from './checkpointKeys';
import type { SmallerTree } from './checkpointNote';
import { signedCheckpoint, verifiedCheckpoint } from './checkpointRecord';
import { lastRecord } from './lastRecord';
import type { KnownHead } from './verifyCheckpoints';

export interface CheckpointWriterOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly key: SigningKey;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Read the records of the last checkpoint again and compare, instead of trusting the frontier that was published with it. */
  readonly recheck?: boolean;
  /** What a copy beside the topic has of this shard: the log must be what it says. Undefined: there is no copy. */
  readonly copied?: readonly KnownHead[] | undefined;
}

/** How far a shard is signed. */
export interface Signed {
  readonly tree: MerkleTree;
  /** Offset in `audit-records` after the last record of the tree. */
  readonly auditOffset: number;
  readonly lastDecision: SmallerTree | undefined;
  /** Undefined: nothing was signed yet. */
  readonly last: AuditCheckpoint | undefined;
}

export class CheckpointWriter {
  private tree: MerkleTree;
  private nextOffset: number;
  private signedSize: number;
  /** The tree just behind the last decision. */
  private lastDecision: SmallerTree | MerkleTree | undefined;

  private constructor(
    private readonly options: CheckpointWriterOptions,
    private readonly writer: TransactionalWriter,
    signed: Signed,
    /** What was published before this writer; undefined: nothing. */
    readonly before: AuditCheckpoint | undefined,
    /** What is published and not in the copy, the oldest first. */
    readonly uncopied: readonly AuditCheckpoint[],
  ) {
    this.tree = signed.tree;
    this.nextOffset = signed.auditOffset;
    this.signedSize = signed.tree.size;
    this.lastDecision = signed.lastDecision;
  }

  /** Fences the writer before. Rejects with a CheckpointError where the last checkpoint is not of this key, or the log does not fit it or the copy. */
  static async takeOver(options: CheckpointWriterOptions): Promise<CheckpointWriter> {
    const writer = await options.bus.writer(`policygate-checkpoints-${options.partition}`);
    try {
      const signed = await lastSigned(options);
      if (options.recheck === true) await recheck(options, signed);
      const { copied, key } = options;
      const uncopied = copied === undefined ? [] : await missingInCopy({ ...options, key: key.publicKey }, signed, copied);
      return new CheckpointWriter(options, writer, signed, signed.last, uncopied);
    } catch (error) {
      await writer.close().catch(() => undefined); // what is wrong has been found already
      throw error;
    }
  }

  /** Offset in `audit-records` of the next record to add. */
  get auditOffset(): number {
    return this.nextOffset;
  }

  /** Records that were added and that no checkpoint covers. */
  get pending(): number {
    return this.tree.size - this.signedSize;
  }

  get size(): number {
    return this.tree.size;
  }

  /** The next record of the shard's `audit-records`. */
  add(record: BusRecord): void {
    this.tree.add(leafData(record));
    this.nextOffset = record.offset + 1;
    const head = this.options.codec.decodeAuditHead(record.value);
    if (head.ok && head.value.kind === 'DECISION') this.lastDecision = new MerkleTree(this.tree.size, this.tree.frontier);
  }

  /** Signs and publishes what was added; resolves when it is durable. After a rejection the writer is of no use any more. */
  async publish(): Promise<AuditCheckpoint> {
    const { codec, partition, key, now } = this.options;
    const { tree, nextOffset: auditOffset } = this;
    const { lastDecision: last } = this;
    const lastDecision = last instanceof MerkleTree ? { size: last.size, root: last.root() } : last;
    const checkpoint = signedCheckpoint(tree, { shard: partition, auditOffset, lastDecision, madeAt: now() }, key);
    this.lastDecision = lastDecision;
    await this.writer.commit([
      {
        topic: AUDIT_CHECKPOINTS,
        partition,
        key: Buffer.from(checkpoint.origin, 'utf8'),
        value: codec.encodeValue(AUDIT_CHECKPOINTS, checkpoint),
        timestamp: checkpoint.made_at,
      },
    ]);
    this.signedSize = tree.size;
    return checkpoint;
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

const lastSigned = async ({ bus, codec, partition, key }: CheckpointWriterOptions): Promise<Signed> => {
  const record = await lastRecord(bus, AUDIT_CHECKPOINTS, partition);
  if (record === undefined) return { tree: new MerkleTree(), auditOffset: 0, lastDecision: undefined, last: undefined };
  const at = `${AUDIT_CHECKPOINTS}/${partition}@${record.offset}`;
  const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, record.value);
  if (!decoded.ok)
    throw new CheckpointError(
      'record',
      `${at}: the last checkpoint cannot be read (${describeFault(decoded.error)}); nothing is signed after it`,
    );
  const opened = verifiedCheckpoint(decoded.value, key.publicKey, partition);
  if (!opened.ok) throw new CheckpointError('key', `${at}: ${opened.error}; nothing is signed after it: use the key of this log`);
  const { head, tree } = opened.value;
  const end = await bus.endOffset(AUDIT_RECORDS, partition);
  if (end < head.auditOffset)
    throw new CheckpointError(
      'log',
      `${AUDIT_RECORDS}/${partition} ends at offset ${end}, but ${at} is signed over ${head.size} records up to offset ${head.auditOffset}: records are missing; restore the log from a copy`,
    );
  return { tree, auditOffset: head.auditOffset, lastDecision: head.lastDecision, last: decoded.value };
};

const recheck = async ({ bus, partition }: CheckpointWriterOptions, { tree, auditOffset }: Signed): Promise<void> => {
  const again = new MerkleTree();
  for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }, auditOffset))
    again.add(leafData(record));
  if (again.size !== tree.size || Buffer.compare(again.root(), tree.root()) !== 0)
    throw new CheckpointError(
      'log',
      `${AUDIT_RECORDS}/${partition}: the ${again.size} records before offset ${auditOffset} have another root than the last checkpoint over ${tree.size}; the log was changed after it was signed`,
    );
};
