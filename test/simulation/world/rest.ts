/** Whether everything that was asked for is done: every input folded, every admitted order ended. It looks at what is new on the log each time. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { DECISIONS, EXECUTION_EVENTS, INPUT_TOPICS, POLICY_STATE } from '../../../src/contracts/topics';
import { POSITION_FIELD } from '../../../src/processor/inputs';
import type { RawLog } from '../../checks/rawLog';

const ENDS = new Set(['ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED']);

export class Rest {
  /** Admitted orders that have not ended, by shard and intent, with the last word on each. */
  private readonly open = new Map<string, string>();
  private readonly ended = new Set<string>();
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly log: RawLog,
    private readonly codec: Codec,
  ) {}

  /** What is still to be done; empty: everything is at rest. */
  missing(): readonly string[] {
    const missing: string[] = [];
    for (let shard = 0; shard < this.log.shards; shard++) {
      this.look(shard);
      missing.push(...this.unread(shard));
    }
    for (const [order, last] of this.open) missing.push(`order ${order} has not ended: ${last}`);
    return missing;
  }

  private look(shard: number): void {
    for (const { value } of this.fresh(DECISIONS, shard)) {
      const decision = this.codec.decodeValue(DECISIONS, value);
      if (!decision.ok || decision.value.order === null || decision.value.reference_price === null) continue;
      const order = `${shard}/${decision.value.run_id}/${decision.value.intent_id}`;
      if (!this.ended.has(order)) this.open.set(order, 'admitted');
    }
    for (const { value } of this.fresh(EXECUTION_EVENTS, shard)) {
      const read = this.codec.decodeValue(EXECUTION_EVENTS, value);
      if (!read.ok) continue;
      const { event, run_id, intent_id, leaves_qty } = read.value;
      const order = `${shard}/${run_id}/${intent_id}`;
      if (ENDS.has(event) || (event === 'ORDER_FILLED' && leaves_qty === 0n)) {
        this.open.delete(order);
        this.ended.add(order);
      } else if (this.open.has(order)) this.open.set(order, event);
    }
  }

  private unread(shard: number): readonly string[] {
    const states = this.log.records(POLICY_STATE, shard);
    for (let at = states.length - 1; at >= 0; at--) {
      // A commit of a processor ends with its positions; that of a takeover is the fence alone.
      const entity = this.codec.decodeValue(POLICY_STATE, states[at]?.value ?? null);
      if (!entity.ok || entity.value.kind !== 'positions') continue;
      const { positions } = entity.value;
      return INPUT_TOPICS.flatMap((topic) => {
        const [read, end] = [positions[POSITION_FIELD[topic]], this.log.end(topic, shard)];
        return read >= end ? [] : [`${topic}/${shard} is folded to ${read} of ${end}`];
      });
    }
    return INPUT_TOPICS.filter((topic) => this.log.end(topic, shard) > 0).map(
      (topic) => `nothing of ${topic}/${shard} is folded`,
    );
  }

  private fresh(
    topic: typeof DECISIONS | typeof EXECUTION_EVENTS,
    shard: number,
  ): readonly { readonly value: Uint8Array | null }[] {
    const slot = `${topic}/${shard}`;
    const records = this.log.records(topic, shard);
    const from = this.seen.get(slot) ?? 0;
    this.seen.set(slot, records.length);
    return records.slice(from);
  }
}
