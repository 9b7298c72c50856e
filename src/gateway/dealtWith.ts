/**
 * How far decisions are dealt with, by what execution events say. An event that names a decision of another order was written by somebody else: were it
 * believed, the decisions before it would never be sent.
 */
import type { Codec } from '../contracts/avro/codec';
import type { ExecutionEvent } from '../contracts/messages';
import { DECISIONS } from '../contracts/topics';
import type { Bus } from '../processor/bus';
import { recordsTo } from '../processor/readTo';

/** An event that names a decision which is not its order's. */
export interface ForeignEvent {
  readonly runId: string;
  readonly intentId: string;
  readonly decisionOffset: number;
}

/** What is remembered of events; were they all foreign, the log is read again for those below. */
const MOST_CANDIDATES = 1_024;

/** The events that name the highest decisions, each order once. */
export class Candidates {
  private readonly byOffset = new Map<number, Map<string, ForeignEvent>>();
  private size = 0;
  private floor = -1;

  /** `below`: decisions from there on were never made, or are looked at already. */
  constructor(
    private readonly below: number,
    private readonly most = MOST_CANDIDATES,
  ) {}

  /** Decisions up to and with this one may be named by events that were not kept; -1: all were. */
  get forgottenTo(): number {
    return this.floor;
  }

  add({ run_id: runId, intent_id: intentId, decision_offset: decisionOffset }: ExecutionEvent): void {
    if (decisionOffset >= this.below || decisionOffset <= this.floor) return;
    const key = `${runId}\0${intentId}`;
    const named = this.byOffset.get(decisionOffset) ?? new Map<string, ForeignEvent>();
    if (named.has(key)) return;
    named.set(key, { runId, intentId, decisionOffset });
    this.byOffset.set(decisionOffset, named);
    this.size += 1;
    // Twice as many are let in before the lower half goes, so that each event costs little.
    if (this.size >= 2 * this.most) this.forgetLowest();
  }

  /** Highest decisions first. */
  descending(): readonly (readonly ForeignEvent[])[] {
    return [...this.byOffset].sort(([a], [b]) => b - a).map(([, named]) => [...named.values()]);
  }

  private forgetLowest(): void {
    for (const offset of [...this.byOffset.keys()].sort((a, b) => a - b)) {
      // The highest stays, however many events name it.
      if (this.size <= this.most || this.byOffset.size === 1) return;
      this.size -= this.byOffset.get(offset)?.size ?? 0;
      this.byOffset.delete(offset);
      this.floor = offset;
    }
  }
}

/** The offset behind the highest decision that an event of its own order names (0: none), and the events above it that are not of theirs. */
export const dealtWith = async (
  { bus, codec, partition }: { readonly bus: Bus; readonly codec: Codec; readonly partition: number },
  first: Candidates,
  /** Gives the candidates below a decision, from the log. */
  readAgain: (below: number) => Promise<Candidates>,
): Promise<{ readonly nextDecision: number; readonly foreignEvents: readonly ForeignEvent[] }> => {
  const foreignEvents: ForeignEvent[] = [];
  for (let candidates = first; ; candidates = await readAgain(candidates.forgottenTo + 1)) {
    for (const named of candidates.descending()) {
      const offset = named[0]?.decisionOffset ?? 0;
      let ours: { readonly run_id: string; readonly intent_id: string } | undefined;
      for await (const { value } of recordsTo(bus, { topic: DECISIONS, partition, offset }, offset + 1)) {
        const decision = codec.decodeValue(DECISIONS, value);
        if (decision.ok && decision.value.order !== null) ours = decision.value;
      }
      const others = named.filter(({ runId, intentId }) => runId !== ours?.run_id || intentId !== ours.intent_id);
      for (const event of others) if (foreignEvents.length < MOST_CANDIDATES) foreignEvents.push(event);
      if (others.length < named.length) return { nextDecision: offset + 1, foreignEvents };
    }
    if (candidates.forgottenTo < 0) return { nextDecision: 0, foreignEvents };
  }
};
