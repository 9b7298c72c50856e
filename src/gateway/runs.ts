/**
 * What the gateway must know of runs, read from `control-events` itself and ahead of the processor: whether orders may still be sent, whether open
 * ones must be cancelled, and what each run holds.
 * Source: reliability, promise 14; design, "Execution gateway"; docs/brokers.md, "The kill switch".
 */
import type { Decimal } from '../contracts/decimal';
import { minus, plus, ZERO } from '../contracts/decimal';
import { hexOf } from '../contracts/json/hex';
import type { ControlEvent, ControlPayload, PositionDifference, PublishedDecision, Side } from '../contracts/messages';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import { CONTROL_EVENTS, EVERY_RUN } from '../contracts/topics';
import type { Trouble } from './broker';

/** The operators' kill switch, as the gateway has read it. */
interface KillSwitch {
  /** Offset in control-events of the last trip; -1: none. */
  trippedAt: number;
  /** By the last word of an operator. */
  active: boolean;
}

export interface GatewayRun extends KillSwitch {
  readonly runId: string;
  readonly accountId: string;
  /** After the end: the final portfolio, which fills of orders that were still open move. Dropped when the next run begins. */
  readonly positions: Map<string, Decimal>;
  /** Offset in control-events of RunEnded; -1: it goes on. */
  endedAt: number;
  /** Seq of the last decision that tripped the kill switch; -1: none. */
  trippedBySeq: number;
  /** What the last PositionDrift on record said. */
  drift: readonly PositionDifference[];
}

/** A fill that came when its run had ended. */
export interface LateFill {
  readonly runId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Decimal;
}

/** What a policy means for the gateway. */
interface PolicyTerms {
  readonly monitors: boolean;
  /** Null: it does not say. */
  readonly cancelsOpenOrders: boolean | null;
}

export interface RunsOptions {
  readonly partition: number;
  /** For policies that do not say whether open orders are cancelled when the kill switch trips. */
  readonly cancelOpenOrders: boolean;
  /** Each decision is dealt with before the next intent is judged: a decision that trips the kill switch stops those after it, not its own order. */
  readonly lockstep: boolean;
}

export class Runs {
  private readonly runs = new Map<string, GatewayRun>();
  /** Of runs that start later. */
  private readonly everyRun: KillSwitch = { trippedAt: -1, active: false };
  private readonly policies = new Map<string, PolicyTerms>();
  /** Runs that have ended since the last one began. */
  private readonly ended = new Set<GatewayRun>();
  private lateFills: LateFill[] = [];

  constructor(private readonly options: RunsOptions) {}

  get(runId: string): GatewayRun | undefined {
    return this.runs.get(runId);
  }

  /** Runs that have begun and not ended. */
  active(): readonly GatewayRun[] {
    return [...this.runs.values()].filter(({ endedAt }) => endedAt < 0);
  }

  /** What the account should hold: what the active runs do; when there is none, what those did that ended last. */
  answerable(): readonly GatewayRun[] {
    const active = this.active();
    return active.length > 0 ? active : [...this.ended];
  }

  /** Fills of runs that had ended, since this was last asked. */
  takeLateFills(): readonly LateFill[] {
    const { lateFills } = this;
    this.lateFills = [];
    return lateFills;
  }

  /** A control event as it stands on the log. What the processor refuses changes nothing here either. */
  control(runId: string, { actor, reason, payload }: ControlEvent, offset: number): void {
    const signed = actor.trim() !== '' && reason.trim() !== '';
    if (runId === EVERY_RUN) {
      this.keepPolicy(payload);
      this.everyRunControl(payload, offset, signed);
      return;
    }
    const run = this.runs.get(runId);
    if (payload.type === 'RunStarted') {
      // One with an invalid policy is refused, and may come again.
      if (this.keepPolicy(payload) && run === undefined) this.start(runId, payload);
      return;
    }
    if (run === undefined || run.endedAt >= 0) return;
    this.keepPolicy(payload);
    switch (payload.type) {
      case 'RunEnded':
        this.end(run, offset);
        return;
      case 'PortfolioUpdated':
        if (payload.positions !== null) replace(run.positions, payload.positions);
        return;
      case 'KillSwitchTripped':
        run.trippedAt = offset;
        run.active = true;
        return;
      case 'KillSwitchReset':
        if (signed) run.active = false;
        return;
      case 'PositionDrift':
        run.drift = payload.differences;
        return;
      case 'PolicyActivated':
      case 'SessionRolled':
      case 'OrderResolved':
        return;
    }
  }

  /** A decision that was read: it may have tripped the kill switch. */
  decided({ run_id, seq, kill_switch_tripped, policy_hash }: PublishedDecision): void {
    const run = this.runs.get(run_id);
    if (run === undefined || !kill_switch_tripped || this.termsOf(policy_hash).monitors) return;
    run.trippedBySeq = Math.max(run.trippedBySeq, seq);
  }

