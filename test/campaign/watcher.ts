/** Follows the log while the campaign runs: who took a shard over, how far inputs are folded, whether everything is dealt with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Codec } from '../../src/contracts/avro/codec';
import type { InputPositions } from '../../src/contracts/messages';
import { DECISIONS, EXECUTION_EVENTS, INPUT_TOPICS, POLICY_STATE } from '../../src/contracts/topics';
import { BusError } from '../../src/processor/bus';
import type { Bus, BusReader, BusRecord, TopicPosition } from '../../src/processor/bus';
import { POSITION_FIELD } from '../../src/processor/inputs';

const RECORDS = 5_000;
const WAIT_MS = 200;
const PAUSE_MS = 300;

export class Watcher {
  /** Fence records: takeovers of processors that have become durable. */
  takeovers = 0;
  decisions = 0;
  private readonly positions = new Map<number, InputPositions>();
  /** `partition/offset` of admitted decisions that no execution has named yet. */
  private readonly open = new Set<string>();
  private readonly done = new Set<string>();
  private reader: BusReader | undefined;
  private closed = false;
  private running: Promise<void> = Promise.resolve();
  private readonly from: TopicPosition[];

  constructor(
    private readonly bus: Bus,
    private readonly codec: Codec,
  ) {
    this.from = Array.from({ length: bus.shards }, (_, partition) =>
      ([POLICY_STATE, DECISIONS, EXECUTION_EVENTS] as const).map((topic) => ({ topic, partition, offset: 0 })),
    ).flat();
  }

  start(): void {
    this.running = this.follow();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
    await this.reader?.close();
  }

  /** Waits until every input is folded and every admitted decision is executed, twice in a row; answers how long it took, or undefined: it did not. */
  async drained(limitMs: number): Promise<number | undefined> {
    const startedAt = performance.now();
    let before = '';
    while (performance.now() - startedAt < limitMs) {
      const now = await this.settled();
      if (now !== undefined && now === before) return performance.now() - startedAt;
      before = now ?? '';
      await sleep(PAUSE_MS);
    }
    return undefined;
  }

  /** What is not dealt with yet, for a person. */
  async backlog(): Promise<string> {
    const left: string[] = [];
    for (let partition = 0; partition < this.bus.shards; partition++) {
      for (const topic of INPUT_TOPICS) {
        const end = await this.bus.endOffset(topic, partition);
        const at = this.positions.get(partition)?.[POSITION_FIELD[topic]] ?? 0;
        if (at < end) left.push(`${topic}/${partition} at ${at} of ${end}`);
      }
    }
    if (this.open.size > 0) left.push(`${this.open.size} admitted decisions without an execution`);
    return left.join(', ');
  }

  private async settled(): Promise<string | undefined> {
    const ends: number[] = [];
    try {
      for (let partition = 0; partition < this.bus.shards; partition++) {
        for (const topic of INPUT_TOPICS) {
          const end = await this.bus.endOffset(topic, partition);
          ends.push(end);
          // Markers at the end are not folded: what is folded reaches the last record, and the rest holds none.
          if (!(await this.reached(topic, partition, end))) return undefined;
        }
      }
    } catch (error) {
      if (error instanceof BusError) return undefined;
      throw error;
    }
    return this.open.size === 0 ? ends.join() : undefined;
  }

  private async reached(topic: (typeof INPUT_TOPICS)[number], partition: number, end: number): Promise<boolean> {
    const at = this.positions.get(partition)?.[POSITION_FIELD[topic]] ?? 0;
    if (at >= end) return true;
    const rest = await this.bus.reader([{ topic, partition, offset: at }]);
    try {
      while (rest.position(topic, partition) < end)
        if ((await rest.poll({ maxRecords: 1, maxWaitMs: WAIT_MS })).length > 0) return false;
      return true;
    } finally {
      await rest.close();
    }
  }

  private async follow(): Promise<void> {
    while (!this.closed) {
      try {
        this.reader ??= await this.bus.reader(this.from);
        for (const record of await this.reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS })) this.see(record);
        this.from.forEach((position, at) => {
          const { topic, partition } = position;
          this.from[at] = { topic, partition, offset: this.reader?.position(topic, partition) ?? position.offset };
        });
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        await this.reader?.close().catch(() => undefined);
        this.reader = undefined;
        await sleep(PAUSE_MS);
      }
    }
  }

  private see({ topic, partition, offset, key, value }: BusRecord): void {
    if (topic === POLICY_STATE) {
      const stateKey = this.codec.decodeKey(POLICY_STATE, key);
      if (!stateKey.ok || (stateKey.value.kind !== 'fence' && stateKey.value.kind !== 'positions')) return;
      const entity = this.codec.decodeValue(POLICY_STATE, value);
      if (!entity.ok) return;
      if (entity.value.kind === 'fence') this.takeovers += 1;
      if (entity.value.kind === 'positions') this.positions.set(partition, entity.value.positions);
    } else if (topic === DECISIONS) {
      this.decisions += 1;
      const decision = this.codec.decodeValue(DECISIONS, value);
      const slot = `${partition}/${offset}`;
      if (decision.ok && decision.value.order !== null && decision.value.reference_price !== null && !this.done.has(slot))
        this.open.add(slot);
    } else {
      const execution = this.codec.decodeValue(EXECUTION_EVENTS, value);
      if (!execution.ok || execution.value.event === 'ORDER_SUBMITTED') return;
      const slot = `${partition}/${execution.value.decision_offset}`;
      this.done.add(slot);
      this.open.delete(slot);
    }
  }
}
