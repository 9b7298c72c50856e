/** The trace of an intent: from the record that brought it to the last event of its order, over restarts, and into no byte that is hashed. */
import { asBus, logOf } from '../../test/checks/rawLog';
import { altered } from '../../test/support/alteredLog';
import { START, TestShard } from '../../test/support/shard';
import { intentOf } from '../../test/support/situations';
import { GATEWAY_SETTINGS } from '../../test/support/trading';
import { VirtualBroker } from '../../test/support/virtualBroker';
import { replayShard } from '../audit/replay/replayShard';
import type { Topic } from '../contracts/topics';
import { AUDIT_RECORDS, DECISIONS, EXECUTION_EVENTS } from '../contracts/topics';
import { decimal } from '../contracts/decimal';
import type { Headers, OutgoingRecord } from '../processor/bus';
import type { Broker } from './broker';
import { simBroker } from './brokers/sim';
import { Gateway } from './gateway';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
const other = `00-${'b'.repeat(32)}-00f067aa0ba902b7-00`;

interface LogLine {
  readonly message: string;
  readonly fields: object;
}

class Desk {
  readonly shard = new TestShard();
  readonly lines: LogLine[] = [];
  private clock = 0;

  async intent(intent_id: string, headers: Headers): Promise<void> {
    const intent = this.shard.intent(intentOf({ intent_id, qty: decimal('8'), timestamp: new Date(START).toISOString() }));
    await this.shard.feed({ ...intent, headers });
  }

  async begin(): Promise<void> {
    await this.shard.takeOver();
    await this.shard.feed(this.shard.started(), this.shard.price('AAPL', '200'));
  }

  async gateway(broker: Broker): Promise<Gateway> {
    const line = (fields: object, message: string): number => this.lines.push({ fields, message });
    const { bus, codec } = this.shard;
    const [now, monotonic] = [() => new Date(START).toISOString(), () => this.clock];
    const times = { now, monotonic, wallMs: () => START + this.clock };
    const log = { info: line, warn: line, error: line };
    return Gateway.takeOver({ bus, codec, partition: 0, broker, ...times, settings: GATEWAY_SETTINGS, log });
  }

  async steps(gateway: Gateway, count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.clock += 500;
      await gateway.step({ maxRecords: 100, maxWaitMs: 0 });
    }
    await this.shard.settle();
  }

  async traces(topic: Topic): Promise<readonly (string | undefined)[]> {
    return (await this.shard.all(topic)).map(({ headers }) => headers.traceparent);
  }
}

const quiet = { idempotent: true, chance: () => false, trouble: () => 0 } as const;

it('goes from the intent to its decision, the events of its order and all audit records of these', async () => {
  const desk = new Desk();
  await desk.begin();
  await desk.intent('i-1', { traceparent });
  await desk.intent('i-2', {});
  await desk.intent('i-1', { traceparent: other });
  await desk.steps(await desk.gateway(simBroker), 3);
  expect(await desk.traces(DECISIONS)).toEqual([traceparent, undefined]);
  expect(await desk.traces(EXECUTION_EVENTS)).toEqual([traceparent, traceparent, undefined, undefined]);
  const kinds = (await desk.shard.audits()).map(({ kind }) => kind);
  const traces = await desk.traces(AUDIT_RECORDS);
  expect(kinds.map((kind, at) => `${kind} ${traces[at] ?? '-'}`)).toEqual([
    'CONTROL -',
    `DECISION ${traceparent}`,
    'DECISION -',
    `DUPLICATE ${other}`,
    `EXECUTION ${traceparent}`,
    `EXECUTION ${traceparent}`,
    'EXECUTION -',
    'EXECUTION -',
  ]);
});

it('is in no byte: without it, keys, values and hashes are the same', async () => {
  const logs = await Promise.all(
    [{ traceparent }, {}].map(async (headers) => {
      const desk = new Desk();
      await desk.begin();
      await desk.intent('i-1', headers);
      await desk.steps(await desk.gateway(simBroker), 2);
      const records = await Promise.all(
        ([DECISIONS, AUDIT_RECORDS, EXECUTION_EVENTS] as const).map((topic) => desk.shard.all(topic)),
      );
      return records.flat().map(({ key, value, timestamp }): Partial<OutgoingRecord> => ({ key, value, timestamp }));
    }),
  );
  expect(logs[0]).toEqual(logs[1]);
  expect(logs[0]).toHaveLength(7);
});

