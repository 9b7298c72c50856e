import { FaultyBus } from '../../../test/support/faultyBus';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import {
  endsOf,
  expectExactlyOnce,
  forgetServices,
  stopServices,
  testService,
  TestLog,
  until,
} from '../../../test/support/services';
import type { TestService } from '../../../test/support/services';
import { DECISIONS, ORDER_INTENTS, POLICY_STATE } from '../../contracts/topics';
import { PAPER } from '../../../test/support/trading';
import { BusError } from '../../processor/bus';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import type { Host, StopSignal } from './host';
import { runServices } from './runServices';
import type { Companion } from './companion';
import type { Door, RunOptions } from './runServices';
import { ServiceMetrics } from './serviceMetrics';
import { gatewayWork, processorWork } from './works';

afterEach(stopServices);

class TestHost implements Host {
  readonly exits: number[] = [];
  signal: (signal: StopSignal) => void = () => undefined;

  onSignal(handler: (signal: StopSignal) => void): () => void {
    this.signal = handler;
    return () => (this.signal = () => undefined);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** Starts services on a bus; `ended` tells how it went. */
const running = (
  bus: Bus,
  services: readonly TestService[],
  fields: Partial<Pick<RunOptions, 'drain' | 'stopLimitMs' | 'door' | 'companions' | 'onStarted'>> = {},
) => {
  const host = new TestHost();
  const words: string[] = [];
  let started = false;
  const run = runServices({
    bus,
    services: services.map(({ service }) => service),
    metrics: new ServiceMetrics(),
    monitoring: undefined,
    drain: false,
    host,
    log: new TestLog(),
    lastWords: (line) => words.push(line),
    onStarted: () => (started = true),
    ...fields,
  });
  const ended = run.catch((error: unknown) => error);
  return { host, words, ended, started: () => until('started', () => started) };
};

const processorOn = (shard: TestShard, bus: Bus = shard.bus): TestService =>
  testService(bus, (metrics) => processorWork({ codec: shard.codec, batchRecords: 2, metrics, brokerStamps: false, waitMs: 5 }));
const gatewayOn = (shard: TestShard): TestService =>
  testService(shard.bus, (metrics) =>
    gatewayWork({ codec: shard.codec, batchRecords: 2, metrics, brokerStamps: false, waitMs: 5, ...PAPER, log: new TestLog() }),
  );
/** A bus that is not closed with the service, so that a test can look into it afterwards. */
const kept = (bus: Bus, fields: Partial<Bus> = {}): Bus => ({
  shards: bus.shards,
  writer: (id) => bus.writer(id),
  reader: (from) => bus.reader(from),
  endOffset: (topic, partition) => bus.endOffset(topic, partition),
  offsetAt: (topic, partition, time) => bus.offsetAt(topic, partition, time),
  close: () => Promise.resolve(),
  ...fields,
});
const intents = (shard: TestShard, count: number) =>
  Array.from({ length: count }, (_, number) => shard.intent(intentOf({ intent_id: `i-${number}` })));
const count = async (shard: TestShard, topic: typeof DECISIONS | typeof ORDER_INTENTS): Promise<number> => {
  let found = 0;
  for await (const record of recordsTo(shard.bus, { topic, partition: 0, offset: 0 })) found += record.value === null ? 0 : 1;
  return found;
};

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends an idle service cleanly: %s', async (signal) => {
    const shard = new TestShard();
    const bus = new FaultyBus(shard.bus, () => undefined);
    const processor = processorOn(shard, bus);
    const { host, ended, started } = running(bus, [processor]);
    await started();
    await until('ready', () => processor.service.problems(1_000).length === 0);
    host.signal(signal);
    expect([await ended, bus.open, processor.membership.left, host.exits]).toEqual([signal, 0, 1, []]);
    await expect(shard.bus.endOffset(DECISIONS, 0)).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('finishes the commit in flight', async () => {
    const shard = new TestShard();
    let commits = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const bus = kept(shard.bus, {
      writer: async (id) => {
        const writer = await shard.bus.writer(id);
        return {
          commit: async (records) => {
            // The first is the fence.
            if (++commits > 1) await released;
            return writer.commit(records);
          },
          close: () => writer.close(),
        };
      },
    });
    await shard.publish(shard.started(), shard.price('AAPL', '200'), ...intents(shard, 1));
    const { host, ended } = running(bus, [processorOn(shard, bus)]);
    await until('in a commit', () => commits === 2);
    host.signal('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    expect([await ended, host.exits]).toEqual(['SIGTERM', []]);
    expect(commits).toBe(2);
    expect((await endsOf(shard.bus, [POLICY_STATE]))[0]?.offset).toBeGreaterThan(1);
  });

  it('breaks off a takeover and a pause after an error', async () => {
    const shard = new TestShard();
    const stuck = testService(shard.bus, () => ({
      name: 'gateway',
      inputs: [DECISIONS],
      takeOver: async ({ bus }) => {
        const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset: 0 }]);
        for (;;) await reader.poll({ maxRecords: 1, maxWaitMs: 60_000 });
      },
    }));
    const failing = processorOn(
      shard,
      new FaultyBus(shard.bus, () => ({ type: 'fails', error: new BusError('BUS_UNREACHABLE', 'k:9092') })),
    );
    const { host, ended, started } = running(shard.bus, [stuck, failing]);
    await started();
    await until('a failure', () => failing.log.messages('warn').length > 2);
    host.signal('SIGINT');
    expect([await ended, host.exits]).toEqual(['SIGINT', []]);
  });

  it('a second time ends at once, and so does a stop that takes too long', async () => {
    const shard = new TestShard();
    const never = new Promise<never>(() => undefined);
    const hanging = testService(shard.bus, () => ({
      name: 'processor',
      inputs: [ORDER_INTENTS],
      takeOver: () => Promise.resolve({ step: () => never }),
    }));
    const { host, words, started } = running(shard.bus, [hanging], { stopLimitMs: 30 });
    await started();
    host.signal('SIGTERM');
    expect(host.exits).toEqual([]);
    host.signal('SIGINT');
    expect(host.exits).toEqual([130]);
    await until('the limit', () => host.exits.length === 2);
    expect([host.exits, words.length]).toEqual([[130, 2], 2]);
    expect(words[1]).toContain('did not stop within 0.03 s');
    forgetServices();
  });
});

