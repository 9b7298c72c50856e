import { BusError } from '../../processor/bus';
import type { Bus } from '../../processor/bus';
import { openMemoryBus } from '../../bus/memory/memoryBus';
import { ORDER_INTENTS, POLICY_STATE } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { StateError } from '../../processor/restoreShard';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { FaultyBus } from '../../../test/support/faultyBus';
import type { Fault, Operation } from '../../../test/support/faultyBus';
import { expectExactlyOnce, settled, stopServices, testService, until } from '../../../test/support/services';
import type { TestService } from '../../../test/support/services';
import type { ShardWork, ShardWorker, TakeoverOptions } from './shardWork';
import { processorWork } from './works';

/** Something in a shard that the test holds in its hands: each takeover and each step waits until it is let go. */
class HeldWork implements ShardWork {
  readonly name = 'processor';
  readonly inputs: readonly Topic[] = [ORDER_INTENTS];
  readonly takeovers: TakeoverOptions[] = [];
  steps = 0;
  readonly events: string[] = [];
  holdTakeover: Promise<void> = Promise.resolve();
  holdStep: Promise<void> = Promise.resolve();
  /** Thrown by the next steps, one each. */
  readonly errors: Error[] = [];

  async takeOver(options: TakeoverOptions): Promise<ShardWorker> {
    this.takeovers.push(options);
    this.events.push(`takeover ${options.shard}`);
    const writer = await options.bus.writer(`held-${options.shard}`);
    const reader = await options.bus.reader([{ topic: ORDER_INTENTS, partition: options.shard, offset: 0 }]);
    await this.holdTakeover;
    return {
      step: async () => {
        this.steps += 1;
        this.events.push(`step ${options.shard}`);
        await this.holdStep;
        const error = this.errors.shift();
        if (error !== undefined) throw error;
        const { length } = await reader.poll({ maxRecords: 10, maxWaitMs: 2 });
        if (length > 0) await writer.commit([]);
        this.events.push(`end ${options.shard}`);
        return { read: length, pending: false };
      },
    };
  }
}

const gate = (): { readonly closed: Promise<void>; readonly open: () => void } => {
  let open: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
};

const held = async (shards: readonly number[] | null = [0], count = 4) => {
  const work = new HeldWork();
  const bus = new FaultyBus(openMemoryBus({ shards: count }), () => undefined);
  const running = testService(bus, () => work, shards);
  await running.service.start();
  return { ...running, work, bus };
};
const ready = ({ service }: TestService) => until('ready', () => service.problems(10_000).length === 0);
const reasons = ({ service }: TestService, withinMs = 10_000) =>
  service.problems(withinMs).map(({ shard, reason }) => `${shard ?? 'all'}: ${reason}`);
const fatalOf = ({ service }: TestService) =>
  Promise.race([service.fatal, new Promise((resolve) => setTimeout(() => resolve('none'), 60))]);

afterEach(stopServices);

describe('readiness', () => {
  it('waits for the group, then for each shard', async () => {
    const running = await held(null);
    expect(reasons(running)).toEqual(['all: no shards were assigned yet']);
    running.membership.reason = 'joining the group';
    expect(reasons(running)).toEqual(['all: joining the group']);
    running.membership.reason = undefined;
    const takeover = gate();
    running.work.holdTakeover = takeover.closed;
    running.membership.assign([1, 2]);
    expect(reasons(running)).toEqual(['1: restoring', '2: restoring']);
    takeover.open();
    await ready(running);
    running.membership.reason = 'shut out';
    expect(reasons(running)).toEqual(['all: shut out']);
    await running.service.stop();
    expect(reasons(running)).toEqual(['all: stopping']);
  });

  it('ends when a step takes too long, and when a shard waits after an error', async () => {
    const running = await held();
    await ready(running);
    const step = gate();
    running.work.holdStep = step.closed;
    await until('a silent shard', () => running.service.problems(20).length > 0);
    expect(reasons(running, 20)).toEqual(['0: no step has ended for 0 s']);
    running.work.errors.push(...Array.from({ length: 6 }, () => new BusError('BUS_UNREACHABLE', 'k:9092')));
    step.open();
    await until('a waiting shard', () => reasons(running)[0]?.includes('BUS_UNREACHABLE') === true);
    await ready(running);
    await running.service.stop();
  });

  it('is there for a member that has no shards', async () => {
    const running = await held([]);
    expect(reasons(running)).toEqual([]);
    await running.service.stop();
  });
});

