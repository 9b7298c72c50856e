/** What shards that change hands on a real broker leave behind folds to the same bytes; also while they are being written. */
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { runProgram } from '../../src/apps/cli/program';
import { processorWork } from '../../src/apps/service/works';
import { decimal } from '../../src/contracts/decimal';
import { DECISIONS, MARKET_PRICES, ORDER_INTENTS, partitionOf } from '../../src/contracts/topics';
import type { OutgoingRecord } from '../../src/processor/bus';
import { Gate } from '../interop/gate';
import { Random } from '../support/random';
import { describeKafka } from '../support/kafka/kafkaUnderTest';
import { stopServices, testService, until } from '../support/services';
import type { Json } from '../support/program';
import { policyText } from '../support/shard';
import { intentOf } from '../support/situations';

const RUNS = ['r-1', 'r-2', 'r-3'];
const INTENTS = 120;

describeKafka('replay', () => {
  let gate: Gate;
  const environment = { ...process.env };
  const random = new Random(5);
  beforeAll(async () => {
    gate = await Gate.open({ shards: 2 });
    process.env = { ...environment, ...gate.environment };
  }, 60_000);
  afterAll(async () => {
    process.env = environment;
    await stopServices();
    await gate.stop();
  });

  const replay = async (...args: readonly string[]): Promise<{ code: number; report: Json; err: string }> => {
    let [out, err] = ['', ''];
    const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), interactive: false };
    const code = await runProgram(['replay', '--bus', 'kafka', '--json', ...args], io);
    return { code, report: JSON.parse(out === '' ? '{}' : out) as Json, err };
  };

  const intent = (number: number): OutgoingRecord => {
    const key = Buffer.from(RUNS[number % RUNS.length] ?? '');
    const fields = {
      intent_id: `i-${number}`,
      qty: decimal(String(random.between(1, 9))),
      side: random.pick(['buy', 'sell'] as const),
    };
    const value = gate.codec.encodeValue(ORDER_INTENTS, intentOf(fields));
    return { topic: ORDER_INTENTS, partition: partitionOf(key, 2), key, value, timestamp: Date.now() };
  };
  const price = (partition: number): OutgoingRecord => {
    const value = gate.codec.encodeValue(MARKET_PRICES, { symbol: 'AAPL', price: decimal(String(random.between(150, 250))) });
    return { topic: MARKET_PRICES, partition, key: Buffer.from('AAPL'), value, timestamp: Date.now() };
  };

  it('gives the same bytes after rebalances between two processors, and while they write', async () => {
    const first = await gate.start();
    for (const run of RUNS) await gate.startRun(run, { AAPL: '200' }, policyText({ tripAfter: 10_000 }));
    const otherBus = await openKafkaBus(gate.options);
    const work = { codec: gate.codec, batchRecords: 7, brokerStamps: false, waitMs: 20 };
    const second = testService(otherBus, (metrics) => processorWork({ ...work, metrics }), []);
    await second.service.start();
    const meanwhile: Promise<{ code: number; report: Json; err: string }>[] = [];
    for (let number = 0; number < INTENTS; number++) {
      await gate.publish([price(0), price(1), intent(number)]);
      if (number % 20 !== 10) continue;
      // Who gets a shard may be there before its last owner has let go: then one is fenced.
      const shards = random.pick([[0], [1], [0, 1], []]);
      second.membership.assign(shards);
      first.membership.assign([0, 1].filter((shard) => !shards.includes(shard)));
      if (meanwhile.length < 2) meanwhile.push(replay());
    }
    await until('all intents are decided', async () => (await gate.records(DECISIONS)).length === INTENTS, 30_000);
    for (const { code, report, err } of await Promise.all(meanwhile))
      expect({ code, err, same: report.same }).toEqual({ code: 0, err: '', same: true });
    const { code, report } = await replay();
    expect([code, report.same]).toEqual([0, true]);
    const shards = report.shards as { decisions: number }[];
    expect(shards.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(INTENTS);
    await stopServices();
    await otherBus.close();
  }, 120_000);
});