describe('an error that forbids to go on', () => {
  it('stops all the services cleanly and is what the run rejects with', async () => {
    const shard = new TestShard();
    const gateway = gatewayOn(shard);
    const error = new BusError('BUS_TRUNCATED', 'policy-state/0');
    const processor = processorOn(
      shard,
      new FaultyBus(shard.bus, (operation) => (operation === 'poll' ? { type: 'fails', error } : undefined)),
    );
    const { ended, host } = running(shard.bus, [processor, gateway]);
    expect([await ended, host.exits, gateway.membership.left]).toEqual([error, [], 1]);
    expect(processor.log.messages('error')).toHaveLength(1);
  });

  it('is one that the group cannot be joined with', async () => {
    const shard = new TestShard();
    const processor = processorOn(shard);
    const error = new BusError('BUS_REFUSED', 'group x');
    processor.membership.start = () => Promise.reject(error);
    expect(await running(shard.bus, [processor]).ended).toBe(error);
  });
});

describe('draining', () => {
  it('ends when all that was there is decided', async () => {
    const shard = new TestShard();
    const bus = kept(shard.bus);
    await shard.publish(shard.started(), shard.price('AAPL', '200'), ...intents(shard, 7));
    await shard.publish(shard.control({ type: 'RunEnded' }));
    expect(await running(bus, [processorOn(shard, bus)], { drain: true }).ended).toBe('drained');
    await expectExactlyOnce(
      shard.bus,
      shard.codec,
      Array.from({ length: 7 }, (_, number) => `r-1/i-${number}`),
    );
  });

  it('of an empty bus ends at once', async () => {
    const shard = new TestShard();
    expect(await running(shard.bus, [processorOn(shard)], { drain: true }).ended).toBe('drained');
  });

  it('ends for processor and gateway when neither has anything left for the other', async () => {
    const shard = new TestShard();
    const bus = kept(shard.bus);
    await shard.publish(shard.started(), shard.price('AAPL', '200'), ...intents(shard, 4));
    const services = [processorOn(shard), gatewayOn(shard)];
    expect(await running(bus, services, { drain: true }).ended).toBe('drained');
    expect(await count(shard, DECISIONS)).toBe(4);
    const kinds = (await shard.audits()).map(({ kind }) => kind).filter((kind) => kind === 'EXECUTION');
    expect(kinds).toHaveLength(8);
  });

  it('waits for what fails and is tried again, and for a group that is not joined yet', async () => {
    const shard = new TestShard();
    let faults = 5;
    const bus = new FaultyBus(kept(shard.bus), (operation) =>
      operation === 'commit' && faults-- > 0 ? { type: 'happens and fails', error: new BusError('BUS_FAILED', 'x') } : undefined,
    );
    await shard.publish(shard.started(), shard.price('AAPL', '200'), ...intents(shard, 3));
    const processor = processorOn(shard, bus);
    processor.membership.reason = 'joining';
    const { ended } = running(bus, [processor], { drain: true });
    await until('decided', async () => (await count(shard, DECISIONS)) === 3);
    processor.membership.reason = undefined;
    expect(await ended).toBe('drained');
    await expectExactlyOnce(shard.bus, shard.codec, ['r-1/i-0', 'r-1/i-1', 'r-1/i-2']);
  });
});