describe('errors of a shard', () => {
  it.each([
    ['BUS_FAILED', new BusError('BUS_FAILED', 'x')],
    ['BUS_FULL', new BusError('BUS_FULL', 'x')],
    ['an unknown one', new Error('who knows')],
    ['no error at all', 'a text'],
  ])('drop everything of it and take it over again: %s', async (_, error) => {
    const running = await held();
    await ready(running);
    running.work.errors.push(error as Error);
    await until('another takeover', () => running.work.takeovers.length === 2);
    await ready(running);
    expect(running.bus.open).toBe(2);
    expect(new Set(running.work.takeovers.map(({ owner }) => owner)).size).toBe(2);
    expect(running.log.messages('warn')).toEqual(['shard dropped, to be taken over again']);
    await running.service.stop();
    expect(running.bus.open).toBe(0);
    expect(await fatalOf(running)).toBe('none');
  });

  it.each([
    ['StateError', new StateError(0, 'x')],
    ['BUS_DAMAGED', new BusError('BUS_DAMAGED', 'x')],
    ['BUS_TRUNCATED', new BusError('BUS_TRUNCATED', 'x')],
  ])('stop every shard where nothing may be decided: %s', async (_, error) => {
    const running = await held([0, 1, 2]);
    await ready(running);
    running.work.errors.push(error);
    expect(await running.service.fatal).toBe(error);
    await running.service.stop();
    running.membership.assign([0, 1, 2]);
    expect([running.work.takeovers.length, running.bus.open, running.membership.left]).toEqual([3, 0, 1]);
  });

  it('leave no writer behind when a takeover fails half way', async () => {
    const faults: (Fault | undefined)[] = [undefined, { type: 'fails', error: new BusError('BUS_FAILED', 'x') }];
    const bus = new FaultyBus(openMemoryBus({ shards: 1 }), () => faults.shift());
    const running = testService(bus, () => new HeldWork());
    await running.service.start();
    await ready(running);
    expect(bus.open).toBe(2);
    await running.service.stop();
  });

  it('do not hang on a writer that never closes', async () => {
    const memory = openMemoryBus({ shards: 1 });
    const bus: Bus = {
      shards: 1,
      writer: async (id) => ({ ...(await memory.writer(id)), close: () => new Promise(() => undefined) }),
      reader: (from) => memory.reader(from),
      endOffset: (topic, partition) => memory.endOffset(topic, partition),
      offsetAt: (topic, partition, time) => memory.offsetAt(topic, partition, time),
      close: () => memory.close(),
    };
    const work = new HeldWork();
    const running = testService(bus, () => work);
    await running.service.start();
    work.errors.push(new BusError('BUS_FAILED', 'x'));
    await until('another takeover', () => work.takeovers.length === 2);
    await ready(running);
    await running.service.stop();
  });

  it('make a fenced shard wait longer each time while it is still ours, and never go on with the old state', async () => {
    const running = await held();
    for (let times = 1; times <= 3; times += 1) {
      await ready(running);
      running.work.errors.push(new BusError('BUS_FENCED', 'x'));
      await until('another takeover', () => running.work.takeovers.length === times + 1);
    }
    const waits = running.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => Number(fields.waitMs));
    expect(waits).toHaveLength(3);
    expect(waits[0]).toBeLessThan(waits[2]!);
    expect(running.log.messages('warn')[0]).toContain('another owner');
    await running.service.stop();
  });

  it('end a fenced shard that is not ours any more', async () => {
    const running = await held();
    await ready(running);
    const step = gate();
    running.work.holdStep = step.closed;
    running.work.events.length = 0;
    await until('a step', () => running.work.events.includes('step 0'));
    running.work.errors.push(new BusError('BUS_FENCED', 'x'));
    running.membership.assign([]);
    step.open();
    await until('closed', () => running.bus.open === 0);
    expect(running.work.takeovers.length).toBe(1);
    expect(reasons(running)).toEqual([]);
    await running.service.stop();
  });
});

