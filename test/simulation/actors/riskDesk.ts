/** The risk desk: starts and ends runs, changes policies and portfolios, trips and resets the kill switch, and puts right what stopped a run. */
import type { Decimal } from '../../../src/contracts/decimal';
import { decimal, formatDecimal, minus, ONE, wholeDecimal, ZERO } from '../../../src/contracts/decimal';
import type { ControlPayload, Decision, PortfolioUpdated } from '../../../src/contracts/messages';
import type { CapitalPolicy } from '../../../src/contracts/policy';
import { CONTROL_EVENTS, EVERY_RUN } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';
import type { ActionKind } from '../world/plan';
import { times, weighted } from './draws';
import { invalidControl } from './invalidControls';
import { runIdOn, short } from './names';
import { drawRunStart } from './runStart';
import type { DrawnPolicy } from './policies';
import type { PriceFeed } from './priceFeed';
import { RunModel } from './runModel';
import type { Stranger } from './stranger';
import type { Stage } from './stage';

const FROM = 'risk desk';
const MOST_ACTIVE = 8;
const EQUITIES = ['100000', '50000', '20000', '33333.33'].map((text) => decimal(text));

export class RiskDesk {
  private numbered = 0;
  private everyRunIsTripped = false;
  /** Of a run that strategies know of before it is started. */
  private announcedRun: RunModel | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
    private readonly feed: PriceFeed,
    private readonly stranger: Stranger,
    /** A world has few policies: reading one is slow. */
    private readonly policies: readonly DrawnPolicy[],
    private readonly strategies: readonly string[],
    /** Every run that was ever started, in that order. */
    readonly runs: RunModel[],
  ) {}

  get active(): readonly RunModel[] {
    return this.runs.filter(({ isActive }) => isActive);
  }

  /** A run that is not started yet. */
  get announced(): RunModel {
    return (this.announcedRun ??= this.newRun());
  }

  /** The first runs. */
  open(acknowledged: () => void): void {
    let open = this.stage.world.plan.runs;
    for (let count = open; count > 0; count--)
      this.startRun(() => {
        open -= 1;
        if (open === 0) acknowledged();
      });
  }

  /** Whatever people do in the time of one intent. */
  act(): void {
    const { random, stage } = this;
    const { plan } = stage.world;
    for (let count = times(random, plan.actionsPerIntent); count > 0; count--) {
      const kind = weighted(random, plan.actions);
      if (kind !== undefined)
        stage.after(random.chance(0.5) ? random.next() * 3 : random.between(3, 4_000), () => this.perform(kind));
    }
  }

  /** What stops a run is not left so for long: a day on which everything is denied tests little. */
  watch(run: RunModel, { violations }: Decision): void {
    if (run.isKilled) this.resetSoon(run);
    for (const { rule_id } of violations) {
      if (rule_id === 'LOSS-001' || rule_id === 'LOSS-002') this.restoreSoon(run);
      if (rule_id === 'SYS-001') for (const symbol of this.feed.symbols) this.feed.returnSoon(symbol);
    }
  }

  /** The market has closed. Now and then the switch stays on. */
  reopen(): void {
    if (this.stage.world.plan.profile === 'kill' && this.random.chance(0.5)) return;
    this.everyRun({ type: 'KillSwitchReset' });
  }

  /** The kill switch of every run, for a while. */
  stopAll(): void {
    this.everyRun({ type: 'KillSwitchTripped' });
    this.resetSoon();
  }

  /** What a symbol trades at. */
  worth(symbol: string): Decimal {
    return this.feed.worth(symbol);
  }

  private perform(kind: ActionKind): void {
    const { random, stage } = this;
    const run = this.active.length === 0 ? undefined : random.pick(this.active);
    if (kind === 'price') return this.feed.move();
    if (run === undefined || kind === 'run start') {
      if (this.active.length < MOST_ACTIVE) this.startRun();
      return;
    }
    if (stage.world.faults.happens('input: control event not valid')) return this.misspeak(run);
    switch (kind) {
      case 'policy':
        return this.changePolicy(run);
      case 'portfolio':
        return this.changePortfolio(run);
      case 'trip':
        this.say(run, { type: 'KillSwitchTripped' });
        return this.resetSoon(run);
      case 'trip every run':
        return this.stopAll();
      case 'reset':
        return random.chance(0.5) ? this.say(run, { type: 'KillSwitchReset' }) : this.everyRun({ type: 'KillSwitchReset' });
      case 'session roll':
        return random.chance(0.7) ? this.say(run, { type: 'SessionRolled' }) : this.everyRun({ type: 'SessionRolled' });
      case 'run end':
        return this.endRun(run);
    }
  }

  private startRun(acknowledged: () => void = () => undefined): void {
    const { random, stage, feed } = this;
    const run = this.announced;
    this.announcedRun = undefined;
    const drawn = random.pick(this.policies);
    const now = stage.now;
    const { payload, violationTimes } = drawRunStart(random, {
      ...{ run, now, plan: stage.world.plan, policyText: drawn.text, symbols: feed.symbols, strategies: this.strategies },
    });
    this.runs.push(run);
    run.start(payload, drawn.policy, violationTimes, now);
    if (this.everyRunIsTripped) run.control({ type: 'KillSwitchTripped' }, now);
    stage.world.trace(() => `${FROM} starts ${short(run.id)} on shard ${run.shard} with ${formatDecimal(run.equity)}`);
    const begin = (): void =>
      this.publish(run.id, payload, () => {
        run.isOpen = true;
        acknowledged();
      });
    // Something may have been filled for a run that nobody has started yet: it is not in the portfolio that it starts with.
    if (run.dialect === 'sim' && stage.world.faults.happens('input: unsolicited fill'))
      this.stranger.fill(run.id, random.pick(feed.symbols), () => stage.after(random.between(50, 1_500), begin));
    else begin();
    if (run.isKilled) this.resetSoon(run);
  }

  private newRun(): RunModel {
    const { random, stage, feed } = this;
    const { shards, brokers } = stage.world.plan;
    const number = ++this.numbered;
    // Each shard gets one before any gets two.
    const shard = number <= shards ? number - 1 : random.below(shards);
    const id = runIdOn(random, number, shard, shards);
    return new RunModel(id, shard, brokers[shard] ?? 'sim', `account-${shard}`, random.pick(EQUITIES), feed.prices);
  }

  private endRun(run: RunModel): void {
    const all = this.random.chance(0.2);
    const ending = all ? this.active : [run];
    if (all) this.everyRun({ type: 'RunEnded' });
    else this.say(run, { type: 'RunEnded' });
    // Others take their places.
    for (let count = ending.length; count > 0; count--)
      if (this.active.length === 0 || this.random.chance(0.8))
        this.stage.after(this.random.between(0, 400), () => this.active.length < MOST_ACTIVE && this.startRun());
  }

  private changePolicy(run: RunModel): void {
    const { text, policy } = this.random.pick(this.policies);
    const payload = { type: 'PolicyActivated', policy_text: text } as const;
    if (this.random.chance(0.75)) this.say(run, payload, policy);
    else this.everyRun(payload, policy);
  }

  /** New figures: some on the edge of what the policy takes for a loss, exactly and by the last digit. */
  private changePortfolio(run: RunModel): void {
    const { random } = this;
    const limits = run.limitsFor('', '');
    if (limits === undefined) return;
    const { daily_loss_limit_pct: daily, max_drawdown_pct: drawdown } = limits.loss;
    const lost = random.pick<Decimal>([
      ...[ZERO, wholeDecimal(random.between(1, 900)), share(run.equity, random.chance(0.5) ? daily : drawdown)],
      ...[minus(share(run.equity, random.chance(0.5) ? daily : drawdown), 1n as Decimal), share(run.equity, decimal('0.4'))],
    ]);
    this.say(run, this.figures(run, lost));
    this.restoreSoon(run);
  }

  private figures(run: RunModel, lost: Decimal): PortfolioUpdated {
    const { random } = this;
    // At a broker the positions are the broker's.
    const isCorrected = run.dialect === 'sim' && random.chance(0.4);
    const positions = new Map([...run.positions()].map(([symbol, qty]) => [symbol, random.chance(0.5) ? ZERO : qty]));
    return {
      type: 'PortfolioUpdated',
      ...{ equity: minus(run.equity, lost), start_of_day_equity: run.equity, peak_equity: run.equity },
      positions: isCorrected ? positions : null,
    };
  }

  private misspeak(run: RunModel): void {
    const { random, stage } = this;
    const { text } = random.pick(this.policies);
    const ended = this.runs.find(({ isActive, isOpen }) => isOpen && !isActive);
    const { runId, control, what } = invalidControl(random, run.id, ended?.id, text);
    stage.world.trace(() => `${FROM} says something that is not valid, to ${short(runId)}: ${what}`);
    const value = stage.world.codec.encodeValue(CONTROL_EVENTS, control);
    if (runId === EVERY_RUN) {
      const records = stage.everywhere(CONTROL_EVENTS, runId, value);
      for (const record of records) stage.world.isPoison(record, what);
      stage.publish(FROM, records);
    } else stage.publish(FROM, [stage.keyed(CONTROL_EVENTS, runId, value)]);
  }

  private resetSoon(run?: RunModel): void {
    if (run !== undefined) {
      if (run.resetIsDue) return;
      run.resetIsDue = true;
    }
    const isLong = this.stage.world.plan.profile === 'kill';
    this.stage.after(this.random.between(20, isLong ? 6_000 : 1_500), () => {
      if (run === undefined || this.everyRunIsTripped) this.everyRun({ type: 'KillSwitchReset' });
      if (run === undefined) return;
      run.resetIsDue = false;
      if (run.isKilled) this.say(run, { type: 'KillSwitchReset' });
    });
  }

  private restoreSoon(run: RunModel): void {
    if (run.restoreIsDue) return;
    run.restoreIsDue = true;
    this.stage.after(this.random.between(30, 2_500), () => {
      run.restoreIsDue = false;
      if (run.isActive) this.say(run, this.figures(run, ZERO));
    });
  }

  private say(run: RunModel, payload: ControlPayload, policy?: CapitalPolicy): void {
    this.stage.world.trace(() => `${FROM}: ${payload.type} for ${short(run.id)}${detailOf(payload)}`);
    run.control(payload, this.stage.now, policy);
    this.publish(run.id, payload);
  }

  private everyRun(payload: ControlPayload, policy?: CapitalPolicy): void {
    const { stage } = this;
    stage.world.trace(() => `${FROM}: ${payload.type} for every run`);
    if (payload.type === 'KillSwitchTripped') this.everyRunIsTripped = true;
    if (payload.type === 'KillSwitchReset') this.everyRunIsTripped = false;
    for (const run of this.active) run.control(payload, stage.now, policy);
    stage.publish(FROM, stage.everywhere(CONTROL_EVENTS, EVERY_RUN, this.encoded(payload)));
  }

  private publish(runId: string, payload: ControlPayload, acknowledged?: () => void): void {
    this.stage.publish(FROM, [this.stage.keyed(CONTROL_EVENTS, runId, this.encoded(payload))], acknowledged);
  }

  private encoded(payload: ControlPayload): Buffer {
    return this.stage.world.codec.encodeValue(CONTROL_EVENTS, { actor: 'desk', reason: 'a day like others', payload });
  }
}

const share = (amount: Decimal, of: Decimal): Decimal => ((amount * of) / ONE) as Decimal;

const detailOf = (payload: ControlPayload): string =>
  payload.type === 'PortfolioUpdated'
    ? `: equity ${formatDecimal(payload.equity)}${payload.positions === null ? '' : ', positions corrected'}`
    : '';
