/** Requests that the broker has done and nobody has heard of, and others that come late: nothing is lost, nothing is there twice. */
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { AUDIT_RECORDS, DECISIONS } from '../../src/contracts/topics';
import type { Bus, TransactionalWriter } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { freePorts } from '../../infra/native/ports';
import { record, text } from '../contract/bus/records';
import { API, type FaultyProxy, startFaultyProxy } from '../support/kafka/faultyProxy';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeNativeBroker, type NativeBroker, startNativeBroker } from '../support/kafka/kafkaUnderTest';

describeNativeBroker('requests that are lost on the way', () => {
  let broker: NativeBroker;
  let proxy: FaultyProxy;
  let bus: Bus;

  beforeAll(async () => {
    const [port, proxied] = (await freePorts(2)) as [number, number];
    proxy = await startFaultyProxy(proxied, () => port);
    broker = await startNativeBroker({
      port,
      // Clients find the broker behind the proxy, wherever they were sent first.
      settings: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxied}` },
    });
    bus = await openKafkaBus(await freshTopics({ brokers: [`127.0.0.1:${proxied}`] }));
  }, 120_000);
  afterAll(async () => {
    await bus.close();
    await proxy.close();
    await broker.stop();
  }, 60_000);

  const valuesOf = async (topic: typeof DECISIONS | typeof AUDIT_RECORDS): Promise<string[]> => {
    const values: string[] = [];
    for await (const { value } of recordsTo(bus, { topic, partition: 0, offset: 0 })) values.push(text(value));
    return values;
  };

  it('leave every commit whole and once, in order, when its writer is thrown away and the log is asked', async () => {
    const faults = [
      ...([
        [API.produce, 'lose-response'],
        [API.endTxn, 'lose-response'],
        [API.addPartitions, 'lose-response'],
        [API.produce, 'cut'],
        [API.endTxn, 'cut'],
        [API.addPartitions, 'cut'],
      ] as const),
    ];
    let pending: (typeof faults)[number] | undefined;
    const happened: string[] = [];
    proxy.fate = (apiKey) => {
      if (pending?.[0] !== apiKey) return 'pass';
      const [, fate] = pending;
      happened.push(`${apiKey} ${fate}`);
      pending = undefined;
      return fate;
    };

    let writer: TransactionalWriter = await bus.writer('w');
    let next = 0;
    for (let round = 0; faults.length > 0 || pending !== undefined; round++) {
      // Every third commit meets its fault.
      if (round % 3 === 1) pending = faults.shift() ?? pending;
      try {
        await writer.commit([record(DECISIONS, 0, 'k', String(next)), record(AUDIT_RECORDS, 0, 'k', String(next))]);
        next += 1;
      } catch (error) {
        expect(error).toMatchObject({ name: 'BusError', retryable: true });
        writer = await bus.writer('w');
        next = (await valuesOf(DECISIONS)).length;
      }
    }
    proxy.fate = () => 'pass';
    expect(happened).toHaveLength(6);
    const expected = Array.from({ length: next }, (_, n) => String(n));
    expect(await valuesOf(DECISIONS)).toEqual(expected);
    expect(await valuesOf(AUDIT_RECORDS)).toEqual(expected);
  }, 240_000);

  it('end no transaction of the next writer when they come late', async () => {
    const before = (await valuesOf(DECISIONS)).length;
    const older = await bus.writer('late');
    proxy.fate = (apiKey) => (apiKey === API.endTxn ? 'hold' : 'pass');
    await expect(older.commit([record(DECISIONS, 0, 'k', 'older')])).rejects.toMatchObject({ name: 'BusError' });
    proxy.fate = () => 'pass';
    const newer = await bus.writer('late');
    await newer.commit([record(DECISIONS, 0, 'k', 'newer')]);
    expect(await proxy.release()).toBe(1);
    await newer.commit([record(DECISIONS, 0, 'k', 'newest')]);
    expect((await valuesOf(DECISIONS)).slice(before)).toEqual(['newer', 'newest']);
  }, 120_000);
});
