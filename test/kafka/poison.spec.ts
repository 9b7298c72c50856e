/**
 * What foreign producers may put on the topics: bytes of any kind. Each is set aside with its origin and the reason, or decided, and the stream goes on;
 * nobody asks the registry about it. Where the gate's own topics hold what it did not write, it stops and decides nothing.
 */
import { CompressionTypes } from 'kafkajs';
import type { Producer } from 'kafkajs';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../../src/contracts/topics';
import { refold } from '../../src/audit/refold';
import type { InputTopic, Topic } from '../../src/contracts/topics';
import type { ExecutionEvent } from '../../src/contracts/messages';
import { exampleAudit, exampleControl, exampleExecution, exampleHash } from '../../src/contracts/avro/examples';
import { decimal } from '../../src/contracts/decimal';
import type { CountingProxy } from '../interop/countingProxy';
import { startCountingProxy } from '../interop/countingProxy';
import { Gate } from '../interop/gate';
import { describePython, python } from '../interop/python';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { policyText } from '../support/shard';
import { policygate } from '../support/program';
import { intentOf } from '../support/situations';

const RUN = 'r-1';
const LARGEST_BATCH = 8 * 1024 * 1024;
/** Of a batch with one record: its header, and what stands around key and value (message format 2). */
const BATCH_AROUND = 61 + 13;
/** Beside what Kafka takes: sending, reading, one transaction. */
const PATIENCE_MS = 3_000;

interface Poison {
  readonly what: string;
  readonly topic: InputTopic;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly reason: RegExp;
}

