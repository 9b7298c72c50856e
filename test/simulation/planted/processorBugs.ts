/** Mistakes of the processor: who may write, what is written together, what a restore brings back, what is put on record. */
import { expression, statement, text, WALL_CLOCK } from './plantedBug';
import type { Patch, PlantedBug } from './plantedBug';

const PROCESSOR = 'src/processor/processor.ts';
const RESTORE = 'src/processor/restoreShard.ts';
const STATE_RECORDS = 'src/processor/stateRecords.ts';
const FOLD = 'src/processor/fold.ts';
const FOLD_CONTEXT = 'src/processor/foldContext.ts';
const FOLD_INTENT = 'src/processor/foldIntent.ts';
const RECORDED_INPUTS = 'src/audit/recordedInputs.ts';

const COMMIT = 'await this.writer.commit(records);';
const UNVERIFIED = statement(PROCESSOR, 'await verifyChains(options, shard);', '');

/** Restoring ends at the first fence that comes by, whoever wrote it. */
const ANY_FENCE: readonly Patch[] = [
  expression(PROCESSOR, 'reader.position(POLICY_STATE, partition) <= fenceOffset', 'restored.fence === undefined'),
  expression(PROCESSOR, 'restored.fence !== owner', 'false'),
  expression(PROCESSOR, /(?<=maxRecords: )RESTORE_RECORDS/, '20'),
];