describe('a door', () => {
  const doorOf = (seen: string[], fields: Partial<Door> = {}): Door => ({
    open: () => Promise.resolve(void seen.push('open')),
    begin: () => Promise.resolve(void seen.push('begin')),
    shut: () => Promise.resolve(void seen.push('shut')),
    ...fields,
  });
  const companionOf = (seen: string[], name: string): Companion => ({
    start: () => void seen.push(`${name} starts`),
    stop: () => Promise.resolve(void seen.push(`${name} stops`)),
  });
  const closing = (shard: TestShard, seen: string[]): Bus =>
    kept(shard.bus, { close: () => Promise.resolve(void seen.push('bus')) });

  it('is opened first and shut first; companions end after the services, before the bus', async () => {
    const [shard, seen]: [TestShard, string[]] = [new TestShard(), []];
    const service = processorOn(shard);
    const stop = service.service.stop.bind(service.service);
    service.service.stop = () => stop().finally(() => seen.push('service stopped'));
    const { host, ended, started } = running(closing(shard, seen), [service], {
      door: doorOf(seen),
      companions: [companionOf(seen, 'one'), companionOf(seen, 'two')],
    });
    await started();
    host.signal('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(seen).toEqual([
      'open',
      'one starts',
      'two starts',
      'begin',
      'shut',
      'service stopped',
      'one stops',
      'two stops',
      'bus',
    ]);
  });

  it.each(['open', 'begin'] as const)('ends everything where it cannot %s', async (step) => {
    const [shard, seen]: [TestShard, string[]] = [new TestShard(), []];
    const door = doorOf(seen, { [step]: () => Promise.reject(new Error('the port is taken')) });
    const { ended } = running(closing(shard, seen), [processorOn(shard)], { door });
    expect(await ended).toEqual(new Error('the port is taken'));
    expect(seen.slice(-2)).toEqual(['shut', 'bus']);
  });

  it('is told of a signal while it makes ready, and does not count as started', async () => {
    const [shard, seen]: [TestShard, string[]] = [new TestShard(), []];
    const begin = (stopping: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        seen.push('begin');
        stopping.addEventListener('abort', () => resolve());
      });
    let started = false;
    const { host, ended } = running(closing(shard, seen), [processorOn(shard)], {
      door: doorOf(seen, { begin }),
      onStarted: () => (started = true),
    });
    await until('it makes ready', () => seen.includes('begin'));
    host.signal('SIGTERM');
    expect([await ended, started]).toEqual(['SIGTERM', false]);
  });
});
