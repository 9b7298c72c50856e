/** Records that nobody should have sent, on every input topic; and foreign transactions that are aborted. */
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { Message, Producer } from 'kafkajs';
import type { Codec } from '../../src/contracts/avro/codec';
import { decimal } from '../../src/contracts/decimal';
import type { InputTopic } from '../../src/contracts/topics';
import {
  CONTROL_EVENTS,
  EVERY_RUN,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
  MARKET_PRICES,
  ORDER_INTENTS,
} from '../../src/contracts/topics';
import type { Poison } from '../checks/evidence';
import { named, NoCompiler, produceByJava } from './javaTool';
import type { Random } from '../support/random';

export interface PoisonOptions {
  readonly bootstrap: string;
  readonly topicPrefix: string;
  readonly shards: number;
  readonly codec: Codec;
  readonly random: Random;
}

export interface PoisonOutcome {
  /** On the log, and to be set aside. */
  readonly poison: readonly Poison[];
  /** Kinds of batches, by compression, that were written. */
  readonly compressions: readonly string[];
  readonly abortedTransactions: number;
}

const BIG_BYTES = 900_000;

/** One round: each kind on each input topic, on a partition that chance picks. */
export const publishPoison = async (options: PoisonOptions): Promise<PoisonOutcome> => {
  const { random, shards, topicPrefix } = options;
  const client = new Kafka({ clientId: 'stranger', brokers: [options.bootstrap], logLevel: logLevel.NOTHING });
  const producer = client.producer({ retry: { retries: 10 } });
  await producer.connect();
  const poison: Poison[] = [];
  try {
    for (const topic of INPUT_TOPICS) {
      for (const { what, message } of poisonFor(topic, options)) {
        const partition = random.below(shards);
        const compression = random.chance(0.3) ? CompressionTypes.GZIP : CompressionTypes.None;
        const [sent] = await producer.send({
          topic: named(topicPrefix, topic),
          messages: [{ ...message, partition }],
          compression,
          acks: -1,
        });
        poison.push({ what, topic, partition, offset: Number(sent?.baseOffset) });
      }
    }
    const byJava = await compressedPoison(options);
    const aborted = await abortedTransactions(client, producer, options);
    return {
      poison: [...poison, ...byJava.poison],
      compressions: ['none', 'gzip', ...byJava.compressions],
      abortedTransactions: aborted,
    };
  } finally {
    await producer.disconnect();
  }
};

/** A record of each input topic that would be taken, if it were not for what is done to it. */
const validValue = (topic: InputTopic, codec: Codec, name: string): Buffer => {
  switch (topic) {
    case ORDER_INTENTS:
      return codec.encodeValue(topic, {
        ...{ intent_id: name, timestamp: '2026-02-24T09:30:01Z', strategy_id: 'alpha', account_id: 'acct-1' },
        instrument: { symbol: 'AAPL', asset_class: 'equity' },
        ...{ side: 'buy', order_type: 'market', qty: decimal('1'), limit_price: null },
      });
    case MARKET_PRICES:
      return codec.encodeValue(topic, { symbol: 'AAPL', price: decimal('123456') });
    case CONTROL_EVENTS:
      return codec.encodeValue(topic, { actor: 'stranger', reason: name, payload: { type: 'KillSwitchTripped' } });
    case EXECUTION_EVENTS:
      return codec.encodeValue(topic, {
        ...{ event: 'ORDER_FILLED', run_id: 'run-1', intent_id: name, order_id: 'STRANGER-1', symbol: 'AAPL', side: 'buy' },
        ...{ order_type: 'market', qty: decimal('1'), price: decimal('1'), cum_qty: decimal('1'), leaves_qty: decimal('0') },
        ...{ client_order_id: '', code: null, reason: null, policy_hash: new Uint8Array(32), decision_offset: 0 },
      });
  }
};

/** A key under which a valid value of the topic would be taken. */
const validKey = (topic: InputTopic, codec: Codec): Buffer =>
  topic === EXECUTION_EVENTS ? codec.encodeKey(topic, { run_id: 'run-1', intent_id: 'x' }) : Buffer.from('run-1', 'utf8');

