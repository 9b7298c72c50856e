/** Services on a bus in memory, as two processes would run them, and what must hold of the log afterwards. */
import { refold } from '../../src/audit/refold';
import type { Logger, LogFields } from '../../src/apps/service/logger';
import type { Membership } from '../../src/apps/service/membership';
import { ServiceMetrics } from '../../src/apps/service/serviceMetrics';
import type { LoopTimes } from '../../src/apps/service/shardLoop';
import { ShardService } from '../../src/apps/service/shardService';
import type { ShardWork } from '../../src/apps/service/shardWork';
import type { Codec } from '../../src/contracts/avro/codec';
import type { Topic } from '../../src/contracts/topics';
import { DECISIONS, EXECUTION_EVENTS, INPUT_TOPICS } from '../../src/contracts/topics';
import type { Bus, BusRecord, TopicPosition } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';

/** Pauses that a test can wait for. */
const QUICK: LoopTimes = {
  leastBackoff: 1,
  mostBackoff: 4,
  leastFencedBackoff: 2,
  mostFencedBackoff: 200,
  finish: 2_000,
  close: 50,
};

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class TestLog implements Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly bound: LogFields = {},
  ) {}

  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly info = this.at('info');
  readonly debug = this.at('debug');

  child(fields: LogFields): Logger {
    return new TestLog(this.lines, { ...this.bound, ...fields });
  }

  messages(level: string): readonly string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  private at(level: string): (fields: LogFields, message: string) => void {
    return (fields, message) => this.lines.push({ level, message, fields: { ...this.bound, ...fields } });
  }
}

/** A membership that does what the test says. */
export class TestMembership implements Membership {
  assign: (shards: readonly number[]) => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;
  reason: string | undefined;
  left = 0;
  readonly progress = new Map<number, readonly TopicPosition[]>();

  constructor(private readonly first: readonly number[] | null) {}

  start(onAssigned: (shards: readonly number[]) => void, onFailed: (error: unknown) => void): Promise<void> {
    this.assign = onAssigned;
    this.fail = onFailed;
    if (this.first !== null) onAssigned(this.first);
    return Promise.resolve();
  }

  reportProgress(shard: number, positions: readonly TopicPosition[]): void {
    this.progress.set(shard, positions);
  }

  problem(): string | undefined {
    return this.reason;
  }

  close(): Promise<void> {
    this.left += 1;
    return Promise.resolve();
  }
}

export interface TestService {
  readonly service: ShardService;
  readonly membership: TestMembership;
  readonly log: TestLog;
  readonly metrics: ServiceMetrics;
}

/** What failed tests would leave running. */
const running = new Set<ShardService>();
export const stopServices = async (): Promise<void> => {
  const left = [...running];
  running.clear();
  await Promise.all(left.map((service) => service.stop()));
};

/** For those that cannot be stopped. */
export const forgetServices = (): void => running.clear();

/** `shards`: what is assigned at the start; null: nothing is said yet. */
export const testService = (
  bus: Bus,
  workOf: (metrics: ServiceMetrics) => ShardWork,
  shards: readonly number[] | null = [0],
): TestService => {
  const [log, metrics, membership] = [new TestLog(), new ServiceMetrics(), new TestMembership(shards)];
  const service = new ShardService({ work: workOf(metrics), membership, bus, metrics, log, times: QUICK });
  running.add(service);
  return { service, membership, log, metrics };
};

/** Waits until it holds; fails after 5 s, saying what was waited for. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

export const endsOf = async (bus: Bus, topics: readonly Topic[]): Promise<readonly TopicPosition[]> => {
  const ends: TopicPosition[] = [];
  for (let partition = 0; partition < bus.shards; partition++)
    for (const topic of topics) ends.push({ topic, partition, offset: await bus.endOffset(topic, partition) });
  return ends;
};

/** Whether the services have dealt with everything that is in these topics now. */
export const settled = async (
  bus: Bus,
  services: readonly TestService[],
  topics: readonly Topic[] = INPUT_TOPICS,
): Promise<void> => {
  const ends = await endsOf(bus, topics);
  for (const { service } of services) await until(`${service.work.name} at the end`, () => service.hasReached(ends));
};

/** Fails unless every `run/intent` has one decision and no other has any, and folding each shard's log again gives it byte for byte. */
export const expectExactlyOnce = async (bus: Bus, codec: Codec, intents: readonly string[]): Promise<void> => {
  const decided: string[] = [];
  for (const value of await valuesOf(bus, DECISIONS)) {
    const decision = codec.decodeValue(DECISIONS, value);
    if (!decision.ok) throw new Error(decision.error.message);
    decided.push(`${decision.value.run_id}/${decision.value.intent_id}`);
  }
  expect(decided.sort()).toEqual([...intents].sort());
  for (let partition = 0; partition < bus.shards; partition++) await refold({ bus, codec, partition });
};

/** Fails unless every admitted order was submitted once and has one end, or was not sent since the kill switch tripped with it or after it. */
export const expectOneOrderEach = async (bus: Bus, codec: Codec): Promise<void> => {
  const admitted: string[] = [];
  const trippedAt = new Map<string, number>();
  const seqs = new Map<string, number>();
  for (const value of await valuesOf(bus, DECISIONS)) {
    const decision = codec.decodeValue(DECISIONS, value);
    if (!decision.ok) throw new Error(decision.error.message);
    const { run_id, intent_id, order, seq, kill_switch_tripped } = decision.value;
    if (kill_switch_tripped) trippedAt.set(run_id, seq);
    seqs.set(`${run_id}/${intent_id}`, seq);
    if (order !== null) admitted.push(`${run_id}/${intent_id}`);
  }
  const notSent: string[] = [];
  const submitted: string[] = [];
  const ended: string[] = [];
  for (const value of await valuesOf(bus, EXECUTION_EVENTS)) {
    const event = codec.decodeValue(EXECUTION_EVENTS, value);
    if (!event.ok) throw new Error(event.error.message);
    const { event: type, run_id, intent_id, code } = event.value;
    const name = `${run_id}/${intent_id}`;
    if (type === 'ORDER_REJECTED' && code === 'KILL_SWITCH') {
      expect(trippedAt.get(run_id)).toBeGreaterThanOrEqual(seqs.get(name) ?? Infinity);
      notSent.push(name);
    } else (type === 'ORDER_SUBMITTED' ? submitted : ended).push(name);
  }
  expect([[...submitted, ...notSent].sort(), ended.sort()]).toEqual([admitted.sort(), submitted.sort()]);
};

const valuesOf = async (bus: Bus, topic: Topic): Promise<readonly BusRecord['value'][]> => {
  const values: BusRecord['value'][] = [];
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { value } of recordsTo(bus, { topic, partition, offset: 0 })) values.push(value);
  return values;
};
