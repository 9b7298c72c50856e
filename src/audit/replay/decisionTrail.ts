/** The decisions of a shard, or of one run in it, against those that folding gives: the same, in the same order, none missing and none besides. */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import { DECISIONS } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import type { ShardState } from '../../processor/ledger';
import { RecordCursor } from '../recordCursor';
import { compareRecord } from './compareRecords';
import { displaced } from './displaced';
import { Differs } from './difference';
import type { Decided } from './replayedShard';

export class DecisionTrail {
  same = 0;
  ofEarlierSchemas = 0;
  private readonly cursor: RecordCursor;
  /** Where the topic ended when the replay began. */
  private end = 0;
  private next = 0;

  constructor(
    private readonly bus: Bus,
    private readonly codec: Codec,
    private readonly shard: ShardState,
    private readonly run: string | undefined,
  ) {
    this.cursor = new RecordCursor(bus, DECISIONS, shard.partition);
  }

  async noteEnd(): Promise<void> {
    this.end = await this.bus.endOffset(DECISIONS, this.shard.partition);
  }

  /** Takes all of `made`, each of which must come next on the log. Throws, or rejects with, a Differs. */
  compare(made: Decided[]): Promise<void> | undefined {
    for (let [first] = made; first !== undefined; [first] = made) {
      const recorded = this.take();
      if (recorded === undefined) return this.compareOn(made);
      made.shift();
      this.compareOne(recorded, first);
    }
    return undefined;
  }

  /** Rejects with a Differs if the log has more decisions than folding gave. */
  async checkNoMore(): Promise<void> {
    for (;;) {
      const recorded = this.take();
      if (recorded === undefined && !(await this.cursor.fill())) return;
      if (recorded === undefined) continue;
      if (recorded.offset >= this.end) return;
      throw this.extra(recorded);
    }
  }

  close(): Promise<void> {
    return this.cursor.close();
  }

  /** The next one of the chosen run; undefined: the batch is used up. */
  private take(): BusRecord | undefined {
    for (let record = this.cursor.peek(); record !== undefined; record = this.cursor.peek()) {
      this.cursor.advance();
      this.next = record.offset + 1;
      if (this.run === undefined) return record;
      const key = this.codec.decodeKey(DECISIONS, record.key);
      if (key.ok && key.value.run_id === this.run) return record;
    }
    return undefined;
  }

  private async compareOn(made: Decided[]): Promise<void> {
    if (await this.cursor.fill()) return this.compare(made);
    const [first] = made;
    const { next: offset } = this;
    const { partition } = this.shard;
    const about = { topic: DECISIONS, partition, offset, again: first?.decision, audit: first?.audit } as const;
    throw new Differs({ ...about, kind: 'missing', what: 'the decision of this audit record is missing' });
  }

  private compareOne(recorded: BusRecord, { decision, audit }: Decided): void {
    const { again, differs, earlier } = compareRecord(this.codec, DECISIONS, recorded, decision);
    if (differs !== undefined) {
      const { partition, offset } = recorded;
      const about = { topic: DECISIONS, partition, offset, recorded, again, audit } as const;
      const one = this.codec.decodeValue(DECISIONS, recorded.value);
      const other = this.codec.decodeValue(DECISIONS, again.value);
      if (!one.ok) throw new Differs({ ...about, kind: 'unreadable', what: describeFault(one.error) });
      throw new Differs({ ...about, ...displaced(this.shard, one.value, other.ok ? other.value : one.value, differs) });
    }
    this.same += 1;
    if (earlier) this.ofEarlierSchemas += 1;
  }

  private extra(recorded: BusRecord): Differs {
    const { topic, partition, offset } = recorded;
    const what = 'no intent leads to this decision';
    return new Differs({ kind: 'extra', topic, partition, offset, what, recorded });
  }
}
