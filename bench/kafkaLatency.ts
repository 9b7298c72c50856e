/**
 * From an intent to its decision, at a steady rate. Intents are published as a strategy does it (kafkajs, no transaction, acks from all, nothing held
 * back) on a fixed schedule that waits for nobody: a latency counts from the moment at which the intent was due, so a stall is charged to every
 * intent that it delayed. Decisions are read as a gateway reads them, read-committed.
 */
import { Partitioners } from 'kafkajs';
import { openClient } from '../src/bus/kafka/client';
import type { KafkaOptions } from '../src/bus/kafka/options';
import { topicName } from '../src/bus/kafka/options';
import { DECISIONS, ORDER_INTENTS } from '../src/contracts/topics';
import type { Figure, Setting } from './benchmark';
import { figure, sized } from './benchmark';
import type { Home } from './inputs';
import { intentRecord } from './inputs';
import { hundredths } from './kafkaBehind';
import type { KafkaCluster } from './kafkaCluster';
import { ProcessorProcess } from './kafkaProcessor';
import type { KafkaSession } from './kafkaRuns';
import { openKafkaSession, startRuns, SYMBOLS } from './kafkaRuns';
import { latencies, percentile } from './measure';

const PER_SECOND = 500;
const TICK_MS = 1;
/** After the processor has taken its shard over. */
const SETTLE_MS = 1_000;
/** In turns: no policy admits more than 10,000 orders of one run in a minute, and these are 30,000. */
const RUNS = 4;
/** No decision for so long: it will not come. */
const PATIENCE_MS = 20_000;

export const latency = async (cluster: KafkaCluster, setting: Setting): Promise<readonly Figure[]> => {
  const warmUp = sized(setting, 2_500, 500);
  const count = sized(setting, 15_000, 1_000);
  const options = await cluster.freshTopics(1, 'LogAppendTime');
  const session = await openKafkaSession(options);
  const homes = Array.from({ length: RUNS }, (_, number): Home => ({ runId: `bench-${number}`, partition: 0 }));
  await startRuns(session, homes);
  const processor = await ProcessorProcess.start({ options, shards: [0], intents: warmUp + count, warmUp });
  try {
    processor.go();
    const brokerBefore = cluster.cpuSeconds();
    const start = performance.now() + SETTLE_MS;
    const reading = decisionsOf(session, warmUp + count);
    const [read, acknowledgedAt] = await Promise.all([
      reading,
      publish(options, session, homes, { start, count: warmUp + count }),
    ]);
    const done = await processor.done;
    const brokerAfter = cluster.cpuSeconds();
    const seconds = (performance.now() - start) / 1_000;

    const counted = read.filter(({ number }) => number >= warmUp);
    const total = counted.map(({ number, at }) => at - dueAt(start, number));
    const acknowledged = [...acknowledgedAt.entries()].slice(warmUp).map(([number, at]) => at - dueAt(start, number));
    const behindAppend = counted.map(({ appendedToReadMs }) => appendedToReadMs);
    const details = {
      ...latencies(total),
      intents: count,
      due_to_acknowledged_p50_ms: hundredths(percentile(acknowledged, 0.5)),
      due_to_acknowledged_p99_ms: hundredths(percentile(acknowledged, 0.99)),
      appended_to_decision_p50_ms: percentile(behindAppend, 0.5),
      appended_to_decision_p99_ms: percentile(behindAppend, 0.99),
      intents_per_transaction: hundredths((warmUp + count) / done.transactions),
      commit_share: hundredths(done.commitShare),
      processor_cpu_cores: hundredths(done.cpuSeconds / seconds),
      ...(brokerBefore === undefined || brokerAfter === undefined
        ? {}
        : { broker_cpu_cores: hundredths((brokerAfter - brokerBefore) / seconds) }),
    };
    return [
      figure(
        `kafka/${PER_SECOND} a second, p50`,
        'how long a strategy waits: from when its intent was due to its decision in a read-committed reader',
        [percentile(total, 0.5), 'ms'],
        {
          budget: { at_most: 20 },
          details,
        },
      ),
      figure(`kafka/${PER_SECOND} a second, p99`, 'the same for the slowest of a hundred', [percentile(total, 0.99), 'ms'], {
        budget: { at_most: 60 },
      }),
    ];
  } finally {
    processor.kill();
    await session.bus.close();
    await cluster.dropTopics(options);
  }
};

const dueAt = (start: number, number: number): number => start + (number * 1_000) / PER_SECOND;

/** When each was acknowledged. */
const publish = async (
  options: KafkaOptions,
  { codec }: KafkaSession,
  homes: readonly Home[],
  { start, count }: { readonly start: number; readonly count: number },
): Promise<readonly number[]> => {
  const messages = Array.from({ length: count }, (_, number) => {
    const { key, value } = intentRecord(codec, number, SYMBOLS, homes[number % homes.length]);
    return { key: key as Buffer, value: value as Buffer };
  });
  const producer = openClient(options).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    const topic = topicName(options, ORDER_INTENTS);
    const acknowledgedAt = new Array<number>(count).fill(0);
    const sends: Promise<void>[] = [];
    const sendOne = async (number: number): Promise<void> => {
      await producer.send({ topic, acks: -1, messages: [messages[number]!] });
      acknowledgedAt[number] = performance.now();
    };
    await new Promise<void>((resolve) => {
      const tick = (): void => {
        const due = Math.min(count, Math.floor(((performance.now() - start) * PER_SECOND) / 1_000) + 1);
        while (sends.length < due) sends.push(sendOne(sends.length));
        if (sends.length < count) setTimeout(tick, TICK_MS);
        else resolve();
      };
      tick();
    });
    await Promise.all(sends);
    return acknowledgedAt;
  } finally {
    await producer.disconnect();
  }
};

interface Arrived {
  readonly number: number;
  readonly at: number;
  /** The broker's clock stamped the intent, to the millisecond; broker and reader share this machine's, or its clock's error is in it. */
  readonly appendedToReadMs: number;
}

const decisionsOf = async ({ bus, codec }: KafkaSession, count: number): Promise<readonly Arrived[]> => {
  const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset: await bus.endOffset(DECISIONS, 0) }]);
  const arrived: Arrived[] = [];
  try {
    for (let lastAt = performance.now(); arrived.length < count;) {
      const records = await reader.poll({ maxRecords: 1_000, maxWaitMs: 100 });
      const at = performance.now();
      const wall = Date.now();
      for (const { value } of records) {
        const decision = codec.decodeValue(DECISIONS, value);
        if (!decision.ok) throw new Error('a decision cannot be read');
        // `i` and the number: workload.ts.
        const number = Number(decision.value.intent_id.slice(1));
        arrived.push({ number, at, appendedToReadMs: wall - decision.value.clock });
      }
      if (records.length > 0) lastAt = at;
      else if (at - lastAt > PATIENCE_MS) throw new Error(`${arrived.length} decisions; expected ${count}`);
    }
    if (new Set(arrived.map(({ number }) => number)).size !== count) throw new Error('an intent was decided twice');
    return arrived;
  } finally {
    await reader.close();
  }
};