describeKafka('poison', () => {
  let registry: CountingProxy;
  let gate: Gate;
  let producer: Producer;
  let intents = 0;
  /** Intents that were sent behind poison. */
  const sound: string[] = [];

  beforeAll(async () => {
    registry = await startCountingProxy(kafkaUnderTest().registryUrl);
    gate = await Gate.open({ registryUrl: registry.url });
    await gate.start();
    await gate.startRun(RUN, { AAPL: '200' }, policyText({ tripAfter: 10_000 }));
    producer = gate.client().producer({ allowAutoTopicCreation: false });
    await producer.connect();
  }, 60_000);
  afterAll(async () => {
    await producer.disconnect();
    await gate.stop();
    await registry.close();
  });

  const intentBytes = (intent_id: string): Buffer => gate.codec.encodeValue(ORDER_INTENTS, intentOf({ intent_id }));
  const newIntent = (): { readonly id: string; readonly value: Buffer } => {
    const id = `good-${++intents}`;
    return { id, value: intentBytes(id) };
  };
  const decided = async (): Promise<readonly string[]> =>
    (await gate.records(DECISIONS)).map(({ value }) => {
      const decision = gate.codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new Error(decision.error.message);
      return decision.value.intent_id;
    });
  const send = async (
    topic: Topic,
    key: Buffer | null,
    value: Buffer | null,
    compression = CompressionTypes.None,
  ): Promise<string> => {
    const messages = [{ key, value, partition: 0 }];
    const [sent] = await producer.send({ topic: gate.nameOf(topic), acks: -1, compression, messages });
    return sent?.baseOffset ?? '';
  };
  /** Sends it, and a good intent behind it, and waits until both are folded; answers with where it stood. */
  const feed = async ({ topic, key, value }: Pick<Poison, 'topic' | 'key' | 'value'>): Promise<string> => {
    const offset = await send(topic, key, value);
    const good = newIntent();
    await send(ORDER_INTENTS, Buffer.from(RUN), good.value);
    sound.push(good.id);
    const startedAt = performance.now();
    await gate.settle();
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
    return offset;
  };
  const lettersFrom = async (topic: Topic, offset: string) =>
    (await gate.records(DEAD_LETTERS)).filter(({ headers }) => headers.topic === topic && headers.offset === offset);

  const poisons = (): readonly Poison[] => {
    const { codec } = gate;
    const good = intentBytes('never');
    const key = Buffer.from(RUN);
    const header = (id: number): Buffer => Buffer.of(0, id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255);
    const idOf = (bytes: Buffer): number => bytes.readUInt32BE(1);
    const price = codec.encodeValue(MARKET_PRICES, { symbol: 'AAPL', price: decimal('1') });
    const control = codec.encodeValue(CONTROL_EVENTS, exampleControl);
    const execution = codec.encodeValue(EXECUTION_EVENTS, exampleExecution);
    const intent = (what: string, value: Buffer | null, reason: RegExp): Poison => ({
      what,
      topic: ORDER_INTENTS,
      key,
      value,
      reason,
    });
    const keyed = (what: string, bad: Buffer | null, reason: RegExp): Poison => ({
      what,
      topic: ORDER_INTENTS,
      key: bad,
      value: good,
      reason,
    });
    const thirtyMillion = Buffer.of(0x80, 0xee, 0xce, 0x1c);
    const money = Buffer.concat(Array.from({ length: 3 }, () => Buffer.from('00000000000000000de0b6b3a7640000', 'hex')));
    return [
      intent('garbage', Buffer.from('{"intent_id":"json"}'), /^NO_MAGIC_BYTE/),
      intent('no bytes', Buffer.alloc(0), /^EMPTY/),
      intent('no value', null, /^EMPTY/),
      intent('a magic byte alone', Buffer.of(0), /^TRUNCATED/),
      intent('a schema id that nobody gave', Buffer.concat([header(0x7fff_ffff), good.subarray(5)]), /^UNKNOWN_SCHEMA_ID/),
      intent('the largest schema id', Buffer.concat([header(0xffff_ffff), good.subarray(5)]), /^UNKNOWN_SCHEMA_ID/),
      intent('the id of another subject', Buffer.concat([header(idOf(control)), good.subarray(5)]), /^UNKNOWN_SCHEMA_ID/),
      intent('another record whole', control, /^UNKNOWN_SCHEMA_ID/),
      intent('a record cut short', good.subarray(0, -20), /^TRUNCATED/),
      intent('a header alone', good.subarray(0, 5), /^TRUNCATED/),
      intent('bytes behind the record', Buffer.concat([good, Buffer.of(0)]), /^TRAILING_BYTES/),
      intent('a text of 30 million', Buffer.concat([good.subarray(0, 5), thirtyMillion]), /^(OUT_OF_BOUNDS|TRUNCATED)/),
      intent(
        'a text that is not UTF-8',
        Buffer.concat([good.subarray(0, 5), Buffer.of(2, 0xff), good.subarray(12)]),
        /^(INVALID_VALUE|TRUNCATED|OUT)/,
      ),
      intent('more than an intent may be', Buffer.concat([good, Buffer.alloc(70 * 1024)]), /^OUT_OF_BOUNDS/),
      intent('a megabyte of zeros', Buffer.alloc(1024 * 1024), /^UNKNOWN_SCHEMA_ID/),
      keyed('no key', null, /run id is empty/),
      keyed('an empty key', Buffer.alloc(0), /run id is empty/),
      keyed('a key of four zero bytes', Buffer.alloc(4), /control character/),
      keyed('a key that is not UTF-8', Buffer.of(0xc3, 0x28), /not UTF-8/),
      keyed('the key of every run', Buffer.from('*'), /stands for every run/),
      keyed('a key that is too long', Buffer.alloc(100_000, 'k'), /too long/),
      { what: 'a price that is none', topic: MARKET_PRICES, key: null, value: price.subarray(0, -1), reason: /^TRUNCATED/ },
      { what: 'a price’s tombstone', topic: MARKET_PRICES, key: Buffer.from('AAPL'), value: null, reason: /^EMPTY/ },
      {
        what: 'half an execution',
        topic: EXECUTION_EVENTS,
        key: Buffer.of(0xff),
        value: execution.subarray(0, 30),
        reason: /^TRUNCATED/,
      },
      {
        what: 'a portfolio of 30 million positions',
        topic: CONTROL_EVENTS,
        key,
        value: Buffer.concat([control.subarray(0, 5), Buffer.of(0, 0, 4), money, Buffer.of(2), thirtyMillion]),
        reason: /^OUT_OF_BOUNDS/,
      },
      {
        what: 'a run that starts without a name',
        topic: CONTROL_EVENTS,
        key: Buffer.from('*'),
        value: control,
        reason: /RunStarted needs the id/,
      },
      {
        what: 'an event with a key of zeros',
        topic: CONTROL_EVENTS,
        key: Buffer.alloc(4),
        value: control,
        reason: /control character/,
      },
    ];
  };

  it('is set aside whole, with where it came from and why, and what comes behind it is decided', async () => {
    const asked = registry.asked.length;
    const all = poisons();
    const offsets: string[] = [];
    for (const poison of all) offsets.push(await feed(poison));
    const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
    const letters = await gate.records(DEAD_LETTERS);
    expect(letters).toHaveLength(all.length);
    for (const [place, { what, topic, key, value, reason }] of all.entries()) {
      const { headers, ...letter } = letters[place]!;
      expect({ what, ...headers }).toMatchObject({
        what,
        topic,
        partition: '0',
        offset: offsets[place],
        reason: expect.stringMatching(reason),
      });
      expect([what, hex(letter.key), hex(letter.value)]).toEqual([what, hex(key), hex(value)]);
    }
    expect((await decided()).filter((id) => sound.includes(id))).toEqual(sound);
    // It was asked at the start, so it would be seen.
    expect(asked).toBeGreaterThan(0);
    expect(registry.asked.slice(asked)).toEqual([]);
    expect(all.length).toBeGreaterThan(20);
  }, 60_000);

  it('is no poison where the key does not count: a price and an execution are what their values say', async () => {
    const price = gate.codec.encodeValue(MARKET_PRICES, { symbol: 'ZERO', price: decimal('5') });
    expect(await lettersFrom(MARKET_PRICES, await feed({ topic: MARKET_PRICES, key: Buffer.alloc(4), value: price }))).toEqual(
      [],
    );
    const execution: ExecutionEvent = { ...exampleExecution, run_id: RUN, intent_id: 'nobody’s', symbol: 'ZERO' };
    const value = gate.codec.encodeValue(EXECUTION_EVENTS, execution);
    expect(await lettersFrom(EXECUTION_EVENTS, await feed({ topic: EXECUTION_EVENTS, key: Buffer.alloc(4), value }))).toEqual([]);
    expect(
      (await gate.records(AUDIT_RECORDS)).filter(({ value: bytes }) => Buffer.from(bytes ?? []).includes('nobody’s')),
    ).not.toEqual([]);
  }, 60_000);

  it('as large as the topic takes is set aside; what is larger the broker refuses', async () => {
    const key = Buffer.from(RUN);
    const largest = Buffer.alloc(LARGEST_BATCH - BATCH_AROUND - key.length, 1);
    await expect(send(ORDER_INTENTS, key, Buffer.concat([largest, Buffer.of(1)]))).rejects.toThrow(
      /larger than the max message size/,
    );
    const letters = await lettersFrom(ORDER_INTENTS, await feed({ topic: ORDER_INTENTS, key, value: largest }));
    expect(letters.map(({ headers }) => headers.reason)).toEqual([expect.stringMatching(/^NO_MAGIC_BYTE/)]);
  }, 60_000);

  it('in a small parcel is refused by the broker: nine megabytes of zeros, in gzip', async () => {
    const bomb = Buffer.alloc(9 * 1024 * 1024);
    await expect(send(ORDER_INTENTS, Buffer.from(RUN), bomb, CompressionTypes.GZIP)).rejects.toThrow(
      /larger than the max message size/,
    );
  }, 60_000);

  it('is not what a client has compressed with gzip', async () => {
    const { id, value } = newIntent();
    await send(ORDER_INTENTS, Buffer.from(RUN), value, CompressionTypes.GZIP);
    await gate.settle();
    expect(await decided()).toContain(id);
  }, 60_000);

  describePython('from librdkafka', () => {
    it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
      'is not what it has compressed with %s',
      async (compression) => {
        const good = Array.from({ length: 20 }, newIntent);
        const key = Buffer.from(RUN).toString('base64');
        const topic = gate.nameOf(ORDER_INTENTS);
        const lines = good.map(({ value }) => JSON.stringify({ topic, key, value: value.toString('base64') }));
        const { code, stderr } = await python('send_raw.py', ['--compression', compression], gate.environment, lines.join('\n'));
        expect([code, stderr]).toEqual([0, '']);
        await gate.settle();
        expect((await decided()).slice(-good.length)).toEqual(good.map(({ id }) => id));
      },
      60_000,
    );
  });
});