export const PROCESSOR_BUGS: readonly PlantedBug[] = [
  {
    name: 'no fence',
    what: 'each owner of a shard has a transactional id of its own',
    profile: 'chaos',
    patches: [
      expression(
        PROCESSOR,
        'bus.writer(transactionalId(partition))',
        'bus.writer(`${transactionalId(partition)}-${options.owner}`)',
      ),
    ],
  },
  {
    name: 'positions apart',
    what: 'input positions are committed in a transaction of their own, after what came of the inputs',
    profile: 'chaos',
    patches: [
      statement(
        PROCESSOR,
        COMMIT,
        'await this.writer.commit(records.slice(0, -1)); await this.writer.commit(records.slice(-1));',
      ),
    ],
  },
  {
    name: 'decisions apart',
    what: 'decisions are published before the rest, in a transaction of their own',
    profile: 'chaos',
    patches: [
      statement(
        PROCESSOR,
        COMMIT,
        `await this.writer.commit(records.filter((one) => one.topic === 'decisions'));
         await this.writer.commit(records.filter((one) => one.topic !== 'decisions'));`,
      ),
    ],
  },
  {
    name: 'dirty restore',
    what: 'a restore ends at the first fence that it sees, not at its own',
    profile: 'chaos',
    patches: ANY_FENCE,
  },
  {
    name: 'dirty restore, unverified',
    what: 'the same, and the end of the journal is not compared with the state',
    profile: 'chaos',
    patches: [...ANY_FENCE, UNVERIFIED],
  },
  {
    name: 'memory kept after an error',
    what: 'after a failed commit the processor goes on with the memory that it has, through a new writer',
    profile: 'chaos',
    patches: [
      statement(
        PROCESSOR,
        COMMIT,
        `try { await this.writer.commit(records); } catch (error) {
           if (error.retryable !== true) throw error;
           this.writer = await this.options.bus.writer(transactionalId(this.options.partition));
         }`,
      ),
    ],
  },
  {
    name: 'committed again',
    what: 'a commit of unknown outcome is tried again with the same records',
    profile: 'chaos',
    patches: [
      text('src/apps/service/busScope.ts', 'const writer = await this.kept', 'let writer = await this.kept'),
      text(
        'src/apps/service/busScope.ts',
        'const offsets = await writer.commit(records);',
        `let offsets;
         try { offsets = await writer.commit(records); } catch (error) {
           if (!BUG_IS_ON || error.retryable !== true) throw error;
           writer = await this.bus.writer(transactionalId);
           offsets = await writer.commit(records);
         }`,
      ),
    ],
  },
  {
    name: 'no dedupe',
    what: 'an intent that was decided is decided again when it is repeated',
    profile: 'calm',
    patches: [expression(FOLD_INTENT, 'decided !== undefined', 'false')],
  },
  {
    name: 'conflict accepted',
    what: 'another body under an id that was decided is a new intent',
    profile: 'calm',
    patches: [
      expression(
        FOLD_INTENT,
        'decided !== undefined',
        'decided !== undefined && decided.digest.every((byte, index) => byte === digest[index])',
      ),
    ],
  },
  {
    name: 'repeats forgotten',
    what: 'a restore does not bring back which intents were decided',
    profile: 'chaos',
    patches: [statement(RESTORE, 'this.partsOf(run_id).intents.set(id, entity);', '')],
  },
  {
    name: 'seq reused after a restart',
    what: 'a restored journal goes on with the seq that it ended with, and nobody compares',
    profile: 'chaos',
    patches: [expression(RESTORE, /(?<=nextSeq: )entity\.next_seq/, 'Math.max(0, entity.next_seq - 1)'), UNVERIFIED],
  },
  {
    name: 'hash over the wrong bytes',
    what: 'the chain leaves the last byte of each record out',
    profile: 'calm',
    patches: [
      expression(
        FOLD_CONTEXT,
        'chainHash(ledger.chainHash, body)',
        'chainHash(ledger.chainHash, body.subarray(0, body.length - 1))',
      ),
    ],
  },
  {
    name: 'replay by topic order',
    what: 'a refold reads the input of an audit record before what was folded ahead of it from other topics',
    profile: 'policy',
    patches: [
      expression(
        RECORDED_INPUTS,
        'source !== last && !this.take(source, audit.positions, offset, fold)',
        '!this.take(source, audit.positions, offset, fold)',
      ),
      expression(RECORDED_INPUTS, 'one !== last', 'true'),
    ],
  },
  {
    name: 'dead letter without a skip',
    what: 'the position stays before an unreadable record, though it is set aside',
    profile: 'chaos',
    patches: [
      text(
        FOLD_CONTEXT,
        'const { topic, partition, offset, timestamp, key, value } = input;',
        `ORIGINAL
         if (BUG_IS_ON) {
           const field = topic.replace('-', '_');
           if (field in shard.positions) shard.positions[field] = offset;
         }`,
      ),
    ],
  },
  {
    name: 'skip without a dead letter',
    what: 'what cannot be read is passed over without a record',
    profile: 'chaos',
    patches: [
      text(
        FOLD_CONTEXT,
        'const { topic, partition, offset, timestamp, key, value } = input;',
        `if (BUG_IS_ON) return;
         ORIGINAL`,
      ),
    ],
  },
  {
    name: 'positions one too low',
    what: 'the stored position of the intents is that of the last one folded, not of the next',
    profile: 'chaos',
    patches: [
      expression(
        STATE_RECORDS,
        '{ ...shard.positions }',
        '{ ...shard.positions, order_intents: Math.max(0, shard.positions.order_intents - 1) }',
      ),
    ],
  },
  {
    name: 'positions one too high',
    what: 'the stored position of the intents is one behind the next: a takeover passes one over',
    profile: 'chaos',
    patches: [
      expression(
        STATE_RECORDS,
        '{ ...shard.positions }',
        '{ ...shard.positions, order_intents: shard.positions.order_intents + (shard.positions.order_intents > 0 ? 1 : 0) }',
      ),
    ],
  },
  {
    name: 'kill switch of every run forgotten',
    what: 'that the kill switch is on for every run is not written to the state',
    profile: 'kill',
    patches: [expression(STATE_RECORDS, /(?<=if \()touched\.shard(?=\) put)/, 'false')],
  },
  {
    name: 'closed position kept',
    what: 'a position that became zero stays in the state as it last was',
    profile: 'chaos',
    patches: [
      statement(
        STATE_RECORDS,
        "put(runId, 'position', symbol, qty === 0n ? null : { kind: 'position', qty });",
        "if (qty !== 0n) put(runId, 'position', symbol, { kind: 'position', qty });",
      ),
    ],
  },
  {
    name: 'wall clock in the fold',
    what: 'the clock of a run is that of the process, not of its records',
    profile: 'calm',
    patches: [expression(FOLD, 'advanceClock(ledger.state, input.timestamp)', `advanceClock(ledger.state, ${WALL_CLOCK})`)],
  },
  {
    name: 'withdrawn price kept',
    what: 'a price that is withdrawn stays what it was',
    profile: 'calm',
    patches: [
      expression(FOLD, 'price !== null && price > 0n ? price : undefined', 'price !== null && price > 0n ? price : before'),
    ],
  },
];
