/**
 * The same chain of cells in this process: a fault point throws where a kill would end the process, the gateway is abandoned, and the next one takes over.
 * Quick enough for every change; what a kill leaves on a disk only the built program shows (programChain.ts).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayFaultPoint } from '../../../src/gateway/gateway';
import { checkLog } from '../../checks/checkLog';
import { Findings } from '../../checks/findings';
import { logOf } from '../../checks/rawLog';
import { orderLogOf } from '../../checks/orders/orderLog';
import { Random } from '../../support/random';
import { Crash, Desk } from './desk';
import type { Kill } from './kills';
import { hasEnded, outcomeOf, unknownOf } from './outcome';
import type { ChainOutcome } from './outcome';
import type { TroubleAtBroker } from './troubles';
import { judge } from './verdict';
import type { Tripped } from './verdict';
import { CANCEL_TAKES_MS, endOfDay, finishCancels, mayStayUnknown } from './venue';
import type { DialectName } from './venue';

export interface DeskChainOptions {
  readonly dialect: DialectName;
  readonly trouble: TroubleAtBroker;
  /** Points of the gateway, and of the wire. */
  readonly kills: readonly Kill[];
  readonly ordersEach: number;
  readonly seed: number;
}

const CELL_MS = 5_000;
const SETTLE_MS = 15_000;
const ROUNDS = 4;

export const runDeskChain = async (options: DeskChainOptions): Promise<ChainOutcome> => {
  const { dialect, seed, trouble } = options;
  const desk = await Desk.open({ dialect, seed, cancels: trouble.slowCancels === true ? 'pending' : 'done' });
  const cancels = setInterval(() => finishCancels(desk.venue), CANCEL_TAKES_MS);
  try {
    return await new DeskChain(options, desk).run();
  } finally {
    clearInterval(cancels);
    await desk.close();
  }
};

class DeskChain {
  private readonly findings = new Findings();
  private readonly random: Random;
  private readonly tripped: Tripped[] = [];
  private readonly killed = new Map<string, number>();
  private readonly missed: string[] = [];
  private intents = 0;
  private resolved = 0;
  private isTripped = false;
  private stillSince = 0;
  private last = '';

  constructor(
    private readonly options: DeskChainOptions,
    private readonly desk: Desk,
  ) {
    this.random = new Random(options.seed);
  }

  async run(): Promise<ChainOutcome> {
    const { kills, trouble, dialect, seed } = this.options;
    for (const [at, kill] of kills.entries()) await this.cell(kill, trouble.trips === true && at % 2 === 0);
    await this.settle();
    const log = await this.desk.decoded(this.findings);
    const { server } = this.desk.venue;
    judge({
      ...{ log, server, tripped: this.tripped, findings: this.findings },
      ...{ restates: trouble.restates === true, namesAreKeys: dialect === 'alpaca' },
    });
    const { bus, codec } = this.desk.shard;
    await checkLog({ log: await logOf(bus), codec, findings: this.findings, acknowledged: [], poison: [] });
    return outcomeOf({
      ...{ name: `${dialect}, ${trouble.name}`, seed, findings: this.findings, kills: this.killed, missed: this.missed },
      ...{
        log: orderLogOf(log, 0),
        server,
        intents: this.intents,
        trips: this.tripped.length,
        resolved: this.resolved,
        spoils: trouble.spoils === true,
      },
    });
  }

  private async cell(kill: Kill, trips: boolean): Promise<void> {
    const { desk } = this;
    const { trouble, ordersEach } = this.options;
    const { server } = desk.venue;
    const { flow, shard } = desk;
    trouble.prepare(server, this.random);
    await shard.publish(...flow.orders(ordersEach));
    this.intents += ordersEach;
    await shard.settle();
    if (trips) {
      const before = server.count('submit');
      await desk.until(() => server.count('submit') > before + 1 && server.market.openOrders().length > 0, CELL_MS);
      await shard.publish(flow.trip());
      await desk.step();
      await this.arrived();
    }
    this.isTripped = trips;
    const from = Date.now();
    const wasKilled = await this.until(kill);
    if (!wasKilled) this.missed.push(`${this.options.dialect}, ${trouble.name}: ${kill.name}@${kill.nth}`);
    else this.killed.set(kill.name, (this.killed.get(kill.name) ?? 0) + 1);
    if (!trips) return;
    server.clearFaults();
    await this.untilSettled();
    for (const order of server.market.openOrders())
      this.findings.add('kill: open at the end', `order ${order.clientOrderId} is open at the broker behind a trip`);
    this.tripped.push({ from, to: Date.now() });
    this.isTripped = false;
    await shard.feed(flow.reset());
  }

