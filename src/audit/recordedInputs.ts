/**
 * A shard's inputs in the order in which they were folded. Which came first between two topics is an accident of arrival; the audit records say it by
 * the input positions that each carries. Source: design, "Determinism" (order).
 */
import type { AuditRecord, InputPositions } from '../contracts/messages';
import { AUDIT_RECORDS, INPUT_TOPICS } from '../contracts/topics';
import type { InputTopic, Topic } from '../contracts/topics';
import type { Bus, BusRecord } from '../processor/bus';
import { isInputTopic, POSITION_FIELD } from '../processor/inputs';
import { recordsTo } from '../processor/readTo';
import { DivergenceError } from './divergence';

export class RecordedInputs {
  private readonly next = new Map<InputTopic, number>(INPUT_TOPICS.map((topic) => [topic, 0]));

  private constructor(
    private readonly records: ReadonlyMap<InputTopic, AsyncGenerator<BusRecord>>,
    private readonly partition: number,
  ) {}

  static open(bus: Bus, partition: number): RecordedInputs {
    return new RecordedInputs(
      new Map(INPUT_TOPICS.map((topic) => [topic, recordsTo(bus, { topic, partition, offset: 0 })])),
      partition,
    );
  }

  /**
   * What was folded since the last call up to this audit record, its own input last; nothing where that was handed out before. `offset`: of the audit
   * record. Throws a DivergenceError where an input is missing.
   */
  async *upTo({ input, positions }: AuditRecord, offset: number): AsyncGenerator<BusRecord> {
    const last = input.topic as Topic;
    if (!isInputTopic(last)) {
      throw new DivergenceError(AUDIT_RECORDS, this.partition, offset, `\`${input.topic}\` is no input topic`);
    }
    for (const topic of INPUT_TOPICS) if (topic !== last) yield* this.before(topic, positions, offset);
    yield* this.before(last, positions, offset);
  }

  /** The inputs behind the last audit record, up to `positions`: they left none, so that their order between topics changes nothing. */
  async *rest(positions: InputPositions, offset: number): AsyncGenerator<BusRecord> {
    for (const topic of INPUT_TOPICS) yield* this.before(topic, positions, offset);
  }

  async close(): Promise<void> {
    for (const records of this.records.values()) await records.return(undefined);
  }

  private async *before(topic: InputTopic, positions: InputPositions, auditOffset: number): AsyncGenerator<BusRecord> {
    const end = positions[POSITION_FIELD[topic]];
    while ((this.next.get(topic) ?? 0) < end) {
      const input = await this.records.get(topic)?.next();
      if (input === undefined || input.done === true || input.value.offset >= end) {
        const missing = `${topic} before offset ${end} was folded for it, and is missing now`;
        throw new DivergenceError(AUDIT_RECORDS, this.partition, auditOffset, missing);
      }
      this.next.set(topic, input.value.offset + 1);
      yield input.value;
    }
  }
}