describe('a rebalance', () => {
  it('ends the step in flight before it gives a shard up, and starts it afresh only then', async () => {
    const running = await held([0, 1]);
    await ready(running);
    const step = gate();
    running.work.holdStep = step.closed;
    running.work.events.length = 0;
    await until('both in a step', () => ['step 0', 'step 1'].every((event) => running.work.events.includes(event)));
    running.membership.assign([1]);
    running.membership.assign([0, 1]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(running.work.takeovers.length).toBe(2);
    expect(reasons(running)).toEqual(['0: stopping']);
    running.work.events.length = 0;
    step.open();
    await ready(running);
    const { events } = running.work;
    expect(events.indexOf('end 0')).toBeLessThan(events.indexOf('takeover 0'));
    expect(events.includes('takeover 1')).toBe(false);
    expect(running.bus.open).toBe(4);
    await running.service.stop();
  });

  it('breaks a takeover off, and closes what it opens late', async () => {
    const running = await held([]);
    const takeover = gate();
    running.work.holdTakeover = takeover.closed;
    running.membership.assign([3]);
    await until('opened', () => running.bus.open === 2);
    running.membership.assign([]);
    await until('closed', () => running.bus.open === 0);
    takeover.open();
    await running.service.stop();
    expect(running.work.steps).toBe(0);
  });

  it('breaks off a restore that waits for records', async () => {
    const memory = openMemoryBus({ shards: 1 });
    const running = testService(memory, (metrics) => ({
      ...processorWork({ codec: new TestShard().codec, batchRecords: 10, metrics, brokerStamps: false }),
      takeOver: async ({ bus, shard }: TakeoverOptions): Promise<ShardWorker> => {
        const reader = await bus.reader([{ topic: POLICY_STATE, partition: shard, offset: 0 }]);
        for (;;) await reader.poll({ maxRecords: 1, maxWaitMs: 60_000 });
      },
    }));
    await running.service.start();
    await until('restoring', () => reasons(running)[0] === '0: restoring');
    await running.service.stop();
    expect(await fatalOf(running)).toBe('none');
  });
});

it('a membership that ends stops the service', async () => {
  const running = await held();
  const error = new BusError('BUS_REFUSED', 'group x');
  running.membership.fail(error);
  expect(await running.service.fatal).toBe(error);
  await running.service.stop();
});

describe('the processor in a shard', () => {
  it('is fenced by a rival twice, and decides everything once all the same', async () => {
    const shard = new TestShard();
    let rivals = 2;
    const bus = new FaultyBus(shard.bus, (operation: Operation) =>
      operation === 'commit' && rivals-- > 0 ? { type: 'rival' } : undefined,
    );
    const running = testService(bus, (metrics) =>
      processorWork({ codec: shard.codec, batchRecords: 1, metrics, brokerStamps: false, waitMs: 2 }),
    );
    await running.service.start();
    await shard.publish(shard.started(), shard.price('AAPL', '200'), shard.intent(intentOf()), shard.intent(intentOf()));
    await settled(shard.bus, [running]);
    await expectExactlyOnce(shard.bus, shard.codec, ['r-1/i-1']);
    expect(running.log.messages('warn')).toHaveLength(2);
    expect(running.membership.progress.get(0)).toEqual([
      { topic: 'control-events', partition: 0, offset: 1 },
      { topic: 'market-prices', partition: 0, offset: 1 },
      { topic: 'execution-events', partition: 0, offset: 0 },
      { topic: 'order-intents', partition: 0, offset: 2 },
    ]);
    await running.service.stop();
  });
});