describeKafka('an intent that its sender has dated', () => {
  it.each([
    ['LogAppendTime', '9223372036854775807'],
    ['CreateTime', '9223372036854775807'],
    ['CreateTime', '9007199254740993'],
    ['CreateTime', '-1'],
  ] as const)(
    'is decided, and what comes behind it too, with %s: %s',
    async (inputTimestamps, timestamp) => {
      const gate = await Gate.open({ kafka: { inputTimestamps } });
      try {
        await gate.start();
        await gate.startRun(RUN, { AAPL: '200' });
        const producer = gate.client().producer();
        await producer.connect();
        const message = (key: string, intent_id: string) => ({
          key,
          value: gate.codec.encodeValue(ORDER_INTENTS, intentOf({ intent_id })),
          partition: 0,
        });
        const garbage = { key: RUN, value: 'garbage', partition: 0, timestamp };
        const messages = [{ ...message('another run', 'dated'), timestamp }, garbage, message(RUN, 'good')];
        await producer.send({ topic: gate.nameOf(ORDER_INTENTS), messages });
        await producer.disconnect();
        await gate.settle();
        expect(await gate.records(DECISIONS)).toHaveLength(2);
        expect(await gate.records(DEAD_LETTERS)).toHaveLength(1);
        await refold({ bus: gate.bus, codec: gate.codec, partition: 0 });
      } finally {
        await gate.stop();
      }
    },
    60_000,
  );
});

