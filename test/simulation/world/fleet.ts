/**
 * The processes of a world: production services on the simulated ports. One that crashes is started again; at times one leaves in good order, and comes
 * back as another.
 */
import { ShardService } from '../../../src/apps/service/shardService';
import type { Logger } from '../../../src/apps/service/logger';
import type { Membership } from '../../../src/apps/service/membership';
import type { ServiceMetrics } from '../../../src/apps/service/serviceMetrics';
import type { ServiceName, ShardWork } from '../../../src/apps/service/shardWork';
import { gatewayWork, processorWork } from '../../../src/apps/service/works';
import type { Codec } from '../../../src/contracts/avro/codec';
import type { Broker } from '../../../src/gateway/broker';
import { simBroker } from '../../../src/gateway/brokers/sim';
import type { GatewaySettings } from '../../../src/gateway/gateway';
import type { Bus } from '../../../src/processor/bus';
import type { Ports } from '../kernel/ports';
import { uniform } from '../kernel/ports';
import { SimulatedProcess } from '../kernel/process';
import type { Venue } from '../venue/venue';
import { Group } from './group';
import type { WorldPlan } from './plan';
import type { Restraint } from './restraint';

export interface FleetOptions extends Ports {
  readonly plan: WorldPlan;
  readonly codec: Codec;
  readonly venues: readonly (Venue | undefined)[];
  readonly restraint: Restraint;
  readonly busOf: (process: SimulatedProcess) => Bus;
  /** Nothing may be decided any more, says a process. */
  readonly halted: (process: SimulatedProcess, error: unknown) => void;
}

/** ms, virtual. Idle processes ask seldom: a reader wakes them. */
const WAIT_MS = 10_000;
const RESTART = { least: 100, most: 4_000 };
const RESTLESS = { least: 500, most: 4_000 };
const MOST_SKEW_MS = 90_000;

export const GATEWAY_SETTINGS: GatewaySettings = {
  onBrokerError: 'continue',
  cancelOpenOrders: true,
  pollEveryMs: 3_000,
  reconcileEveryMs: 20_000,
};

interface Slot {
  readonly name: ServiceName;
  readonly number: number;
  readonly group: Group;
  lives: number;
  process: SimulatedProcess | undefined;
  service: ShardService | undefined;
}

export class Fleet {
  private readonly slots: Slot[];
  private readonly groups: Readonly<Record<ServiceName, Group>>;

  constructor(private readonly options: FleetOptions) {
    const { plan } = options;
    this.groups = { processor: new Group(options, plan.shards), gateway: new Group(options, plan.shards) };
    const slot =
      (name: ServiceName) =>
      (_: unknown, at: number): Slot => ({
        ...{ name, number: at + 1, group: this.groups[name], lives: 0 },
        ...{ process: undefined, service: undefined },
      });
    this.slots = [
      ...Array.from({ length: plan.processors }, slot('processor')),
      ...Array.from({ length: plan.gateways }, slot('gateway')),
    ];
  }

  start(): void {
    for (const slot of this.slots) this.begin(slot);
    this.restless();
  }

  /** Everybody dies, and everybody is started again: what they knew is gone. */
  restartAll(): void {
    for (const { process } of this.slots) process?.crash();
  }

