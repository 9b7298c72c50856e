/**
 * Control events that are read back beside execution events, in the order in which the gateway read them: a fill moves the portfolio as it stood then.
 */
import type { Bus, BusRecord } from '../processor/bus';
import { CONTROL_EVENTS } from '../contracts/topics';
import { recordsTo } from '../processor/readTo';

export class PastControls {
  private readonly records: AsyncGenerator<BusRecord>;
  private next: BusRecord | undefined;
  private begun = false;
  /** Of the events from the next one on: the lowest time of each and those behind it, last event first. */
  private times: number[] | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly partition: number,
    private readonly end: number,
    private readonly apply: (record: BusRecord) => void,
  ) {
    this.records = recordsTo(bus, { topic: CONTROL_EVENTS, partition, offset: 0 }, end);
  }

  /** Applies what the gateway had read when it wrote this execution event. */
  async before({ headers, timestamp }: BusRecord): Promise<void> {
    const position = headers.control_position;
    if (position !== undefined && /^\d{1,15}$/.test(position)) return this.while(({ offset }) => offset < Number(position));
    // An older record does not say so; the two topics are ordered by their times.
    await this.begin();
    const times = (this.times ??= await this.readTimes());
    await this.while(() => (times.at(-1) ?? Infinity) <= timestamp);
  }

  async all(): Promise<void> {
    await this.while(() => true);
  }

  private async while(due: (record: BusRecord) => boolean): Promise<void> {
    await this.begin();
    while (this.next !== undefined && due(this.next)) {
      this.apply(this.next);
      this.times?.pop();
      await this.advance();
    }
  }

  private async begin(): Promise<void> {
    if (this.begun) return;
    this.begun = true;
    await this.advance();
  }

  private async advance(): Promise<void> {
    const read = await this.records.next();
    this.next = read.done === true ? undefined : read.value;
  }

  /** What stands behind an event was written after it: one whose time lies in the future was there no later than those behind it. */
  private async readTimes(): Promise<number[]> {
    const times: number[] = [];
    if (this.next === undefined) return times;
    const from = { topic: CONTROL_EVENTS, partition: this.partition, offset: this.next.offset } as const;
    for await (const { timestamp } of recordsTo(this.bus, from, this.end)) times.push(timestamp);
    let lowest = Infinity;
    return times.reverse().map((time) => (lowest = Math.min(lowest, time)));
  }
}
