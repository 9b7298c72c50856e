/**
 * What somebody at this page ordered (a trip, a reset, a policy), from when it was sent until it holds. The server may answer before a run has folded
 * it: then it is on the log and not in force, and stays shown as that until the run's journal or its state says otherwise.
 */
import type { ControlAnswer, Row, Run } from '../api/documents';
import { Value } from './value';

/** The type of the control event. */
export type Ordering = 'KillSwitchTripped' | 'KillSwitchReset' | 'PolicyActivated';

export interface Order {
  /** For people: `Trip the kill switch`. */
  readonly what: string;
  readonly type: Ordering;
  /** Undefined: every run. */
  readonly run: string | undefined;
  /** Seq in the journal of the run that is looked at: what is older is of another order. */
  readonly afterSeq: number;
  readonly reason: string;
}

/** `sent`: no answer yet. `pending`: on the log. */
export type Standing = 'sent' | 'pending' | 'done' | 'failed';

export interface GivenOrder extends Order {
  readonly id: number;
  readonly standing: Standing;
  /** What came of it so far. */
  readonly text: string;
  /** The policy that is to be in force. */
  readonly policyHash: string | null;
}

/** An order that is on its way. */
interface Sent {
  /** What it answers with says how things stand. */
  readonly answered: (answer: ControlAnswer) => string;
  readonly failed: (why: string) => void;
  readonly drop: () => void;
}

/** How long it is said that something is done, ms. */
const SHOWN_MS = 20_000;

export class GivenOrders {
  readonly all = new Value<readonly GivenOrder[]>([]);
  #count = 0;

  /** It is being sent. */
  sent(order: Order): Sent {
    this.#count += 1;
    const id = this.#count;
    const text = 'sent, and cannot be called back; waiting for the runs to answer';
    this.all.set([...this.all.current, { ...order, id, standing: 'sent', text, policyHash: null }]);
    return {
      answered: (answer) => {
        const { standing, text: said } = standingOf(answer);
        this.#change(id, { standing, text: said, policyHash: answer.policy_hash ?? null });
        return said;
      },
      failed: (why) => this.#change(id, { standing: 'failed', text: why }),
      drop: () => this.drop(id),
    };
  }

  drop(id: number): void {
    this.all.set(this.all.current.filter((order) => order.id !== id));
  }

  /** Rows of the run's journal as they come. */
  noticed(run: string, rows: readonly Row[]): void {
    for (const order of this.#pendingFor(run)) {
      const newer = rows.filter(({ seq }) => seq >= order.afterSeq);
      const taken = newer.find(({ kind, type, reason }) => kind === 'CONTROL' && type === order.type && reason === order.reason);
      const refused = newer.find(({ kind, topic }) => kind === 'REJECTED_INPUT' && topic === 'control-events');
      if (taken !== undefined && order.run === run)
        this.#change(order.id, { standing: 'done', text: `in force since seq ${taken.seq}` });
      else if (refused !== undefined && order.run === run)
        this.#change(order.id, {
          standing: 'failed',
          text: `run ${run} refused it at seq ${refused.seq}: ${refused.note ?? 'no reason was given'}`,
        });
    }
  }

  /** How all runs stand. */
  runsAre(runs: readonly Run[]): void {
    for (const order of this.all.current) {
      if (order.standing !== 'pending') continue;
      const concerned = runs.filter(({ run_id, status }) =>
        order.run === undefined ? status === 'ACTIVE' : run_id === order.run,
      );
      if (concerned.length > 0 && concerned.every((run) => holdsIn(order, run)))
        this.#change(order.id, { standing: 'done', text: 'in force' });
    }
  }

  #pendingFor(run: string): readonly GivenOrder[] {
    return this.all.current.filter(({ standing, run: of }) => standing === 'pending' && (of === undefined || of === run));
  }

  #change(id: number, changes: Partial<GivenOrder>): void {
    this.all.set(this.all.current.map((order) => (order.id === id ? { ...order, ...changes } : order)));
    if (changes.standing === 'done') setTimeout(() => this.drop(id), SHOWN_MS);
  }
}

const standingOf = ({ folded, answers }: ControlAnswer): { readonly standing: Standing; readonly text: string } => {
  const said = (answers ?? [])
    .map(
      ({ run_id, seq, note }) => `run ${run_id ?? '?'}${seq === null ? '' : `, seq ${seq}`}${note === null ? '' : ` (${note})`}`,
    )
    .join('; ');
  if (folded) return { standing: 'done', text: said === '' ? 'done' : `in force: ${said}` };
  const some = said === '' ? '' : `; in force already for ${said}`;
  return { standing: 'pending', text: `PENDING: on the log, not in force yet: it takes effect when it is read${some}` };
};

const holdsIn = ({ type, policyHash }: GivenOrder, run: Run): boolean =>
  type === 'PolicyActivated'
    ? policyHash !== null && run.policy_hash === policyHash
    : run.kill_switch_active === (type === 'KillSwitchTripped');
