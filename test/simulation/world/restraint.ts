/**
 * How much a process asks of others, and how soon again, while a world runs: the limits of docs/architecture.md ("Limits") and the pauses of
 * docs/brokers.md. Judged from the requests on the road and from the openings of writers, by the times at which they were made.
 */
import type { Findings } from '../../checks/findings';
import type { Scheduler } from '../kernel/scheduler';
import type { Moment, RequestOnTheRoad } from '../venue/road';

/** Requests of a process at one account that are under way at once. A takeover may leave as many of its predecessor on the road. */
const MOST_UNDER_WAY = { submit: 16, cancel: 9 } as const;
/** Half of the least backoff is left to chance. ms, virtual. */
const LEAST_PAUSE_MS = 50;
const LEAST_FENCED_PAUSE_MS = 1_000;
/** The same question in a second: each 100 ms, once more for a reconciliation and for cancelling many; and at Tradier eight look-ups each 500 ms. */
const MOST_ASKED = 14;
const MOST_ASKED_OF_A_LIST = 32;
const ASKED_WITHIN_MS = 1_000;
/** What a takeover asks besides. */
const ASKED_ANEW = 4;
/** So long may a call wait and repeat itself, even when its shard is dropped. */
const LONGEST_CALL_MS = 31_000;
/** Without a Retry-After nothing is sent for so long after a 429. */
const PAUSE_AFTER_429_MS = 1_000;
const ROUNDING_MS = 1;

interface Account {
  readonly underWay: Map<RequestOnTheRoad, 'submit' | 'cancel'>;
  readonly asked: Map<string, number[]>;
  /** Reads that were answered badly, or not at all: the client repeats them. */
  bad: number[];
  takeovers: number[];
  pausedFrom: number;
  pausedUntil: number;
}

export class Restraint {
  private readonly accounts = new Map<string, Account>();
  private readonly dropped = new Map<string, { readonly at: number; readonly leastMs: number }>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly findings: Findings,
  ) {}

  /** A shard of this process was dropped after an error, and waits. */
  shardDropped(process: string, shard: number, isFenced: boolean): void {
    const leastMs = isFenced ? LEAST_FENCED_PAUSE_MS : LEAST_PAUSE_MS;
    this.dropped.set(`${process}/${shard}`, { at: this.scheduler.nowMs, leastMs });
  }

  /** The group has told the process what it has: what is new is taken over at once. */
  assigned(process: string): void {
    for (const name of this.dropped.keys()) if (name.startsWith(`${process}/`)) this.dropped.delete(name);
  }

  /** The shard is being taken over by this process. */
  takenOver(process: string, shard: number): void {
    const { nowMs } = this.scheduler;
    const name = `${process}/${shard}`;
    const dropped = this.dropped.get(name);
    this.dropped.delete(name);
    if (dropped !== undefined && nowMs - dropped.at < dropped.leastMs - ROUNDING_MS)
      this.findings.add(
        'bounds',
        `${process} took shard ${shard} over ${(nowMs - dropped.at).toFixed(1)} ms after it had dropped it, at least ${dropped.leastMs}`,
      );
    const account = this.account(process, shard);
    account.takeovers = [...recent(account.takeovers, nowMs - LONGEST_CALL_MS), nowMs];
  }

  /** Something happened to a request of this process to the broker of this shard. */
  moved(process: string, shard: number, when: Moment, request: RequestOnTheRoad): void {
    const account = this.account(process, shard);
    const where = `${process}, broker of shard ${shard}`;
    if (when === 'asked') this.asks(account, where, request);
    if (when === 'begun') this.begins(account, where, request);
    if (when === 'ended') this.ends(account, request);
  }

  private asks(account: Account, where: string, { operation, target }: RequestOnTheRoad): void {
    const { nowMs } = this.scheduler;
    if (nowMs > account.pausedFrom && nowMs < account.pausedUntil - ROUNDING_MS) {
      const said = `${(account.pausedUntil - account.pausedFrom) / 1_000} s`;
      this.findings.add(
        'bounds',
        `${where}: ${operation} sent ${Math.round(nowMs - account.pausedFrom)} ms after a 429 that asked for ${said}`,
      );
    }
    if (operation !== 'find' && operation !== 'orders') return;
    const times = [...recent(account.asked.get(target) ?? [], nowMs - ASKED_WITHIN_MS), nowMs];
    account.asked.set(target, times);
    account.bad = recent(account.bad, nowMs - LONGEST_CALL_MS);
    account.takeovers = recent(account.takeovers, nowMs - LONGEST_CALL_MS);
    const plain = operation === 'find' ? MOST_ASKED : MOST_ASKED_OF_A_LIST;
    const most = plain + account.bad.length + ASKED_ANEW * account.takeovers.length;
    if (times.length > most)
      this.findings.add(
        'bounds',
        `${where}: asked ${times.length} times in a second for ${target.slice(0, 100)}, at most ${most}`,
      );
  }

  private begins(account: Account, where: string, request: RequestOnTheRoad): void {
    const { operation } = request;
    if (operation !== 'submit' && operation !== 'cancel') return;
    const { underWay, takeovers } = account;
    underWay.set(request, operation);
    const count = [...underWay.values()].filter((one) => one === operation).length;
    // The one that took over before that may have left requests too.
    const owners = 1 + recent(takeovers, this.scheduler.nowMs - LONGEST_CALL_MS).length;
    const most = MOST_UNDER_WAY[operation] * owners;
    if (count > most) this.findings.add('bounds', `${where}: ${count} requests of kind ${operation} under way, at most ${most}`);
  }

  private ends(account: Account, request: RequestOnTheRoad): void {
    const { answered } = request;
    const { nowMs } = this.scheduler;
    account.underWay.delete(request);
    if (answered === undefined || answered.status === 429 || answered.status >= 500) account.bad.push(nowMs);
    if (answered?.status !== 429) return;
    const until = nowMs + (answered.retryAfter === undefined ? PAUSE_AFTER_429_MS : Number(answered.retryAfter) * 1_000);
    if (until <= account.pausedUntil) return;
    if (nowMs >= account.pausedUntil) account.pausedFrom = nowMs;
    account.pausedUntil = until;
  }

  private account(process: string, shard: number): Account {
    const name = `${process}/${shard}`;
    let account = this.accounts.get(name);
    if (account === undefined) {
      account = { underWay: new Map(), asked: new Map(), bad: [], takeovers: [], pausedFrom: -Infinity, pausedUntil: -Infinity };
      this.accounts.set(name, account);
    }
    return account;
  }
}

const recent = (times: readonly number[], since: number): number[] => times.filter((at) => at > since);