const poisonFor = (topic: InputTopic, { codec, random }: PoisonOptions): readonly { what: string; message: Message }[] => {
  const value = validValue(topic, codec, 'poisoned');
  const key = validKey(topic, codec);
  const values: Record<string, Buffer | null> = {
    'random bytes': random.bytes(random.between(1, 300)),
    'random body': Buffer.concat([value.subarray(0, 5), random.bytes(200)]),
    'no value': null,
    'empty value': Buffer.alloc(0),
    'five bytes': value.subarray(0, 5),
    'other magic byte': Buffer.concat([Buffer.from([1]), value.subarray(1)]),
    'unknown schema id': Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), value.subarray(5)]),
    truncated: value.subarray(0, value.length - 3),
    'trailing bytes': Buffer.concat([value, Buffer.alloc(3)]),
    'a block of 30 million items': Buffer.concat([value.subarray(0, 5), HUGE_BLOCK]),
    'much too long': Buffer.concat([value, Buffer.alloc(BIG_BYTES)]),
  };
  const byValue = Object.entries(values).map(([what, given]) => ({ what, message: { key, value: given } }));
  // Prices are known by their value, executions too: their keys are for partitioning only.
  if (topic === MARKET_PRICES || topic === EXECUTION_EVENTS) return byValue;
  const keys: Record<string, Buffer | null> = {
    'no key': null,
    'empty key': Buffer.alloc(0),
    'key that is not UTF-8': Buffer.from([0xff, 0xfe, 0x41]),
    'key of four zero bytes': Buffer.alloc(4),
    'key of 10 KB': Buffer.alloc(10_000, 'x'),
  };
  return [...byValue, ...Object.entries(keys).map(([what, given]) => ({ what, message: { key: given, value } }))];
};

/** The head of a control event whose payload is a RunStarted with an array that says it has 30 million items; garbage elsewhere. */
const HUGE_BLOCK = Buffer.concat([
  Buffer.from([2, 0x61, 2, 0x62, 0, 2, 0x63, 2, 0x64, 2, 1, 2, 1, 2, 1]),
  Buffer.from([0x80, 0x8e, 0xce, 0x1c]),
]);

/** Batches whose compression kafkajs knows nothing of: the broker must rewrite them, or every reader stops there. */
const compressedPoison = async ({
  bootstrap,
  topicPrefix,
  shards,
  random,
}: PoisonOptions): Promise<{ readonly poison: readonly Poison[]; readonly compressions: readonly string[] }> => {
  const poison: Poison[] = [];
  const compressions: string[] = [];
  for (const compression of ['zstd', 'snappy', 'lz4'] as const) {
    const places = INPUT_TOPICS.map((topic) => ({ topic, partition: random.below(shards) }));
    const records = places.map(({ topic, partition }) => ({
      ...{ topic: named(topicPrefix, topic), partition, key: Buffer.from('run-1') },
      value: Buffer.concat([Buffer.from('no record of ours '), Buffer.alloc(2_000, 'z')]),
    }));
    try {
      const offsets = await produceByJava(bootstrap, compression, records);
      places.forEach(({ topic, partition }, at) =>
        poison.push({ what: `${compression} batch`, topic, partition, offset: offsets[at] ?? -1 }),
      );
      compressions.push(compression);
    } catch (error) {
      if (!(error instanceof NoCompiler)) throw error;
    }
  }
  return { poison, compressions };
};

/**
 * Foreign transactions whose records must never be seen: two that overlap and end in the other order, committed records in between, and a key of four
 * zero bytes, which kafkajs takes for the end of the transaction. Answers with how many were aborted.
 */
const abortedTransactions = async (client: Kafka, plain: Producer, options: PoisonOptions): Promise<number> => {
  const { codec, topicPrefix, shards, random } = options;
  const strangers = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const transactionalId = `${topicPrefix}stranger-${name}-${random.below(2 ** 30)}`;
      const producer = client.producer({
        transactionalId,
        maxInFlightRequests: 1,
        idempotent: true,
        retry: { initialRetryTime: 20, retries: 30 },
      });
      await producer.connect();
      return producer;
    }),
  );
  let aborted = 0;
  try {
    for (const topic of INPUT_TOPICS) {
      const partition = random.below(shards);
      const key = topic === CONTROL_EVENTS ? Buffer.from(EVERY_RUN) : validKey(topic, codec);
      const message = (name: string, of: Buffer = key): Message => ({
        key: of,
        value: validValue(topic, codec, name),
        partition,
      });
      const send = { topic: named(topicPrefix, topic) };
      const [one, two] = await Promise.all(strangers.map((producer) => producer.transaction()));
      if (one === undefined || two === undefined) throw new Error('two transactions were opened');
      await one.send({ ...send, messages: [message('aborted-1'), message('aborted-2', Buffer.alloc(4)), message('aborted-3')] });
      await two.send({ ...send, messages: [message('aborted-4'), message('aborted-5')] });
      await plain.send({ ...send, messages: [{ key, value: Buffer.from('between'), partition }] });
      await one.send({ ...send, messages: [message('aborted-6')] });
      await two.abort();
      await one.send({ ...send, messages: [message('aborted-7')] });
      await one.abort();
      aborted += 2;
    }
  } finally {
    await Promise.all(strangers.map((producer) => producer.disconnect()));
  }
  return aborted;
};
