/** Sends the workload with the writers that the commands use, at a pace, while things are being killed; and remembers what was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PersistentWriter } from '../../src/apps/publishing/persistentWriter';
import { ORDER_INTENTS } from '../../src/contracts/topics';
import { BusError } from '../../src/processor/bus';
import type { Bus, OutgoingRecord } from '../../src/processor/bus';
import type { Acknowledged } from '../checks/evidence';
import type { Event, Workload } from './workload';

const CHUNK_INTENTS = 12;
const PAUSE_MS = 500;

export class Publisher {
  readonly acknowledged: Acknowledged[] = [];
  intents = 0;
  /** Errors of the bus, each followed by another attempt. */
  retries = 0;
  private allowed = 0;
  private closed = false;
  private running: Promise<void> = Promise.resolve();
  private readonly intentWriter: PersistentWriter;
  private readonly otherWriter: PersistentWriter;

  constructor(
    bus: Bus,
    private readonly workload: Workload,
    /** Intents a second. */
    private readonly rate: number,
  ) {
    const retrying = (): void => void (this.retries += 1);
    this.intentWriter = new PersistentWriter(bus, 'campaign-intents', retrying);
    this.otherWriter = new PersistentWriter(bus, 'campaign-others', retrying);
  }

  start(): void {
    this.running = this.run();
  }

  /** So many intents more. */
  allow(intents: number): void {
    this.allowed += intents;
  }

  get left(): number {
    return Math.max(0, this.allowed - this.intents);
  }

  async publish(events: readonly Event[]): Promise<void> {
    const records = events.flatMap((event) => event.records);
    const intents = records.filter(({ topic }) => topic === ORDER_INTENTS);
    const others = records.filter(({ topic }) => topic !== ORDER_INTENTS);
    await Promise.all([this.send(this.intentWriter, intents), this.send(this.otherWriter, others)]);
    this.intents += intents.length;
  }

  /** Resolves when what is allowed is on the log. */
  async finish(): Promise<void> {
    while (this.left > 0 && !this.closed) await sleep(50);
    this.closed = true;
    await this.running;
    await Promise.all([this.intentWriter.close(), this.otherWriter.close()]);
  }

  /** Ends it, whatever is left. */
  abandon(): void {
    this.closed = true;
  }

  private async run(): Promise<void> {
    let due = performance.now();
    while (!this.closed) {
      if (this.left === 0) {
        await sleep(20);
        due = performance.now();
        continue;
      }
      const events: Event[] = [];
      let intents = 0;
      while (intents < Math.min(CHUNK_INTENTS, this.left)) {
        const event = this.workload.next();
        events.push(event);
        intents += event.records.filter(({ topic }) => topic === ORDER_INTENTS).length;
      }
      await this.publish(events);
      due = Math.max(due + (intents / this.rate) * 1_000, performance.now() - 1_000);
      await sleep(Math.max(0, due - performance.now()));
    }
  }

  private async send(writer: PersistentWriter, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (;;) {
      if (this.closed && this.left > 0) return;
      try {
        const offsets = await writer.commit(records);
        records.forEach((record, at) => this.acknowledged.push({ record, offset: offsets[at] ?? -1 }));
        return;
      } catch (error) {
        // A broker that is down for longer than the writer's patience: this sender has more.
        if (!(error instanceof BusError) || !error.retryable) throw error;
        this.retries += 1;
        await sleep(PAUSE_MS);
      }
    }
  }
}