it.each(['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, traceparent.toUpperCase(), `${traceparent}-more`])(
  'what is none is passed over: %s',
  async (text) => {
    const desk = new Desk();
    await desk.begin();
    await desk.intent('i-1', { traceparent: text });
    await desk.steps(await desk.gateway(simBroker), 2);
    expect(new Set([...(await desk.traces(DECISIONS)), ...(await desk.traces(EXECUTION_EVENTS))])).toEqual(new Set([undefined]));
  },
);

it('is known again to a gateway that takes over, whether the order was sent before or not', async () => {
  const desk = new Desk();
  await desk.begin();
  await desk.intent('sent', { traceparent });
  const broker = new VirtualBroker(quiet);
  const first = await desk.gateway(broker);
  await desk.steps(first, 2);
  first.abandon();
  await desk.intent('waiting', { traceparent: other });
  const second = await desk.gateway(broker);
  await desk.steps(second, 3);
  for (const order of broker.made) Object.assign(order, { filledQty: order.qty, status: 'filled' });
  await desk.steps(second, 3);
  second.abandon();
  const told = (await desk.shard.all(EXECUTION_EVENTS)).map(({ value, headers }) => {
    const event = desk.shard.codec.decodeValue(EXECUTION_EVENTS, value);
    if (!event.ok) throw new Error(event.error.message);
    return `${event.value.intent_id} ${event.value.event} ${headers.traceparent ?? '-'}`;
  });
  expect(told.filter((line) => line.startsWith('sent ')).every((line) => line.endsWith(traceparent))).toBe(true);
  expect(told.filter((line) => line.startsWith('waiting ')).every((line) => line.endsWith(other))).toBe(true);
  expect(told).toContain(`sent ORDER_FILLED ${traceparent}`);
  expect(told).toContain(`waiting ORDER_FILLED ${other}`);
});

it('is in the lines of the log about the order', async () => {
  const desk = new Desk();
  await desk.begin();
  await desk.intent('i-1', { traceparent });
  class Lost extends VirtualBroker {
    override submit(): ReturnType<Broker['submit']> {
      return Promise.resolve({ type: 'unknown', code: 'TIMEOUT', reason: 'no answer' });
    }
  }
  const gateway = await desk.gateway(new Lost(quiet));
  await desk.steps(gateway, 3);
  gateway.abandon();
  expect(desk.lines).toContainEqual({
    message: 'outcome of a submission unknown',
    fields: expect.objectContaining({ run: 'r-1', intent: 'i-1', trace_id: TRACE }),
  });
});

describe('a replay', () => {
  const replayed = async (topic: Topic, to: (headers: Headers) => Headers) => {
    const desk = new Desk();
    await desk.begin();
    await desk.intent('i-1', { traceparent });
    const { bus, codec } = desk.shard;
    const log = altered(await logOf(bus), topic, (records) =>
      records.map((record) => ({ ...record, headers: to(record.headers) })),
    );
    return (await replayShard({ bus: asBus(log), codec, partition: 0 })).difference;
  };

  it('finds it where the fold puts it', async () => {
    expect(await replayed(DECISIONS, (headers) => headers)).toBeUndefined();
  });

  it.each([DECISIONS, AUDIT_RECORDS] as const)('takes %s of a version that did not carry it on', async (topic) => {
    expect(
      await replayed(topic, (headers) => ({
        recorded_at: headers.recorded_at ?? '',
        ...(headers.eval_ms === undefined ? {} : { eval_ms: headers.eval_ms }),
      })),
    ).toBeUndefined();
  });

  it.each([DECISIONS, AUDIT_RECORDS] as const)('notices another one among the %s', async (topic) => {
    expect(await replayed(topic, (headers) => ({ ...headers, traceparent: other }))).toMatchObject({
      topic,
      what: expect.stringContaining('headers.traceparent'),
    });
  });
});
