/**
 * The loop of one shard: take what has arrived, fold it record by record, commit everything that came of it in one transaction.
 *
 * Taking over: open the shard's writer (which fences the last owner), commit a fence record, restore `policy-state` until it is seen, check the
 * state against the end of the audit log, then read on from the restored positions. After any error of the bus the processor is worthless:
 * drop it and take over again. There is no other recovery path. Source: design, "The processor"; reliability, "Ways of working".
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { AUDIT_RECORDS, POLICY_STATE } from '../contracts/topics';
import { BusError, type Bus, type BusReader, type PollOptions, type TransactionalWriter } from './bus';
import { fold } from './fold';
import type { FoldContext } from './foldContext';
import { inputPositions } from './inputs';
import type { ShardState } from './ledger';
import type { FoldObserver, Stopwatch } from './observer';
import { recordsTo } from './readTo';
import { ShardRestore, StateError } from './restoreShard';
import { hasLeftovers, takeStateRecords } from './stateRecords';

export interface ProcessorOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  /** Names this owner in the fence record; no two takeovers share one. */
  readonly owner: string;
  readonly engineVersion: string;
  readonly stopwatch: Stopwatch;
  readonly observer?: FoldObserver;
  /** Called at named points, so that a test can end the process there. */
  readonly faultPoint?: (point: ProcessorFaultPoint) => void;
}

export const PROCESSOR_FAULT_POINTS = [
  'after-fence',
  'during-restore',
  'after-restore',
  'after-fold',
  'before-commit',
  'after-commit',
] as const;
export type ProcessorFaultPoint = (typeof PROCESSOR_FAULT_POINTS)[number];

const RESTORE_RECORDS = 5_000;
const RESTORE_WAIT_MS = 1_000;
/** How many audit records before the end are read back to check the restored chains. */
const CHECKED_TAIL = 200;

export class Processor {
  private constructor(
    private readonly options: ProcessorOptions,
    private readonly writer: TransactionalWriter,
    private readonly reader: BusReader,
    private readonly context: FoldContext,
  ) {}

  static async takeOver(options: ProcessorOptions): Promise<Processor> {
    const { bus, partition } = options;
    const writer = await bus.writer(transactionalId(partition));
    try {
      return await Processor.restored(options, writer);
    } catch (error) {
      await writer.close().catch(() => undefined);
      throw error;
    }
  }

  private static async restored(options: ProcessorOptions, writer: TransactionalWriter): Promise<Processor> {
    const { bus, codec, partition, owner, faultPoint } = options;
    const fence = {
      topic: POLICY_STATE,
      partition,
      key: codec.encodeKey(POLICY_STATE, { run_id: '', kind: 'fence', id: '' }),
      value: codec.encodeValue(POLICY_STATE, { kind: 'fence', owner }),
      timestamp: 0,
    } as const;
    const [fenceOffset = -1] = await writer.commit([fence]);
    faultPoint?.('after-fence');
    const shard = await restore(options, fenceOffset);
    try {
      await verifyChains(options, shard);
    } catch (error) {
      // The journal may be another owner's already, who took the shard over in between: then this fails, and nothing is wrong with the state.
      await writer.commit([fence]);
      throw error;
    }
    faultPoint?.('after-restore');
    const reader = await bus.reader(inputPositions(partition, shard.positions));
    const { engineVersion, stopwatch, observer = {} } = options;
    return new Processor(options, writer, reader, { shard, codec, engineVersion, stopwatch, observer, outputs: [] });
  }

  /** The memory as of the last step. Read it, and leave it as it is. */
  get shard(): ShardState {
    return this.context.shard;
  }

  /**
   * Folds and commits at most `maxRecords` inputs; answers how many there were. When it rejects, nothing may be asked of this processor any
   * more, and what its observer saw since the last commit may or may not have happened.
   */
  async step(poll: PollOptions): Promise<number> {
    const inputs = await this.reader.poll(hasLeftovers(this.shard) ? { ...poll, maxWaitMs: 0 } : poll);
    if (inputs.length === 0 && !hasLeftovers(this.shard)) return 0;
    const { outputs, codec, shard, observer } = this.context;
    observer.folding?.();
    for (const input of inputs) fold(this.context, input);
    this.options.faultPoint?.('after-fold');
    const timestamp = inputs.reduce((latest, input) => Math.max(latest, input.timestamp), 0);
    const records = [...outputs, ...takeStateRecords(shard, codec, timestamp)];
    outputs.length = 0;
    this.options.faultPoint?.('before-commit');
    observer.committing?.();
    await this.writer.commit(records);
    this.options.faultPoint?.('after-commit');
    await observer.committed?.();
    return inputs.length;
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.writer.close();
  }
}

/** One writer per shard, whoever owns it: that is what fences. */
const transactionalId = (partition: number): string => `policygate-processor-${partition}`;

const restore = async (
  { bus, codec, partition, owner, faultPoint }: ProcessorOptions,
  fenceOffset: number,
): Promise<ShardState> => {
  const restored = new ShardRestore(partition, codec);
  const reader = await bus.reader([{ topic: POLICY_STATE, partition, offset: 0 }]);
  try {
    // The fence was committed, so the log reaches that far. It may be gone when it is read: a newer one has taken its place.
    while (reader.position(POLICY_STATE, partition) <= fenceOffset) {
      for (const record of await reader.poll({ maxRecords: RESTORE_RECORDS, maxWaitMs: RESTORE_WAIT_MS })) restored.apply(record);
    }
  } finally {
    await reader.close();
  }
  if (restored.fence !== owner) throw new BusError('BUS_FENCED', `transactional id ${transactionalId(partition)}`);
  faultPoint?.('during-restore');
  return restored.finish();
};

/** The last audit record of each run near the end of the log must be the one that the restored chain ends with. */
const verifyChains = async ({ bus, codec, partition }: ProcessorOptions, shard: ShardState): Promise<void> => {
  const end = await bus.endOffset(AUDIT_RECORDS, partition);
  const tail = { topic: AUDIT_RECORDS, partition, offset: Math.max(0, end - CHECKED_TAIL) } as const;
  const last = new Map<string, { readonly seq: number; readonly hash: Uint8Array }>();
  for await (const { value, offset } of recordsTo(bus, tail, end)) {
    const audit = codec.decodeAudit(value);
    if (!audit.ok) throw new StateError(partition, `audit record at offset ${offset}: ${describeFault(audit.error)}`);
    last.set(audit.value.record.run_id, { seq: audit.value.record.seq, hash: audit.value.hash });
  }
  for (const [runId, { seq, hash }] of last) {
    const ledger = shard.runs.get(runId);
    if (ledger?.nextSeq !== seq + 1 || Buffer.compare(ledger.chainHash, hash) !== 0) {
      const found = ledger === undefined ? 'knows nothing of it' : `continues at seq ${ledger.nextSeq}`;
      throw new StateError(
        partition,
        `the audit chain of run \`${runId}\` ends with seq ${seq}, but the state ${found}, or its hash differs`,
      );
    }
  }
};
