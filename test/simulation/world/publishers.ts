/** Those who write from outside: each in order, one publication on its way at a time, repeated until it is acknowledged. */
import type { Bus, OutgoingRecord, TransactionalWriter } from '../../../src/processor/bus';
import type { Acknowledged } from '../../checks/evidence';
import { SimulatedProcess } from '../kernel/process';
import type { Scheduler } from '../kernel/scheduler';
import type { Published } from './port';

interface Publication {
  readonly records: readonly OutgoingRecord[];
  readonly acknowledged: ((offsets: Published) => void) | undefined;
}

export class Publishers {
  /** What somebody was told is on the log. */
  readonly acknowledged: Acknowledged[] = [];
  private readonly queues = new Map<string, Publication[]>();
  private working = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly busOf: (process: SimulatedProcess) => Bus,
  ) {}

  get areIdle(): boolean {
    return this.working === 0;
  }

  publish(from: string, records: readonly OutgoingRecord[], acknowledged?: (offsets: Published) => void): void {
    const queue = this.queues.get(from);
    if (queue !== undefined) {
      queue.push({ records, acknowledged });
      return;
    }
    this.queues.set(from, [{ records, acknowledged }]);
    const process = new SimulatedProcess(from);
    this.working += 1;
    this.scheduler.after(0, () => void this.work(from, process), process);
  }

  private async work(from: string, process: SimulatedProcess): Promise<void> {
    const queue = this.queues.get(from) ?? [];
    const bus = this.busOf(process);
    let writer: TransactionalWriter | undefined;
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      try {
        writer ??= await bus.writer(from);
        const offsets = await writer.commit(next.records);
        queue.shift();
        for (const [at, record] of next.records.entries()) this.acknowledged.push({ record, offset: offsets[at] ?? -1 });
        next.acknowledged?.(offsets);
      } catch {
        // Whether it is on the log is not known: it is sent again, by a writer that settles what the last one left.
        writer = undefined;
      }
    }
    this.queues.delete(from);
    this.working -= 1;
  }
}