  filled(runId: string, symbol: string, side: Side, qty: Decimal): void {
    const run = this.runs.get(runId);
    if (run === undefined) return;
    if (run.endedAt >= 0) {
      this.lateFills.push({ runId, symbol, side, qty });
      // Its portfolio is given up: the next run began with what the account held.
      if (!this.ended.has(run)) return;
    }
    const { positions } = run;
    const held = positions.get(symbol) ?? ZERO;
    const now = side === 'buy' ? plus(held, qty) : minus(held, qty);
    if (now === 0n) positions.delete(symbol);
    else positions.set(symbol, now);
  }

  held(runId: string, symbol: string): Decimal {
    return this.runs.get(runId)?.positions.get(symbol) ?? ZERO;
  }

  /**
   * Why the order of a decision must not be sent, and must be cancelled if it is open; undefined: it may go. To be asked when control-events are read as
   * far as the decision knew them.
   *
   * A trip that the decision did not know of stops it for good, also when it was reset since: `control_position` tells which control events a decision
   * knew of. In monitor mode the limits stop nothing, and so neither does a trip by a limit; an operator's does.
   */
  stopOf(decision: PublishedDecision): Trouble | undefined {
    const { run_id: runId, seq, control_position: knew } = decision;
    const run = this.runs.get(runId);
    if (run === undefined)
      return {
        code: 'UNKNOWN_RUN',
        reason: `no RunStarted of run ${runId} stands on ${CONTROL_EVENTS}/${this.options.partition}`,
      };
    if (run.active || (knew >= 0 && run.trippedAt >= knew)) {
      const where = `${CONTROL_EVENTS}/${this.options.partition}@${run.trippedAt}`;
      return { code: 'KILL_SWITCH', reason: `the kill switch of run ${runId} was tripped (${where})` };
    }
    if (this.options.lockstep ? run.trippedBySeq > seq : run.trippedBySeq >= seq)
      return {
        code: 'KILL_SWITCH',
        reason: `the kill switch of run ${runId} was tripped by its decision at seq ${run.trippedBySeq}`,
      };
    if (run.endedAt >= 0) return { code: 'RUN_ENDED', reason: `run ${runId} has ended` };
    return undefined;
  }

  /** Whether a stop cancels what is open of this decision's order: what its policy says, else the gateway's own option. A run that has ended holds no orders. */
  cancels({ run_id, policy_hash }: PublishedDecision): boolean {
    const ended = (this.runs.get(run_id)?.endedAt ?? -1) >= 0;
    return ended || (this.termsOf(policy_hash).cancelsOpenOrders ?? this.options.cancelOpenOrders);
  }

  /** As in the processor: it is about every run that is there, and about those that start later. */
  private everyRunControl(payload: ControlPayload, offset: number, signed: boolean): void {
    if (payload.type === 'KillSwitchTripped') {
      for (const stopped of [this.everyRun, ...this.active()]) {
        stopped.trippedAt = offset;
        stopped.active = true;
      }
    } else if (payload.type === 'KillSwitchReset' && signed) {
      for (const released of [this.everyRun, ...this.active()]) released.active = false;
    } else if (payload.type === 'RunEnded') {
      for (const run of this.active()) this.end(run, offset);
    }
  }

  private end(run: GatewayRun, offset: number): void {
    run.endedAt = offset;
    this.ended.add(run);
  }

  private start(runId: string, payload: ControlPayload & { type: 'RunStarted' }): void {
    for (const { positions } of this.ended) positions.clear();
    this.ended.clear();
    this.runs.set(runId, {
      runId,
      accountId: payload.account_id,
      positions: new Map([...payload.portfolio.positions].filter(([, qty]) => qty !== 0n)),
      trippedAt: this.everyRun.trippedAt,
      active: this.everyRun.active,
      endedAt: -1,
      trippedBySeq: -1,
      drift: [],
    });
  }

  /** False: it is invalid. */
  private keepPolicy(payload: ControlPayload): boolean {
    if (payload.type !== 'RunStarted' && payload.type !== 'PolicyActivated') return true;
    const hash = hexOf(policyHash(payload.policy_text));
    if (this.policies.has(hash)) return true;
    const read = readPolicy(payload.policy_text, 'policy');
    if (!read.ok) return false;
    const { defaults, limits } = read.value.policy;
    this.policies.set(hash, {
      monitors: defaults.mode === 'monitor',
      cancelsOpenOrders: limits.kill_switch.cancel_open_orders,
    });
    return true;
  }

  /** Of a policy that is not known here: the stricter reading. */
  private termsOf(hash: Uint8Array | null): PolicyTerms {
    return (hash === null ? undefined : this.policies.get(hexOf(hash))) ?? { monitors: false, cancelsOpenOrders: null };
  }
}

const replace = (positions: Map<string, Decimal>, by: ReadonlyMap<string, Decimal>): void => {
  positions.clear();
  for (const [symbol, qty] of by) if (qty !== 0n) positions.set(symbol, qty);
};
