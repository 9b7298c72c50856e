/**
 * A consumer group, as far as it matters here: shards are spread over the members that show signs of life. It is late, and wrong for a while: who crashed or
 * stands still keeps its shards until its session times out, and hears of having lost them only when it goes on.
 */
import type { Membership } from '../../../src/apps/service/membership';
import type { Ports } from '../kernel/ports';
import { uniform } from '../kernel/ports';
import type { SimulatedProcess } from '../kernel/process';

/** ms, virtual. */
const SESSION_MS = 3_000;
const JOIN = { least: 5, most: 60 };
const HEARD = { least: 1, most: 20 };
const REJOIN = { least: 200, most: 1_500 };

interface Member {
  readonly process: SimulatedProcess;
  readonly onAssigned: (shards: readonly number[]) => void;
  /** What the group has given it last; word of it is on its way, and never overtakes a later one. */
  given: readonly number[];
}

export class Group {
  private readonly members: Member[] = [];
  private turn = 0;

  constructor(
    private readonly ports: Ports,
    private readonly shards: number,
  ) {}

  /** The membership of one process. */
  membership(process: SimulatedProcess): Membership {
    let member: Member | undefined;
    return {
      start: (onAssigned) => {
        member = { process, onAssigned, given: [] };
        this.join(member);
        return Promise.resolve();
      },
      reportProgress: () => undefined,
      problem: () => (member !== undefined && this.members.includes(member) ? undefined : 'no member'),
      close: () => {
        if (member !== undefined) this.remove(member);
        member = undefined;
        return Promise.resolve();
      },
    };
  }

  /** No sign of life from it any more, until then. */
  silent(process: SimulatedProcess, untilMs: number): void {
    const { scheduler } = this.ports;
    const outAt = scheduler.nowMs + SESSION_MS;
    if (untilMs <= outAt) return;
    scheduler.after(SESSION_MS, () => this.shutOut(process));
  }

  /** It is no member any more, hears of it, and joins again. */
  shutOut(process: SimulatedProcess): void {
    const member = this.members.find((one) => one.process === process);
    if (member === undefined) return;
    const { scheduler, faults } = this.ports;
    this.remove(member);
    member.given = [];
    this.tell(member);
    scheduler.after(uniform(faults, REJOIN), () => this.join(member), process);
  }

  anyMember(): SimulatedProcess | undefined {
    return this.members.length === 0 ? undefined : this.ports.faults.draw.pick(this.members).process;
  }

  private join(member: Member): void {
    const { scheduler, faults } = this.ports;
    scheduler.after(
      uniform(faults, JOIN),
      () => {
        if (this.members.includes(member)) return;
        this.members.push(member);
        this.rebalance();
      },
      member.process,
    );
  }

  private remove(member: Member): void {
    const at = this.members.indexOf(member);
    if (at === -1) return;
    this.members.splice(at, 1);
    this.rebalance();
  }

  private rebalance(): void {
    const { trace } = this.ports;
    this.turn += 1;
    for (const [at, member] of this.members.entries()) {
      member.given = Array.from({ length: this.shards }, (_, shard) => shard).filter(
        (shard) => (shard + this.turn) % this.members.length === at,
      );
      trace(() => `${member.process.name} is given shards ${member.given.join(', ') || 'none'}`);
      this.tell(member);
    }
  }

  private tell(member: Member): void {
    const { scheduler, faults } = this.ports;
    scheduler.after(uniform(faults, HEARD), () => member.onAssigned(member.given), member.process);
  }
}
