/**
 * Mistakes that this system could have had, each planted in a copy of the built program and put through the faults that should bring it to light. A
 * campaign that finds nothing says little; one that finds nothing and finds all of these says more.
 *
 * Patches are made to the compiled text (swc keeps the source's words). One that no longer applies is an error: it would prove nothing.
 */
import type { Patch } from './builtProgram';
import type { Step } from './campaign';
import { killAt, killAtRandom, loseAnswers, poison, rebalance, zombie } from './faults';

export interface PlantedBug {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  /** What brings it to light; each is one step. */
  readonly faults: readonly Step[];
}

const kill = (point: string): Step => ({
  name: `kill at ${point}`,
  run: (faults) => killAt(faults, { service: point.startsWith('gateway') ? 'gateway' : 'processor', point }),
});
const anyKill: Step = { name: 'kill at a random time', run: killAtRandom };
const processorZombie: Step = { name: 'zombie processor', run: (faults) => zombie(faults, 'processor') };
const poisoned: Step = { name: 'poison', run: poison };
const moved: Step = { name: 'processors join and leave', run: rebalance };
const lost = (kind: 'endTxn' | 'produce'): Step => ({
  name: `answers to ${kind} lost`,
  run: (faults) => loseAnswers(faults, kind),
});

/** Restoring ends at the first fence that comes by, whoever wrote it. */
const ANY_FENCE: readonly Patch[] = [
  { file: 'processor/processor', from: /reader\.position\(.*?\) <= fenceOffset/, to: 'restored.fence === undefined' },
  { file: 'processor/processor', from: 'restored.fence !== owner', to: 'false' },
  { file: 'processor/processor', from: 'maxRecords: RESTORE_RECORDS', to: 'maxRecords: 50' },
];

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'no fencing',
    what: 'each process has a transactional id of its own',
    patches: [
      {
        file: 'processor/processor',
        from: '`policygate-processor-${partition}`',
        to: '`policygate-processor-${partition}-${process.pid}`',
      },
    ],
    faults: [processorZombie, processorZombie, processorZombie],
  },
  {
    name: 'positions apart',
    what: 'input positions are committed in a transaction of their own, after what came of the inputs',
    patches: [
      {
        file: 'processor/processor',
        from: 'await this.writer.commit(records);',
        to: 'await this.writer.commit(records.slice(0, -1)); await this.writer.commit(records.slice(-1));',
      },
    ],
    faults: [kill('kafka-before-send'), kill('kafka-after-send'), kill('kafka-before-send'), kill('kafka-during-commit')],
  },
  {
    name: 'decisions apart',
    what: 'decisions are published before the rest, in a transaction of their own',
    patches: [
      {
        file: 'processor/processor',
        from: 'await this.writer.commit(records);',
        to: `await this.writer.commit(records.filter((one)=>one.topic === 'decisions')); await this.writer.commit(records.filter((one)=>one.topic !== 'decisions'));`,
      },
    ],
    faults: [kill('kafka-before-send'), kill('kafka-after-send'), kill('kafka-before-send'), kill('kafka-after-send')],
  },
  {
    name: 'aborted records read',
    what: 'the list of aborted transactions is left out',
    patches: [{ file: 'bus/kafka/committedRecords', from: '!(transactional && aborted.has(producerId))', to: 'true' }],
    faults: [poisoned],
  },
  {
    name: 'kafkajs’s idea of a marker',
    what: 'a record whose key is four zero bytes ends an aborted transaction',
    patches: [
      {
        file: 'bus/kafka/committedRecords',
        from: '} else if (!(transactional && aborted.has(producerId))) {',
        to: '} else { if (records.some(({ key })=>key !== null && key.length === 4 && key.readInt32BE(0) === 0)) aborted.delete(producerId); if (!(transactional && aborted.has(producerId)))',
      },
    ],
    faults: [poisoned],
  },
  {
    name: 'stale restore',
    what: 'restoring ends at any fence that is seen, not at its own',
    patches: ANY_FENCE,
    faults: [anyKill, moved],
  },
  {
    name: 'stale restore unverified',
    what: 'the same, and the journal’s end is not compared with the state',
    patches: [...ANY_FENCE, { file: 'processor/processor', from: 'await verifyChains(options, shard);', to: '' }],
    faults: [anyKill, moved],
  },
  {
    name: 'repeats forgotten',
    what: 'a restore does not bring back which intents were decided',
    patches: [{ file: 'processor/restoreShard', from: 'this.partsOf(run_id).intents.set(id, entity);', to: '' }],
    faults: [moved],
  },
  {
    name: 'committed again',
    what: 'a commit of unknown outcome is tried again with the same records',
    patches: [
      {
        file: 'apps/service/busScope',
        from: /const offsets = await writer\.commit\(records\);/,
        to: `let offsets; try { offsets = await writer.commit(records); } catch (error) { if (error.retryable !== true) throw error; writer = await this.bus.writer(transactionalId); offsets = await writer.commit(records); }`,
      },
      { file: 'apps/service/busScope', from: 'const writer = await this', to: 'let writer = await this' },
    ],
    faults: [lost('endTxn'), lost('endTxn'), lost('endTxn')],
  },
  {
    name: 'outcome ignored',
    what: 'after a failed commit the processor goes on with the same memory',
    patches: [
      {
        file: 'processor/processor',
        from: 'await this.writer.commit(records);',
        to: `try { await this.writer.commit(records); } catch (error) { if (error.retryable !== true) throw error; this.writer = await this.options.bus.writer(transactionalId(this.options.partition)); }`,
      },
    ],
    faults: [lost('produce'), lost('produce')],
  },
  {
    name: 'last entity lost',
    what: 'the last intent that a batch touched is not written to the state',
    patches: [
      {
        file: 'processor/stateRecords',
        from: 'state.intents.packClosed();',
        to: `{ const last = shardLast(records); if (last >= 0) records.splice(last, 1); } state.intents.packClosed();`,
      },
      { file: 'processor/stateRecords', from: 'putRun(ledger, put)', to: 'putRun(ledger, put, records)' },
      { file: 'processor/stateRecords', from: '}, put)=>{', to: '}, put, records)=>{' },
      {
        file: 'processor/stateRecords',
        from: 'const putRun =',
        to: `const shardLast = (records)=>records.length > 3 && records[records.length - 1].key.includes('intent') ? records.length - 1 : -1;\nconst putRun =`,
      },
    ],
    faults: [anyKill],
  },
  {
    name: 'positions one too low',
    what: 'the stored position of the intents is the last that was folded, not the next',
    patches: [
      {
        file: 'processor/stateRecords',
        from: '...shard.positions',
        to: '...shard.positions, order_intents: Math.max(0, shard.positions.order_intents - 1)',
      },
    ],
    faults: [moved],
  },
  {
    name: 'positions one too high',
    what: 'the stored position of the intents is one behind the next: one is never folded after a takeover',
    patches: [
      {
        file: 'processor/stateRecords',
        from: '...shard.positions',
        to: '...shard.positions, order_intents: shard.positions.order_intents + 1',
      },
    ],
    faults: [moved],
  },
  {
    name: 'poison dropped',
    what: 'what cannot be read is passed over without a dead letter',
    patches: [{ file: 'processor/foldContext', from: /const setAside = \((.*)\)=>\{/, to: 'const setAside = ($1)=>{ return;' }],
    faults: [poisoned],
  },
  {
    name: 'kill switch forgotten',
    what: 'that the kill switch is on for every run is not written to the state',
    patches: [{ file: 'processor/stateRecords', from: 'if (touched.shard) put', to: 'if (false) put' }],
    faults: [moved, anyKill],
  },
  {
    name: 'wall clock in the fold',
    what: 'a run’s clock is the process’s, not the record’s',
    patches: [
      {
        file: 'processor/fold',
        from: 'advanceClock)(ledger.state, input.timestamp)',
        to: 'advanceClock)(ledger.state, Date.now())',
      },
    ],
    faults: [anyKill],
  },
  {
    name: 'submitted again',
    what: 'a gateway that takes over starts at the last decision that was executed, not behind it',
    patches: [{ file: 'gateway/gateway', from: 'decision_offset + 1)', to: 'decision_offset)' }],
    faults: [kill('gateway-after-commit'), kill('gateway-before-commit')],
  },
  {
    name: 'sent, then remembered',
    what: 'executions are published one transaction for each event',
    patches: [
      {
        file: 'gateway/gateway',
        from: /await this\.writer\.commit\(executions\.map\((.*?)\)\);/,
        to: 'for (const one of executions) { faultPoint?.("gateway-before-commit"); await this.writer.commit([this.recordOf(one)]); }',
      },
    ],
    faults: [kill('gateway-before-commit'), kill('gateway-before-commit'), kill('gateway-before-commit')],
  },
];
