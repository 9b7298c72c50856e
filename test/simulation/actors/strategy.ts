/**
 * One strategy: sends intents in bursts and after pauses, at the edges of limits and windows, to whichever run it likes; repeats itself, contradicts
 * itself, and is late.
 */
import type { Decision, Side } from '../../../src/contracts/messages';
import { formatRfc3339 } from '../../../src/contracts/timestamp';
import { ORDER_INTENTS } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import type { Random } from '../../support/random';
import { contradictionOf, describeIntent, intentFor, SMALL_ORDER } from './intents';
import { intentIdOf, short, UNPRICED_SYMBOL } from './names';
import { drawOrder, restingOrder } from './orders';
import type { DrawnOrder } from './orders';
import type { RiskDesk } from './riskDesk';
import type { RunModel, SentIntent } from './runModel';
import type { Stage } from './stage';
import type { Stranger } from './stranger';

/** New intents that the strategies of a world have still to send, and how many were sent. */
export interface Budget {
  left: number;
  sent: number;
}

/** In one burst at most. */
const MOST_IN_BURST = 22;
const MINUTE_MS = 60_000;
/** How often a strategy waits longer than a minute; where senders stamp, its clock goes on and nobody waits. */
const LONG_PAUSES = 0.025;

export class Strategy {
  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
    private readonly from: string,
    readonly id: string,
    private readonly desk: RiskDesk,
    private readonly stranger: Stranger,
    private readonly symbols: readonly string[],
    private readonly budget: Budget,
    /** How slow the world is: 1 takes some half a minute. */
    private readonly pace: number,
  ) {}

  /** Goes on until the budget is used up. */
  act(): void {
    const { random, budget, stage } = this;
    if (budget.left <= 0) return;
    const run = this.someRun();
    if (run === undefined) return stage.after(200, () => this.act());
    const draw = random.next();
    if (draw < 0.05) this.burst(run, random.between(3, 8));
    else if (draw < 0.13) this.edge(run);
    else if (draw < 0.35 && this.mayFlood(run)) this.flood(run);
    else this.order(run);
    stage.after(this.gap(), () => this.act());
  }

  /** One last order for a run, and some of its old ones once more: who has restarted must judge, and know them. */
  probe(run: RunModel): void {
    this.placed(run, { ...SMALL_ORDER, what: 'a probe' }, this.random.pick(this.symbols));
    for (let count = 2; count > 0; count--) this.again(run, this.random.pick(run.sent));
  }

  /** An old intent of a run, whose answer is known or long forgotten. */
  probeEnded(run: RunModel): void {
    if (run.sent.length > 0) this.again(run, this.random.pick(run.sent));
  }

  private someRun(): RunModel | undefined {
    const { runs } = this.desk;
    const open = runs.filter(({ isActive, isOpen }) => isActive && isOpen);
    // Now and then for one that has ended; mostly for one that may trade.
    if (this.random.chance(0.01)) return this.random.pick(runs);
    const trading = open.filter(({ isKilled }) => !isKilled);
    const wanted = trading.length > 0 && this.random.chance(0.7) ? trading : open;
    if (wanted.length === 0) return undefined;
    // One run is busier than the others, so that its limits are reached.
    return this.random.chance(0.4) ? wanted[0] : this.random.pick(wanted);
  }

  /** Nothing between the orders of a burst; then pauses in which processes may crash, be missed and be replaced, and brokers do what they were asked. */
  private gap(): number {
    const { random, stage } = this;
    const draw = random.next();
    if (draw < 0.45) return random.next() * 4;
    // The more strategies there are, the less each does: a world lasts as long.
    const pace = this.pace * stage.world.plan.strategies;
    if (draw < 0.8) return random.between(15, 900) * pace;
    if (draw < 1 - LONG_PAUSES) return random.between(900, 10_000) * pace;
    const pause = random.between(MINUTE_MS - 2_000, MINUTE_MS + 6_000);
    return stage.skipTo(stage.now + pause) ? 1 : pause;
  }

  private order(run: RunModel): void {
    const { random } = this;
    if (random.chance(0.015)) return this.send(run, SMALL_ORDER, UNPRICED_SYMBOL);
    const symbol = random.pick(this.symbols);
    this.send(run, this.drawn(run, symbol), symbol);
  }

  private drawn(run: RunModel, symbol: string): DrawnOrder {
    const { plan } = this.stage.world;
    const facts = (side: Side) =>
      run.factsAt(this.stage.now, intentFor(this.id, run.accountId, { ...SMALL_ORDER, side }, symbol, '', this.stage.now));
    const limits = run.limitsFor(symbol, this.id);
    return drawOrder(this.random, { facts, limits, dialect: run.dialect, profile: plan.profile });
  }

  /** Small orders, one after the other or all at once. */
  private burst(run: RunModel, count: number): void {
    const { random, budget } = this;
    const symbol = random.pick(this.symbols);
    const apart = random.chance(0.5) ? 0 : random.next() * 2;
    const wanted = Math.min(count, budget.left, MOST_IN_BURST);
    for (let place = 0; place < wanted; place++) {
      if (place === 0 || apart === 0) this.send(run, SMALL_ORDER, symbol);
      else this.stage.after(place * apart, () => budget.left > 0 && this.send(run, SMALL_ORDER, symbol));
    }
  }

  /** Where orders rest at a broker that cancels all of them with one request. */
  private mayFlood(run: RunModel): boolean {
    const { world } = this.stage;
    if (run.dialect !== 'alpaca' || world.plan.profile !== 'kill' || run.isKilled) return false;
    const limits = run.limitsFor(this.symbols[0] ?? '', this.id);
    if (limits === undefined || limits.kill_switch.cancel_open_orders === false) return false;
    const { max_orders_per_minute_global: most, max_orders_per_minute_by_strategy: mostOfMine } = limits.execution;
    return Math.min(most, mostOfMine) > MOST_IN_BURST;
  }

  /** Many orders far from the market, and a while later everything is stopped. */
  private flood(run: RunModel): void {
    const { random, stage, budget } = this;
    const side = random.pick<Side>(['buy', 'sell']);
    for (let count = random.between(16, 24); count > 0; count--) {
      const symbol = random.pick(this.symbols);
      budget.left -= 1;
      this.placed(run, restingOrder(random, side, this.desk.worth(symbol)), symbol);
    }
    stage.after(random.between(2_000, 20_000), () => this.desk.stopAll());
  }

  /** Reaches the limit of orders a minute with one too many; then one order as the first of them leaves the window, or as the first violation does. */
  private edge(run: RunModel): void {
    const { random, stage } = this;
    const symbol = random.pick(this.symbols);
    const limits = run.limitsFor(symbol, this.id);
    if (limits === undefined) return this.order(run);
    const { max_orders_per_minute_global: most, max_orders_per_minute_by_strategy: mostOfMine } = limits.execution;
    const inWindow = run.admitted.filter(({ at }) => at > stage.now - MINUTE_MS);
    const mine = inWindow.filter(({ strategyId }) => strategyId === this.id);
    const free = Math.min(most - inWindow.length, mostOfMine - mine.length);
    if (free > 0 && free < MOST_IN_BURST) {
      this.burst(run, free + 1);
      if (stage.isStampedBySender) stage.after(random.between(1, 40), () => this.budget.left > 0 && this.edge(run));
      return;
    }
    if (free <= 0) {
      const blocking = most - inWindow.length <= 0 ? inWindow[inWindow.length - most] : mine[mine.length - mostOfMine];
      if (blocking !== undefined && this.skipTo(blocking.at + MINUTE_MS + random.between(-1, 1), 'the window of orders')) {
        return this.send(run, SMALL_ORDER, symbol);
      }
      return this.order(run);
    }
    const { violation_window_seconds: seconds, trip_after_n_violations: enough } = limits.kill_switch;
    const oldest = run.violatedAt.at(-Math.min(enough - 1, run.violatedAt.length));
    if (oldest !== undefined && enough < 100)
      this.skipTo(oldest + seconds * 1_000 + random.between(-1, 1), 'the window of violations');
    this.order(run);
  }

  private skipTo(ms: number, what: string): boolean {
    if (!this.stage.skipTo(ms)) return false;
    this.stage.world.trace(() => `${this.from} waits until ${formatRfc3339(ms)}, the edge of ${what}`);
    return true;
  }

  /** An order, and whatever else happens in its time. */
  private send(run: RunModel, order: DrawnOrder, symbol: string): void {
    const { faults } = this.stage.world;
    this.budget.left -= 1;
    const decision = this.placed(run, order, symbol);
    if (faults.happens('input: unknown run')) this.mistake();
    if (faults.happens('input: poison')) this.stranger.poison();
    if (run.dialect === 'sim' && faults.happens('input: unsolicited fill')) this.stranger.fill(run.id, symbol);
    this.desk.watch(run, decision);
    this.desk.act();
  }

  /** Publishes it; answers with what should come of it. */
  private placed(run: RunModel, order: DrawnOrder, symbol: string): Decision {
    const { stage, random, budget } = this;
    const { faults, codec } = stage.world;
    budget.sent += 1;
    const isLate = stage.isStampedBySender && faults.happens('input: late timestamp');
    const timestamp = stage.now - (isLate ? random.between(1, 90_000) : 0);
    const intent = intentFor(this.id, run.accountId, order, symbol, intentIdOf(random, budget.sent), timestamp);
    const sent: SentIntent = { intent, value: codec.encodeValue(ORDER_INTENTS, intent) };
    run.sent.push(sent);
    const record = stage.keyed(ORDER_INTENTS, run.id, sent.value, timestamp);
    stage.world.trace(
      () => `${this.from} ${describeIntent(intent)} for ${short(run.id)}, ${order.what}${isLate ? ', late' : ''}`,
    );
    const records = [record];
    if (faults.happens('input: repeated')) this.repeat(run, sent, records);
    if (faults.happens('input: conflicting')) this.contradict(run, random.pick(run.sent));
    stage.publish(this.from, records);
    return run.place(intent, timestamp);
  }

  /** With it in one publication, some time later, or an older one. */
  private repeat(run: RunModel, sent: SentIntent, records: OutgoingRecord[]): void {
    const { random, stage } = this;
    const draw = random.next();
    if (draw < 0.4) records.push(stage.keyed(ORDER_INTENTS, run.id, sent.value));
    else if (draw < 0.75) stage.after(random.between(1, 8_000), () => this.again(run, sent));
    else this.again(run, random.pick(run.sent));
  }

  private again(run: RunModel, { intent, value }: SentIntent): void {
    this.stage.world.trace(() => `${this.from} repeats ${short(intent.intent_id)} for ${short(run.id)}`);
    this.stage.publish(this.from, [this.stage.keyed(ORDER_INTENTS, run.id, value)]);
  }

  /** The same id with another body. */
  private contradict(run: RunModel, { intent }: SentIntent): void {
    const { random, stage } = this;
    const other = contradictionOf(random, intent);
    const publishIt = (): void => {
      stage.world.trace(() => `${this.from} contradicts ${short(intent.intent_id)} for ${short(run.id)}`);
      const value = stage.world.codec.encodeValue(ORDER_INTENTS, other);
      stage.publish(this.from, [stage.keyed(ORDER_INTENTS, run.id, value)]);
    };
    if (random.chance(0.3)) publishIt();
    else stage.after(random.between(1, 4_000), publishIt);
  }

  /** An intent for a run that never begins, or that begins later. */
  private mistake(): void {
    const { random, stage, desk } = this;
    const runId = random.chance(0.5) ? `ghost-${random.between(1, 3)}` : desk.announced.id;
    const intent = intentFor(
      this.id,
      'account-0',
      SMALL_ORDER,
      random.pick(this.symbols),
      `early-${random.between(1, 5)}`,
      stage.now,
    );
    stage.world.trace(() => `${this.from} ${describeIntent(intent)} for ${short(runId)}, which nobody has started`);
    stage.publish(this.from, [stage.keyed(ORDER_INTENTS, runId, stage.world.codec.encodeValue(ORDER_INTENTS, intent))]);
  }
}
