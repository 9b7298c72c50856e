/**
 * A shard's inputs in the order in which they were folded. Which came first between two topics is an accident of arrival; the audit records say it by
 * the input positions that each carries. Source: design, "Determinism" (order).
 */
import type { AuditRecord, InputPositions } from '../contracts/messages';
import { AUDIT_RECORDS, INPUT_TOPICS } from '../contracts/topics';
import type { InputTopic, Topic } from '../contracts/topics';
import type { Bus, BusRecord } from '../processor/bus';
import { isInputTopic, POSITION_FIELD } from '../processor/inputs';
import { DivergenceError } from './divergence';
import { RecordCursor } from './recordCursor';

/** What an audit record says of the order. */
type Ordered = Pick<AuditRecord, 'input' | 'positions'>;

/** One topic, and how far it was handed out. */
interface Source {
  readonly topic: InputTopic;
  readonly field: keyof InputPositions;
  readonly cursor: RecordCursor;
  next: number;
}

export class RecordedInputs {
  private constructor(
    private readonly sources: readonly Source[],
    private readonly partition: number,
  ) {}

  static open(bus: Bus, partition: number): RecordedInputs {
    return new RecordedInputs(
      INPUT_TOPICS.map((topic) => ({
        topic,
        field: POSITION_FIELD[topic],
        cursor: new RecordCursor(bus, topic, partition),
        next: 0,
      })),
      partition,
    );
  }

  /**
   * Gives `fold` what was folded since the last call up to this audit record, its own input last; nothing where that was handed out before. `offset`:
   * of the audit record. There is nothing to wait for where the answer is undefined, which is nearly always. Throws, or rejects with, a DivergenceError
   * where an input is missing.
   */
  feed(audit: Ordered, offset: number, fold: (input: BusRecord) => void): Promise<void> | undefined {
    const last = this.lastOf(audit, offset);
    for (const source of this.sources)
      if (source !== last && !this.take(source, audit.positions, offset, fold)) return this.feedOn(audit, offset, fold);
    return this.take(last, audit.positions, offset, fold) ? undefined : this.feedOn(audit, offset, fold);
  }

  /** The inputs behind the last audit record, up to `positions`: they left none, so that their order between topics changes nothing. */
  async feedRest(positions: InputPositions, offset: number, fold: (input: BusRecord) => void): Promise<void> {
    for (const source of this.sources) await this.takeAll(source, positions, offset, fold);
  }

  /** As `feed`, one by one. */
  async *upTo(audit: Ordered, offset: number): AsyncGenerator<BusRecord> {
    const last = this.lastOf(audit, offset);
    for (const source of this.sources) if (source !== last) yield* this.before(source, audit.positions, offset);
    yield* this.before(last, audit.positions, offset);
  }

  /** As `feedRest`, one by one. */
  async *rest(positions: InputPositions, offset: number): AsyncGenerator<BusRecord> {
    for (const source of this.sources) yield* this.before(source, positions, offset);
  }

  async close(): Promise<void> {
    for (const { cursor } of this.sources) await cursor.close();
  }

  private lastOf({ input }: Ordered, offset: number): Source {
    const topic = input.topic as Topic;
    const last = isInputTopic(topic) ? this.sources.find((source) => source.topic === topic) : undefined;
    if (last === undefined)
      throw new DivergenceError(AUDIT_RECORDS, this.partition, offset, `\`${input.topic}\` is no input topic`);
    return last;
  }

  /** Hands out what is there; false: there must be more. */
  private take(source: Source, positions: InputPositions, offset: number, fold: (input: BusRecord) => void): boolean {
    const end = positions[source.field];
    while (source.next < end) {
      const input = source.cursor.peek();
      if (input === undefined) return false;
      if (input.offset >= end) throw this.missing(source, end, offset);
      source.cursor.advance();
      source.next = input.offset + 1;
      fold(input);
    }
    return true;
  }

  private async feedOn(audit: Ordered, offset: number, fold: (input: BusRecord) => void): Promise<void> {
    const last = this.lastOf(audit, offset);
    for (const source of [...this.sources.filter((one) => one !== last), last]) {
      await this.takeAll(source, audit.positions, offset, fold);
    }
  }

  private async takeAll(
    source: Source,
    positions: InputPositions,
    offset: number,
    fold: (input: BusRecord) => void,
  ): Promise<void> {
    while (!this.take(source, positions, offset, fold)) {
      if (!(await source.cursor.fill())) throw this.missing(source, positions[source.field], offset);
    }
  }

  private async *before(source: Source, positions: InputPositions, offset: number): AsyncGenerator<BusRecord> {
    const end = positions[source.field];
    while (source.next < end) {
      const input = source.cursor.peek();
      if (input === undefined) {
        if (!(await source.cursor.fill())) throw this.missing(source, end, offset);
        continue;
      }
      if (input.offset >= end) throw this.missing(source, end, offset);
      source.cursor.advance();
      source.next = input.offset + 1;
      yield input;
    }
  }

  private missing({ topic }: Source, end: number, offset: number): DivergenceError {
    const what = `${topic} before offset ${end} was folded for it, and is missing now`;
    return new DivergenceError(AUDIT_RECORDS, this.partition, offset, what);
  }
}
