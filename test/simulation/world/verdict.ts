/** The brokers of a world, and what is kept of it while it runs; judged at its end by checks that share nothing with what they judge. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { decimal } from '../../../src/contracts/decimal';
import type { Decimal } from '../../../src/contracts/decimal';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS, TOPICS } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import { checkLog } from '../../checks/checkLog';
import { DecodedLog } from '../../checks/decodedLog';
import type { Acknowledged } from '../../checks/evidence';
import type { Findings } from '../../checks/findings';
import { checkOrders } from '../../checks/orders/checkOrders';
import type { HandedRecord } from '../../checks/orders/evidence';
import type { RawLog } from '../../checks/rawLog';
import type { Random } from '../../support/random';
import type { Ports } from '../kernel/ports';
import { survives } from '../kernel/ports';
import type { SimulatedProcess } from '../kernel/process';
import type { SimulatedBus } from '../kernel/simulatedBus';
import { openVenue } from '../venue/openVenue';
import type { Venue } from '../venue/venue';
import { checkBounds } from './bounds';
import { GATEWAY_SETTINGS } from './fleet';
import type { WorldPlan } from './plan';

export interface Judged {
  readonly bus: SimulatedBus;
  readonly codec: Codec;
  readonly acknowledged: readonly Acknowledged[];
  /** Everything has come to rest. */
  readonly atRest: boolean;
  readonly findings: Findings;
}

const UNPRICED = decimal('100');

export class Verdict {
  /** Of each shard; undefined: it trades on paper. */
  readonly venues: readonly (Venue | undefined)[];
  /** What a symbol trades at: brokers fill at it. */
  priceOf: (symbol: string) => Decimal = () => UNPRICED;
  private readonly handed: HandedRecord[] = [];

  constructor(
    private readonly plan: WorldPlan,
    private readonly ports: Ports,
    random: Random,
    log: () => RawLog,
  ) {
    this.venues = plan.brokers.map((dialect, shard) =>
      dialect === 'sim'
        ? undefined
        : openVenue({
            ...ports,
            ...{ dialect, account: String(shard), random: random.fork() },
            prices: (symbol) => this.priceOf(symbol),
            onCall: (process, when) => void survives(ports, process, when, `a call of ${dialect} ${shard}`),
            executionsEnd: () => log().end(EXECUTION_EVENTS, shard),
          }),
    );
  }

  handedOver({ name }: SimulatedProcess, records: readonly BusRecord[]): void {
    if (!name.startsWith('gateway')) return;
    const at = this.ports.scheduler.nowMs;
    for (const { topic, partition: shard, offset } of records)
      if (topic === CONTROL_EVENTS || topic === DECISIONS) this.handed.push({ process: name, topic, shard, offset, at });
  }

  async judge({ bus, codec, acknowledged, atRest, findings }: Judged): Promise<void> {
    const { log, commits, opened, poisoned: poison } = bus;
    checkBounds({ plan: this.plan, commits, opened, scheduler: this.ports.scheduler, findings });
    await checkLog({ log, codec, findings, acknowledged, poison, commits });
    const { handed, venues: accounts } = this;
    const { cancelOpenOrders } = GATEWAY_SETTINGS;
    checkOrders({ log: new DecodedLog(log, poison, findings), accounts, handed, cancelOpenOrders, atRest }, findings);
  }

  counts(log: RawLog): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const topic of TOPICS)
      for (let shard = 0; shard < log.shards; shard++) counts[topic] = (counts[topic] ?? 0) + log.records(topic, shard).length;
    counts['orders at brokers'] = this.venues.reduce((sum, venue) => sum + (venue?.market.orders.length ?? 0), 0);
    return counts;
  }
}
