/** A shard in this process: memory bus, processor and gateway, the real adapter, and the simulated broker over HTTP. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Broker } from '../../../src/gateway/broker';
import { Gateway } from '../../../src/gateway/gateway';
import type { GatewayFaultPoint } from '../../../src/gateway/gateway';
import { TestShard } from '../../support/shard';
import { SILENT } from '../../support/trading';
import { DecodedLog } from '../../checks/decodedLog';
import { Findings } from '../../checks/findings';
import type { LoggedEvent, OrderLog } from '../../checks/orders/orderLog';
import { orderLogOf } from '../../checks/orders/orderLog';
import { logOf } from '../../checks/rawLog';
import { Random } from '../../support/random';
import { OrderFlow } from './flow';
import { openVenue } from './venue';
import type { DialectName, Venue } from './venue';

/** What a fault point throws: the gateway is gone, and what it had on its way goes unheard. */
export class Crash extends Error {}

export interface DeskOptions {
  readonly dialect: DialectName;
  readonly seed: number;
  readonly cancels?: 'done' | 'pending';
  readonly policyText?: string;
  /** The gateway's own setting, for policies that do not say. */
  readonly cancelOpenOrders?: boolean;
}

const POLL_MS = 40;
const WITHIN_MS = 8_000;

export class Desk {
  /** Called at each point that the gateway passes. */
  atPoint: (point: GatewayFaultPoint) => void = () => undefined;
  gateway: Gateway | undefined;

  private constructor(
    readonly venue: Venue,
    readonly shard: TestShard,
    readonly flow: OrderFlow,
    private readonly adapter: Broker,
    private readonly options: DeskOptions,
  ) {}

  static async open(options: DeskOptions): Promise<Desk> {
    const venue = await openVenue(options.dialect, options.cancels);
    const shard = new TestShard();
    const flow = new OrderFlow(shard.codec, new Random(options.seed), options.policyText);
    await shard.takeOver();
    await shard.feed(...flow.opening());
    const adapter = venue.openAdapter();
    await adapter.identify();
    return new Desk(venue, shard, flow, adapter, options);
  }

  takeOver(): Promise<Gateway> {
    const { bus, codec } = this.shard;
    return Gateway.takeOver({
      ...{ bus, codec, partition: 0, broker: this.adapter, log: SILENT },
      now: () => new Date().toISOString(),
      wallMs: () => Date.now(),
      monotonic: () => performance.now(),
      settings: {
        onBrokerError: 'continue',
        cancelOpenOrders: this.options.cancelOpenOrders ?? true,
        pollEveryMs: POLL_MS,
        reconcileEveryMs: 400,
      },
      faultPoint: (point) => this.atPoint(point),
    });
  }

  /** One round of gateway and processor. False: the gateway crashed. */
  async step(): Promise<boolean> {
    try {
      this.gateway ??= await this.takeOver();
      await this.gateway.step({ maxRecords: 3, maxWaitMs: 10 });
      await this.shard.settle(3);
      return true;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.abandon();
      await this.shard.settle(3);
      return false;
    }
  }

  /** Gone, as by a kill: nothing is heard of any more. */
  abandon(): void {
    this.gateway?.abandon();
    this.gateway = undefined;
  }

  /** Steps until it is so. False: it was not in time. */
  async until(isSo: () => boolean | Promise<boolean>, withinMs = WITHIN_MS): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (performance.now() < end) {
      if (await isSo()) return true;
      await this.step();
      await pause(1);
    }
    return isSo();
  }

  async decoded(findings = new Findings()): Promise<DecodedLog> {
    return new DecodedLog(await logOf(this.shard.bus), [], findings);
  }

  async log(): Promise<OrderLog> {
    return orderLogOf(await this.decoded(), 0);
  }

  async events(): Promise<readonly LoggedEvent[]> {
    return (await this.log()).events;
  }

  async close(): Promise<void> {
    this.abandon();
    await this.adapter.close();
    await this.venue.server.stop();
  }
}
