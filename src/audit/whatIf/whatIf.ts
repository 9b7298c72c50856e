/**
 * What another policy would have decided over a shard's recorded traffic. The recorded course of events is folded beside the other one, so that the
 * two differ by nothing but the policy; it must follow from the log, or the comparison would be of two engines. Nothing is written.
 * Source: design, "Audit" (`replay --policy`).
 */
import { describeFault } from '../../contracts/avro/decoded';
import type { AuditRecord, InputPositions } from '../../contracts/messages';
import { AUDIT_RECORDS, POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import type { ShardState } from '../../processor/ledger';
import { recordsTo } from '../../processor/readTo';
import { DivergenceError } from '../divergence';
import { RecordedInputs } from '../recordedInputs';
import { DeadLetters } from '../replay/deadLetters';
import { sameAnswer } from './decidedTwice';
import type { DecidedTwice } from './decidedTwice';
import { OtherWorld } from './otherWorld';
import type { OtherOutcome, OtherWorldOptions } from './otherWorld';
import { World } from './world';

/** Who watches the two courses of events. `record`s are those of the chosen runs. */
export interface WhatIfObserver {
  decided(pair: DecidedTwice): void;
  /** A record of the recorded course of events, and what became of its input in the other. */
  recorded(record: AuditRecord, outcome: OtherOutcome): void;
  other(record: AuditRecord): void;
  /** So far is read of the shard's audit records. */
  folded?(auditOffset: number): void;
}

export interface WhatIfOptions extends OtherWorldOptions {
  readonly bus: Bus;
  readonly observer: WhatIfObserver;
}

/** The shard's memory at the end of both. */
export interface WhatIfEnd {
  readonly recorded: ShardState;
  readonly other: ShardState;
}

const FOLDED_EVERY = 500;

/** Rejects with a DivergenceError where the recorded decisions do not follow from the log. */
export const whatIf = async (options: WhatIfOptions): Promise<WhatIfEnd> => {
  const { bus, codec, partition, observer } = options;
  // Before the end of the audit records is known: on a log that is written meanwhile they reach at least as far.
  const positions = await foldedPositions(options);
  const worlds = new TwoWorlds(options, await DeadLetters.read(bus, codec, partition));
  const inputs = RecordedInputs.open(bus, partition);
  let last = -1;
  try {
    for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
      const audit = codec.decodeAudit(value);
      if (!audit.ok) throw new DivergenceError(AUDIT_RECORDS, partition, offset, describeFault(audit.error));
      const { record } = audit.value;
      const more = inputs.feed(record, offset, worlds.take);
      if (more !== undefined) await more;
      if (worlds.isChosen(record) && !follows(record, worlds.expected.shift()))
        throw new DivergenceError(AUDIT_RECORDS, partition, offset, 'does not follow from its input; see `policygate replay`');
      last = offset;
      if (offset % FOLDED_EVERY === 0) observer.folded?.(offset);
    }
    await inputs.feedRest(positions, last, worlds.take);
  } finally {
    await inputs.close();
  }
  return { recorded: worlds.recorded.shard, other: worlds.other.shard };
};

class TwoWorlds {
  /** Audit records of the chosen runs that the log must go on with. */
  readonly expected: AuditRecord[] = [];
  readonly recorded: World;
  readonly other: OtherWorld;

  constructor(
    private readonly options: WhatIfOptions,
    private readonly letters: DeadLetters,
  ) {
    this.recorded = new World(options.partition, options.codec);
    this.other = new OtherWorld(options);
  }

  isChosen({ run_id }: AuditRecord): boolean {
    return this.options.runs?.has(run_id) !== false;
  }

  readonly take = (input: BusRecord): void => {
    const { observer } = this.options;
    // An input whose schema nobody knew changed nothing, whatever it would say today.
    const unknown = this.letters.unknownSchemaOf(input) !== undefined;
    const folded = unknown ? this.recorded.setAside(input) : this.recorded.fold(input);
    const outcome = this.other.take(input, folded);
    for (const record of folded.records) {
      if (!this.isChosen(record)) continue;
      this.expected.push(record);
      observer.recorded(record, outcome);
    }
    for (const record of outcome.records) observer.other(record);
    if (outcome.decided !== undefined) observer.decided(outcome.decided);
  };
}

/** Bytes are `replay`'s to compare: here an older engine's record will do, as long as it answers the same. */
const follows = (recorded: AuditRecord, again: AuditRecord | undefined): boolean =>
  again?.run_id === recorded.run_id &&
  again.seq === recorded.seq &&
  again.kind === recorded.kind &&
  (recorded.decision === null
    ? again.decision === null
    : again.decision !== null && sameAnswer(recorded.decision, again.decision));

/** How far the shard's inputs were folded, prices behind the last audit record included: the last word of `policy-state`. */
const foldedPositions = async ({ bus, codec, partition }: WhatIfOptions): Promise<InputPositions> => {
  let positions: InputPositions = { order_intents: 0, market_prices: 0, control_events: 0, execution_events: 0 };
  for await (const { key, value } of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 })) {
    const name = codec.decodeKey(POLICY_STATE, key);
    if (!name.ok || name.value.kind !== 'positions' || value === null) continue;
    const entity = codec.decodeValue(POLICY_STATE, value);
    if (entity.ok && entity.value.kind === 'positions') ({ positions } = entity.value);
  }
  return positions;
};
