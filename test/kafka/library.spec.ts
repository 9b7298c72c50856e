/** The library's client on a Kafka cluster, beside what the gate wrote. */
import { connect, decimal, readIntent } from '../../src/index';
import type { Answer, Client, OrderIntent } from '../../src/index';
import { DECISIONS } from '../../src/contracts/topics';
import { Gate } from '../interop/gate';
import { describeKafka } from '../support/kafka/kafkaUnderTest';
import { policyText } from '../support/shard';

const RUN = 'run Zürich 😀';

describeKafka('the library’s client on Kafka', () => {
  jest.setTimeout(60_000);
  let gate: Gate;
  let client: Client;

  beforeAll(async () => {
    gate = await Gate.open({ shards: 3 });
    await gate.start();
    await gate.startRun(RUN, { AAPL: '199.99' }, policyText({ tripAfter: 1_000 }));
    client = await connect({ run: RUN, environment: gate.environment });
  });
  afterAll(async () => {
    await client.close();
    await gate.stop();
  });

  const intentOf = (id: string, qty = '1'): OrderIntent => {
    const read = readIntent({
      ...{ intent_id: id, timestamp: '2026-02-24T09:30:01Z', strategy_id: 'momentum_v1', account_id: 'acct_1' },
      ...{ instrument: { symbol: 'AAPL', asset_class: 'equity' }, side: 'buy', order_type: 'market', qty, limit_price: null },
    });
    if (!read.ok) throw new Error(read.error.message);
    return read.value;
  };
  const decided = async () =>
    (await gate.records(DECISIONS)).map(({ value }) => {
      const decision = gate.codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new Error(decision.error.message);
      return decision.value;
    });
  const seqOf = (answer: Answer): number => (answer.type === 'decided' ? answer.seq : -1);

  it('answers with the decision that is on the log, to the last digit', async () => {
    const answers = [await client.submit(intentOf('long', '0.000000000000000001')), await client.submit(intentOf('cut', '60'))];
    const onLog = await decided();
    expect(answers).toEqual(
      onLog.map((decision) => ({ type: 'decided', decision, runId: RUN, seq: decision.seq, replayed: false })),
    );
    expect(onLog.map(({ decision }) => decision)).toEqual(['ALLOW', 'MODIFY']);
  });

  it('answers many at once', async () => {
    const many = Array.from({ length: 200 }, (_, at) => intentOf(`many-${at}`, '0.001'));
    const answers = await Promise.all(many.map((intent) => client.submit(intent)));
    expect(answers.map((answer) => (answer.type === 'decided' ? answer.decision.intent_id : answer))).toEqual(
      many.map(({ intent_id }) => intent_id),
    );
  });

  it('answers a repeat as the first time and tells a conflict, also of what was decided before it was there', async () => {
    const first = await client.submit(intentOf('twice'));
    const repeat = { ...first, replayed: true };
    const conflict = { type: 'conflict', decidedSeq: seqOf(first) };
    expect([await client.submit(intentOf('twice')), await client.submit(intentOf('twice', '2'))]).toEqual([repeat, conflict]);
    const later = await connect({ run: RUN, environment: gate.environment });
    try {
      expect([await later.submit(intentOf('twice')), await later.submit(intentOf('twice', '2'))]).toEqual([repeat, conflict]);
    } finally {
      await later.close();
    }
    expect((await decided()).filter(({ intent_id }) => intent_id === 'twice')).toHaveLength(1);
  });

  it('has a run that nobody started denied, and sends nothing that is no intent', async () => {
    const elsewhere = await connect({ run: 'nobody started it', environment: gate.environment });
    try {
      const answer = await elsewhere.submit(intentOf('x'));
      expect(answer.type === 'decided' && answer.decision.violations.map(({ rule_id }) => rule_id)).toEqual(['SYS-002']);
      const wrong = { ...intentOf('y'), qty: decimal('0') };
      await expect(elsewhere.submit(wrong)).rejects.toMatchObject({ code: 'invalid_intent' });
    } finally {
      await elsewhere.close();
    }
    await expect(elsewhere.submit(intentOf('z'))).rejects.toMatchObject({ code: 'closed' });
  });

  it('says what to do where it cannot connect', async () => {
    await expect(connect({ run: RUN, environment: {} })).rejects.toThrow(/KAFKA_BROKERS.*is missing/);
    await expect(connect({ run: '', environment: gate.environment })).rejects.toThrow(/^run: no run id/);
  });
});