  private begin(slot: Slot): void {
    const { restraint, plan, scheduler, faults, trace, codec, venues, busOf, halted } = this.options;
    slot.lives += 1;
    const { group } = slot;
    const skew = faults.happens('process: clock differs') ? faults.draw.between(-MOST_SKEW_MS, MOST_SKEW_MS) : 0;
    const process = new SimulatedProcess(`${slot.name} ${slot.number}.${slot.lives}`, skew, true, {
      crashed: () => {
        group.silent(process, Infinity);
        this.beginLater(slot);
      },
      paused: (untilMs) => group.silent(process, untilMs),
    });
    slot.process = process;
    const log = loggerOf(process, trace);
    const faultPoint = (point: string): void => {
      if (!process.isAlive || !faults.happens('process: crash at a fault point')) return;
      trace(() => `${process.name} crashes at ${point}`);
      process.crash();
    };
    const common = {
      codec,
      batchRecords: plan.batchRecords,
      metrics: NO_METRICS,
      brokerStamps: true,
      waitMs: WAIT_MS,
      faultPoint,
    };
    const brokers = new Map<number, Broker>();
    const brokerOf = (shard: number): Broker => {
      let broker = brokers.get(shard);
      if (broker === undefined) brokers.set(shard, (broker = venues[shard]?.open(process) ?? simBroker));
      return broker;
    };
    const work: ShardWork =
      slot.name === 'processor'
        ? processorWork(common)
        : {
            ...gatewayWork({ ...common, broker: simBroker, settings: GATEWAY_SETTINGS, log }),
            // Each shard trades for an account of its own.
            takeOver: async (takeover) => {
              const broker = brokerOf(takeover.shard);
              const identity = await broker.identify();
              if (identity.type === 'unavailable') throw new Error(`the account could not be found out: ${identity.reason}`);
              return gatewayWork({ ...common, broker, settings: GATEWAY_SETTINGS, log }).takeOver(takeover);
            },
          };
    // What a process does from its first moment on are events of its own.
    scheduler.after(
      0,
      () => {
        trace(() => `${process.name} starts`);
        const service = new ShardService({
          work,
          membership: observed(group.membership(process), () => restraint.assigned(process.name)),
          bus: busOf(process),
          metrics: metricsOf(process.name, restraint),
          log,
        });
        slot.service = service;
        void service.fatal.then((error) => {
          halted(process, error);
          process.crash();
        });
        void service.start();
      },
      process,
    );
  }

  private beginLater(slot: Slot): void {
    const { scheduler, faults } = this.options;
    slot.process = undefined;
    slot.service = undefined;
    scheduler.after(uniform(faults, RESTART), () => {
      if (slot.process === undefined) this.begin(slot);
    });
  }

  /** Now and then somebody leaves in good order, or the group loses sight of one that is well. */
  private restless(): void {
    const { scheduler, faults, trace } = this.options;
    scheduler.after(uniform(faults, RESTLESS), () => {
      if (faults.areOver) return;
      for (const slot of this.slots) {
        const { process, service } = slot;
        if (process?.isAlive !== true) continue;
        if (faults.happens('process: shut out of the group')) {
          trace(() => `the group loses sight of ${process.name}`);
          slot.group.shutOut(process);
        }
        if (service !== undefined && faults.happens('process: joins or leaves')) {
          trace(() => `${process.name} is told to stop`);
          scheduler.after(0, () => void service.stop().then(() => process.crash()), process);
        }
      }
      this.restless();
    });
  }
}

const loggerOf = (process: SimulatedProcess, trace: Ports['trace']): Logger => {
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      trace(() => `${process.name} ${level}: ${message} ${textOf(fields)}`);
  const logger: Logger = {
    error: say('error'),
    warn: say('warn'),
    info: say('info'),
    debug: () => undefined,
    child: () => logger,
  };
  return logger;
};

const textOf = (fields: object): string =>
  JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value instanceof Uint8Array ? '...' : value,
  );

/** Nobody looks at the metrics of a simulated process. */
const NO_METRICS = ((): ServiceMetrics => {
  const nothing: unknown = new Proxy(() => nothing, { get: () => nothing });
  return nothing as ServiceMetrics;
})();

/** Of the metrics only the words of a shard that is dropped and taken over are heard. */
const metricsOf = (process: string, restraint: Restraint): ServiceMetrics => {
  let code = '';
  const heard: Pick<ServiceMetrics, 'failed' | 'entered'> = {
    failed: (_, failure) => (code = failure),
    entered: (_, shard, phase) => {
      if (phase === 'waiting') restraint.shardDropped(process, shard, code === 'BUS_FENCED');
      if (phase === 'restoring') restraint.takenOver(process, shard);
    },
  };
  return new Proxy(NO_METRICS, {
    get: (nothing, name) => (name in heard ? Reflect.get(heard, name) : Reflect.get(nothing, name)) as unknown,
  });
};

const observed = (membership: Membership, onAssigned: () => void): Membership => ({
  ...membership,
  start: (told, onFailed) =>
    membership.start((shards) => {
      onAssigned();
      told(shards);
    }, onFailed),
});
