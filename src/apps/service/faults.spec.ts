/**
 * Whatever a bus does to the services, and wherever their shards are moved meanwhile: each intent has one decision, each admitted order one end, and
 * folding the log again gives it byte for byte.
 */
import fc from 'fast-check';
import { FaultyBus } from '../../../test/support/faultyBus';
import type { Fault, Operation } from '../../../test/support/faultyBus';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import {
  expectExactlyOnce,
  expectOneOrderEach,
  settled,
  stopServices,
  testService,
  TestLog,
} from '../../../test/support/services';
import type { TestService } from '../../../test/support/services';
import { randomFrom } from '../../../test/support/tradingDay';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { decimal } from '../../contracts/decimal';
import { DECISIONS, INPUT_TOPICS } from '../../contracts/topics';
import { PAPER } from '../../../test/support/trading';
import { BusError } from '../../processor/bus';
import type { OutgoingRecord } from '../../processor/bus';
import { gatewayWork, processorWork } from './works';

const SHARDS = 3;
const INTENTS = 8;
const CODES = ['BUS_FAILED', 'BUS_UNREACHABLE', 'BUS_FULL', 'BUS_FENCED'] as const;

afterEach(stopServices);

/** Faults of a seed: at first one of four operations fails, at last none. */
const faultsOf = (seed: number, most: number): { readonly plan: (operation: Operation) => Fault | undefined; met: number } => {
  const random = randomFrom(seed);
  const faults = {
    met: 0,
    plan: (operation: Operation): Fault | undefined => {
      if (faults.met >= most || random() > 0.25) return undefined;
      faults.met += 1;
      const code = CODES[Math.floor(random() * CODES.length)];
      const error = code === undefined || random() < 0.1 ? new Error('unexpected') : new BusError(code, 'the faulty bus');
      if (operation === 'commit' && random() < 0.3) return { type: 'rival' };
      return { type: random() < 0.5 ? 'fails' : 'happens and fails', error };
    },
  };
  return faults;
};

/** Publishes a run's beginning, then its intents one by one, each id twice at times, with pauses. */
const publishRuns = async (shard: TestShard, random: () => number): Promise<readonly string[]> => {
  const at = (partition: number, record: OutgoingRecord): OutgoingRecord => ({ ...record, partition });
  const published: string[] = [];
  const feeder = await shard.bus.writer('test-feeder');
  for (let partition = 0; partition < SHARDS; partition++)
    await feeder.commit([at(partition, shard.started({}, `r-${partition}`)), at(partition, shard.price('AAPL', '200'))]);
  for (let number = 0; number < INTENTS; number++) {
    for (let partition = 0; partition < SHARDS; partition++) {
      const intent = shard.intent(
        intentOf({ intent_id: `i-${number}`, qty: decimal(String(1 + Math.floor(random() * 20))) }),
        `r-${partition}`,
      );
      published.push(`r-${partition}/i-${number}`);
      await feeder.commit(random() < 0.2 ? [at(partition, intent), at(partition, intent)] : [at(partition, intent)]);
      if (random() < 0.3) await new Promise(setImmediate);
    }
  }
  return published;
};

/** Moves each shard to one of the two members, or for a while to none, or, as a late group may do, to both. */
const shuffle = (members: readonly TestService[], random: () => number): void => {
  const owners = Array.from({ length: SHARDS }, () => Math.floor(random() * 4));
  members.forEach(({ membership }, member) => {
    membership.assign(owners.flatMap((owner, shard) => (owner === member || owner === 3 ? [shard] : [])));
  });
};

/** Answers with how many faults were met and how often a shard was taken over. */
const play = async (seed: number, most: number): Promise<{ readonly faults: number; readonly takeovers: number }> => {
  const shard = new TestShard(openMemoryBus({ shards: SHARDS }));
  const { codec } = shard;
  const faults = faultsOf(seed, most);
  const bus = new FaultyBus(shard.bus, faults.plan);
  const random = randomFrom(seed + 1);
  const processors = [0, 1].map(() =>
    testService(
      bus,
      (metrics) => processorWork({ codec, batchRecords: 1 + Math.floor(random() * 6), metrics, brokerStamps: false, waitMs: 2 }),
      [],
    ),
  );
  const gateways = [0, 1].map(() =>
    testService(
      bus,
      (metrics) => gatewayWork({ codec, batchRecords: 3, metrics, brokerStamps: false, waitMs: 2, ...PAPER, log: new TestLog() }),
      [],
    ),
  );
  const all = [...processors, ...gateways];
  for (const { service } of all) await service.start();
  const moving = setInterval(() => [processors, gateways].forEach((members) => shuffle(members, random)), 12);
  const intents = await publishRuns(shard, random);
  await new Promise((resolve) => setTimeout(resolve, 50));
  clearInterval(moving);
  for (const [first, second] of [processors, gateways]) {
    second?.membership.assign([]);
    first?.membership.assign([0, 1, 2]);
  }
  // What the processor decides the gateway trades, and what that trades the processor folds.
  await settled(shard.bus, processors);
  await settled(shard.bus, gateways, [DECISIONS]);
  await settled(shard.bus, processors, INPUT_TOPICS);
  await stopServices();
  await expectExactlyOnce(shard.bus, codec, intents);
  await expectOneOrderEach(shard.bus, codec);
  expect(bus.open).toBe(0);
  const takeovers = all.flatMap(({ log }) => log.messages('info')).filter((message) => message === 'shard taken over').length;
  return { faults: faults.met, takeovers };
};

it('each intent has one decision and each order one end, whatever fails', async () => {
  let met = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 30 }), fc.integer({ min: 0, max: 60 }), async (seed, most) => {
      met += (await play(seed, most)).faults;
    }),
    { numRuns: 12, endOnFailure: true },
  );
  expect(met).toBeGreaterThan(50);
}, 60_000);
