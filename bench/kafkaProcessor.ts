/** A processor in a process of its own: it takes over its shards when it is told to, decides so many intents of each, and says what that took. */
import type { ChildProcess } from 'node:child_process';
import { setImmediate as immediate } from 'node:timers/promises';
import type { KafkaOptions } from '../src/bus/kafka/options';
import type { Bus } from '../src/processor/bus';
import { forkMain, KAFKA_PROCESSOR } from './child';
import { takeOver } from './embeddedShard';
import { BATCH, openKafkaSession } from './kafkaRuns';
import type { KafkaSession } from './kafkaRuns';
import { megabytes } from './measure';
import { Verdicts } from './verdicts';

export interface ProcessorTask {
  readonly options: KafkaOptions;
  readonly shards: readonly number[];
  /** Of each shard. */
  readonly intents: number;
  /** How many of these come before those that count. */
  readonly warmUp: number;
}

/** Times by the wall clock (ms), which all processes share. */
export interface ShardTimes {
  readonly tookOverAt: number;
  /** When the warm-up was committed, with the intents that were left then. */
  readonly warmAt: number;
  readonly counted: number;
  readonly doneAt: number;
}

export interface ProcessorDone {
  readonly shards: readonly ShardTimes[];
  /** Of the process, from the first takeover to the last decision. */
  readonly cpuSeconds: number;
  /** Shares of the time, of one shard on average: waiting for inputs, waiting for the broker to commit. The rest is folding, and waiting for other shards. */
  readonly pollShare: number;
  readonly commitShare: number;
  readonly transactions: number;
  readonly peakMb: number;
}

const WAIT_MS = 200;
const READY = 'ready';
const GO = 'go';

/** Ready to take over, connected to the broker. */
export class ProcessorProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly forkedAt: number,
    readonly done: Promise<ProcessorDone>,
  ) {}

  static async start(task: ProcessorTask): Promise<ProcessorProcess> {
    const forkedAt = Date.now();
    const child = forkMain([KAFKA_PROCESSOR, JSON.stringify(task)]);
    let ready: () => void = () => undefined;
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    const done = new Promise<ProcessorDone>((resolve, reject) => {
      let end: ProcessorDone | undefined;
      child.on('message', (sent) => {
        if (sent === READY) ready();
        else end = sent as ProcessorDone;
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (end !== undefined && code === 0) resolve(end);
        else reject(new Error(`the processor ended with ${code ?? signal ?? 'nothing'} before it had decided everything`));
      });
    });
    await Promise.race([isReady, done]);
    return new ProcessorProcess(child, forkedAt, done);
  }

  go(): void {
    this.child.send(GO);
  }

  /** For when something else went wrong. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** In the child. */
export const runProcessor = async (task: ProcessorTask, send: (message: unknown) => Promise<void>): Promise<void> => {
  const orphaned = (): never => process.exit(1);
  process.once('disconnect', orphaned);
  const session = await openKafkaSession(task.options);
  const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
  await send(READY);
  await told;
  const times = new BusTimes();
  const before = process.cpuUsage();
  const startedAt = Date.now();
  const bus = timedBus(session.bus, times);
  const shards = await Promise.all(task.shards.map((shard) => decideShard({ ...session, bus }, shard, task)));
  const shardMs = (Date.now() - startedAt) * task.shards.length;
  const { user, system } = process.cpuUsage(before);
  await session.bus.close();
  process.off('disconnect', orphaned);
  await send({
    shards,
    cpuSeconds: (user + system) / 1e6,
    pollShare: times.pollMs / shardMs,
    commitShare: times.commitMs / shardMs,
    transactions: times.transactions,
    peakMb: megabytes(process.resourceUsage().maxRSS * 1_024),
  } satisfies ProcessorDone);
};

/** As the service's loop does it (src/apps/service/shardLoop.ts). */
const decideShard = async (
  { bus, codec }: KafkaSession,
  shard: number,
  { intents, warmUp }: ProcessorTask,
): Promise<ShardTimes> => {
  const verdicts = new Verdicts();
  const processor = await takeOver(bus, codec, verdicts, shard);
  const tookOverAt = Date.now();
  let warmAt = tookOverAt;
  let counted = intents;
  for (let decided = 0; decided < intents;) {
    decided += await processor.step({ maxRecords: BATCH, maxWaitMs: WAIT_MS });
    verdicts.take();
    if (counted === intents && warmUp > 0 && decided >= warmUp) {
      warmAt = Date.now();
      counted = intents - decided;
    }
    await immediate();
  }
  const doneAt = Date.now();
  verdicts.check(intents);
  await processor.close();
  return { tookOverAt, warmAt, counted, doneAt };
};

class BusTimes {
  pollMs = 0;
  commitMs = 0;
  transactions = 0;
}

const timedBus = (bus: Bus, times: BusTimes): Bus => ({
  shards: bus.shards,
  endOffset: (topic, partition) => bus.endOffset(topic, partition),
  offsetAt: (topic, partition, time) => bus.offsetAt(topic, partition, time),
  close: () => bus.close(),
  writer: async (id) => {
    const writer = await bus.writer(id);
    return {
      close: () => writer.close(),
      commit: async (records) => {
        const start = performance.now();
        const offsets = await writer.commit(records);
        times.commitMs += performance.now() - start;
        times.transactions += 1;
        return offsets;
      },
    };
  },
  reader: async (from) => {
    const reader = await bus.reader(from);
    return {
      close: () => reader.close(),
      position: (topic, partition) => reader.position(topic, partition),
      poll: async (options) => {
        const start = performance.now();
        const records = await reader.poll(options);
        times.pollMs += performance.now() - start;
        return records;
      },
    };
  },
});
