/**
 * What became of control events, told by the shards that folded them: which runs took them, at which seq of their journals, and which refused.
 *
 * A shard has folded an event once its input positions, in `policy-state`, are past it. The same transaction holds the entities of all runs that it
 * changed, and these say how long each journal is by then: so it is known which audit records must come, even where a reader of one topic is a
 * moment ahead of the other's.
 */
import type { Codec } from '../../contracts/avro/codec';
import type { AuditKind } from '../../contracts/messages';
import { AUDIT_RECORDS, CONTROL_EVENTS, DEAD_LETTERS, POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusReader, BusRecord } from '../../processor/bus';

/** Where an event was written. */
export interface EventPosition {
  readonly partition: number;
  readonly offset: number;
}

/** The answer of one run. */
export interface RunAnswer extends EventPosition {
  readonly run: string;
  /** Of its audit record. */
  readonly seq: number;
  readonly kind: AuditKind;
  /** Why it was refused, or what is worth knowing. */
  readonly note: string | null;
}

/** The answer of one shard. */
export interface ShardAnswer extends EventPosition {
  /** False: nobody has folded it in time. */
  readonly folded: boolean;
  /** Empty when no run was concerned. */
  readonly runs: readonly RunAnswer[];
  /** Why it was set aside as a whole. */
  readonly deadLetter: string | undefined;
}

const WATCHED = [AUDIT_RECORDS, POLICY_STATE, DEAD_LETTERS] as const;
const RECORDS = 500;
const WAIT_MS = 200;
/** How long the records of a transaction can be behind one another. */
const REST_MS = 2_000;

/** Ends of what the answers will be written to: taken before the events are published, so that no answer is missed. */
export class AnswerWatch {
  private constructor(
    private readonly codec: Codec,
    private readonly readers: ReadonlyMap<number, BusReader>,
  ) {}

  static async open(bus: Bus, codec: Codec, partitions: Iterable<number>): Promise<AnswerWatch> {
    const readers = new Map<number, BusReader>();
    for (const partition of partitions) {
      const from = [];
      for (const topic of WATCHED) from.push({ topic, partition, offset: await bus.endOffset(topic, partition) });
      readers.set(partition, await bus.reader(from));
    }
    return new AnswerWatch(codec, readers);
  }

  /** Of each event in turn, one to a shard. `deadline`: by `performance.now()`. */
  async answers(events: readonly EventPosition[], deadline: number): Promise<readonly ShardAnswer[]> {
    return Promise.all(
      events.map(async (event) => {
        const reader = this.readers.get(event.partition);
        if (reader === undefined) throw new TypeError(`shard ${event.partition} is not watched`);
        const collected = new Collected(this.codec, event);
        let until = deadline;
        while (!collected.complete && performance.now() < until) {
          const before = collected.folded;
          for (const record of await reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS })) collected.add(record);
          if (collected.folded && !before) until = performance.now() + REST_MS;
        }
        return collected.answer;
      }),
    );
  }

  async close(): Promise<void> {
    for (const reader of this.readers.values()) await reader.close();
  }
}

/** What has been read about one event. */
class Collected {
  /** Of each run that the transaction with the event has changed, the seq of its next audit record. */
  private readonly nextSeq = new Map<string, number>();
  private readonly lastSeq = new Map<string, number>();
  private readonly runs: RunAnswer[] = [];
  folded = false;
  private deadLetter: string | undefined;

  constructor(
    private readonly codec: Codec,
    private readonly event: EventPosition,
  ) {}

  /** Folded, and every audit record that came of it is here. */
  get complete(): boolean {
    if (this.deadLetter !== undefined) return true;
    if (!this.folded) return false;
    for (const [run, next] of this.nextSeq) if ((this.lastSeq.get(run) ?? -1) < next - 1) return false;
    return true;
  }

  get answer(): ShardAnswer {
    const { event, folded, runs, deadLetter } = this;
    return { ...event, folded: folded || deadLetter !== undefined, runs, deadLetter };
  }

  add(record: BusRecord): void {
    if (record.topic === AUDIT_RECORDS) this.addAudit(record);
    else if (record.topic === POLICY_STATE) this.addState(record);
    else this.addDeadLetter(record);
  }

  private addAudit({ value }: BusRecord): void {
    const audit = this.codec.decodeValue(AUDIT_RECORDS, value);
    if (!audit.ok) return;
    const { input, kind, note, run_id, seq } = audit.value.record;
    this.lastSeq.set(run_id, seq);
    if (this.isOurs(input.topic, input.offset)) this.runs.push({ ...this.event, run: run_id, seq, kind, note });
  }

  private addState({ key, value }: BusRecord): void {
    const stateKey = this.codec.decodeKey(POLICY_STATE, key);
    if (this.folded || value === null || !stateKey.ok) return;
    const entity = this.codec.decodeValue(POLICY_STATE, value);
    if (!entity.ok) return;
    if (entity.value.kind === 'run') this.nextSeq.set(stateKey.value.run_id, entity.value.next_seq);
    if (entity.value.kind !== 'positions') return;
    // They come last in their transaction; what an earlier one changed is not waited for.
    this.folded = entity.value.positions.control_events > this.event.offset;
    if (!this.folded) this.nextSeq.clear();
  }

  private addDeadLetter({ headers }: BusRecord): void {
    if (this.isOurs(headers.topic, Number(headers.offset))) this.deadLetter = headers.reason ?? 'no reason was given';
  }

  private isOurs(topic: string | undefined, offset: number): boolean {
    return topic === CONTROL_EVENTS && offset === this.event.offset;
  }
}