describeKafka('a topic of the gate’s own that another has written to', () => {
  type Forged = readonly [
    what: string,
    topic: Topic,
    forge: (gate: Gate) => Promise<{ key: Buffer | null; value: Buffer | null }>,
  ];
  const forged: readonly Forged[] = [
    ['garbage in the state', POLICY_STATE, async () => ({ key: Buffer.from('k'), value: Buffer.from('garbage') })],
    [
      'a position of no run in the state',
      POLICY_STATE,
      async ({ codec }) => ({
        key: codec.encodeKey(POLICY_STATE, { run_id: 'nobody’s', kind: 'position', id: 'AAPL' }),
        value: codec.encodeValue(POLICY_STATE, { kind: 'position', qty: decimal('1') }),
      }),
    ],
    ['garbage among the audit records', AUDIT_RECORDS, async () => ({ key: null, value: Buffer.from('garbage') })],
    [
      'an audit record that was there before, and one bit of it',
      AUDIT_RECORDS,
      async (gate) => {
        const [first] = await gate.records(AUDIT_RECORDS);
        const value = Buffer.from(first?.value ?? []);
        value.writeUInt8(value.readUInt8(value.length - 1) ^ 1, value.length - 1);
        return { key: null, value };
      },
    ],
    [
      'an audit record of a run that never was',
      AUDIT_RECORDS,
      async ({ codec }) => ({ key: null, value: codec.encodeValue(AUDIT_RECORDS, { record: exampleAudit, hash: exampleHash }) }),
    ],
  ];
  it.each(forged)(
    'stops the shard, with one line, before it decides: %s',
    async (_, topic, forge) => {
      const gate = await Gate.open();
      try {
        const { service } = await gate.start();
        await gate.startRun(RUN, { AAPL: '200' });
        await service.stop();
        const producer = gate.client().producer();
        await producer.connect();
        await producer.send({ topic: gate.nameOf(topic), messages: [{ ...(await forge(gate)), partition: 0 }] });
        const intent = gate.codec.encodeValue(ORDER_INTENTS, intentOf());
        await producer.send({ topic: gate.nameOf(ORDER_INTENTS), messages: [{ key: RUN, value: intent, partition: 0 }] });
        await producer.disconnect();

        const { code, stdout, stderr } = await policygate(['processor', '--drain'], {
          ...gate.environment,
          POLICYGATE_LOG_LEVEL: 'error',
        });
        const errors = stderr.split('\n').filter((line) => line.startsWith('Error: '));
        expect({ code, stdout, errors }).toEqual({
          code: 2,
          stdout: '',
          errors: [expect.stringMatching(/^Error: policy-state of shard 0: .*; nothing is decided on it: /)],
        });
        expect(stderr).not.toMatch(/^\s+at /m);
        expect(await gate.records(DECISIONS)).toEqual([]);
      } finally {
        await gate.stop();
      }
    },
    60_000,
  );
});