  /** What had left before the trip was read is there, or lost. */
  private async arrived(): Promise<void> {
    const { log } = this.desk.venue.server.market;
    const sent = (await this.desk.events()).filter(({ event }) => event === 'ORDER_SUBMITTING').map(({ name }) => name);
    const until = performance.now() + ARRIVAL_MS;
    const isThere = (name: string): boolean => log.some((entry) => entry.type === 'received' && entry.clientOrderId === name);
    while (performance.now() < until && !sent.every(isThere)) await pause(2);
  }

  /** Goes on until it is killed there. False: it had nothing more to do. */
  private async until(kill: Kill): Promise<boolean> {
    const { desk } = this;
    this.last = '';
    let passed = 0;
    let isDown = false;
    const pass = (): boolean => {
      passed += 1;
      isDown ||= passed === kill.nth;
      return passed === kill.nth;
    };
    // Only its successor passes this one.
    if (kill.point === 'gateway-after-restore') desk.abandon();
    desk.atPoint = (point: GatewayFaultPoint): void => {
      if (point === kill.point && pass()) throw new Crash();
    };
    const hear = ({ operation }: { readonly operation: string }): void => {
      if (kill.at?.some((one) => one === operation) === true && pass()) desk.abandon();
    };
    desk.venue.heard.add(hear);
    await desk.until(async () => isDown || (await this.isSettled()), CELL_MS);
    desk.venue.heard.delete(hear);
    desk.atPoint = () => undefined;
    return isDown;
  }

  private async settle(): Promise<void> {
    const { desk } = this;
    const { server } = desk.venue;
    await desk.until(() => this.isSettled(), CELL_MS);
    server.clearFaults();
    for (let round = 0; round < ROUNDS; round++) {
      endOfDay(desk.venue);
      await this.untilSettled();
      const log = await desk.log();
      const lost = unknownOf(log).filter(({ name }) => server.market.withClientOrderId(name).length === 0);
      this.resolved += lost.length;
      for (const { intentId } of lost) await desk.shard.publish(desk.flow.neverArrived(intentId));
      if (lost.length === 0 && log.decisions.length >= this.intents && hasEnded(log)) break;
    }
    // Time for one more look at what has ended.
    const looked = performance.now() + LATE_MS;
    if (this.options.trouble.fillsLate === true) await desk.until(() => performance.now() > looked);
    await desk.shard.settle();
  }

  private async untilSettled(): Promise<void> {
    this.last = '';
    if (!(await this.desk.until(() => this.isSettled(), SETTLE_MS)))
      this.findings.add('liveness', 'orders were still on their way long after the last fault');
  }

  /** Nothing is waiting, nothing is open but what rests at the broker or what nobody can know, and nothing has changed for a moment. */
  private async isSettled(): Promise<boolean> {
    const { desk } = this;
    const { server } = desk.venue;
    const status = desk.gateway?.status;
    if (status === undefined) return false;
    const { queued, open, unknown } = status;
    const seen = `${queued} ${open} ${unknown} ${server.count('submit')} ${server.market.fills.length}`;
    const now = performance.now();
    const resting = server.market.openOrders().length;
    const isStill =
      queued === 0 &&
      open === unknown + resting &&
      !(this.isTripped && resting > 0) &&
      mayStayUnknown(desk.venue, unknown, this.options.trouble.trips === true);
    if (seen !== this.last || !isStill) this.stillSince = now;
    this.last = seen;
    if (now - this.stillSince < (unknown > 0 ? UNKNOWN_STILL_MS : STILL_MS)) return false;
    return (await desk.shard.decisions()).length >= this.intents;
  }
}

const ARRIVAL_MS = 300;
const LATE_MS = 1_500;
const STILL_MS = 120;
/** Longer than a request can be on its way, and than the first pauses between look-ups. */
const UNKNOWN_STILL_MS = 1_300;
