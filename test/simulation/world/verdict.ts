/** The brokers of a world, and what is kept of it while it runs; judged at its end by checks that share nothing with what they judge. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { decimal } from '../../../src/contracts/decimal';
import type { Decimal } from '../../../src/contracts/decimal';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS, TOPICS } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import { checkLog } from '../../checks/checkLog';
import type { Commit } from '../../checks/commits';
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
import type { Restraint } from './restraint';

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
  private stopped = false;

  constructor(
    private readonly plan: WorldPlan,
    private readonly ports: Ports,
    random: Random,
    private readonly codec: Codec,
    log: () => RawLog,
    restraint: Restraint,
  ) {
    this.venues = plan.brokers.map((dialect, shard) =>
      dialect === 'sim'
        ? undefined
        : openVenue({
            ...ports,
            ...{ dialect, account: String(shard), random: random.fork() },
            prices: (symbol) => this.priceOf(symbol),
            onCall: (process, when, request) => {
              restraint.moved(process.name, shard, when, request);
              if (when === 'before' || when === 'after') void survives(ports, process, when, `a call of ${dialect} ${shard}`);
            },
            executionsEnd: () => log().end(EXECUTION_EVENTS, shard),
          }),
    );
  }

  handedOver({ name }: SimulatedProcess, records: readonly BusRecord[]): void {
    if (!name.startsWith('gateway')) return;
    const at = this.ports.scheduler.nowMs;
    for (const { topic, partition: shard, offset, value } of records) {
      if (topic !== CONTROL_EVENTS && topic !== DECISIONS) continue;
      this.handed.push({ process: name, topic, shard, offset, at });
      this.stopped ||= isStop(this.codec, topic, value);
    }
  }

  /** Orders are open at brokers, and something was stopped: it takes a while until they are cancelled. */
  get hasToCancel(): boolean {
    return this.stopped && this.venues.some((venue) => venue?.market.openOrders().some(({ foreign }) => !foreign) === true);
  }

  async judge({ bus, codec, acknowledged, atRest, findings }: Judged): Promise<void> {
    const { log, commits, opened, poisoned: poison } = bus;
    checkBounds({ plan: this.plan, commits, opened, scheduler: this.ports.scheduler, findings });
    await checkLog({ log, codec, findings, acknowledged, poison, commits });
    const { handed, venues: accounts } = this;
    const { cancelOpenOrders } = GATEWAY_SETTINGS;
    const committedAt = timesOf(commits);
    checkOrders(
      { log: new DecodedLog(log, poison, findings), accounts, handed, committedAt, cancelOpenOrders, isWatched: true, atRest },
      findings,
    );
  }

  counts(log: RawLog): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const topic of TOPICS)
      for (let shard = 0; shard < log.shards; shard++) counts[topic] = (counts[topic] ?? 0) + log.records(topic, shard).length;
    counts['orders at brokers'] = this.venues.reduce((sum, venue) => sum + (venue?.market.orders.length ?? 0), 0);
    return counts;
  }
}

const STOPS = new Set(['KillSwitchTripped', 'RunEnded']);

const isStop = (codec: Codec, topic: typeof CONTROL_EVENTS | typeof DECISIONS, value: Uint8Array | null): boolean => {
  if (topic === DECISIONS) {
    const decision = codec.decodeValue(DECISIONS, value);
    return decision.ok && decision.value.kill_switch_tripped;
  }
  const control = codec.decodeValue(CONTROL_EVENTS, value);
  return control.ok && STOPS.has(control.value.payload.type);
};

/** When each execution event became visible. */
const timesOf = (commits: readonly Commit[]): ((shard: number, offset: number) => number | undefined) => {
  const times = new Map<string, number>();
  for (const { at, records } of commits)
    for (const { topic, partition, offset } of records) if (topic === EXECUTION_EVENTS) times.set(`${partition}@${offset}`, at);
  return (shard, offset) => times.get(`${shard}@${offset}`);
};
