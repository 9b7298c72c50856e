/** The client of a strategy: intents in, decisions out, whichever road they travel. */
import type { Decision, OrderIntent } from '../contracts/messages';

/** The gate's answer to an intent. */
export type Answer = Decided | Conflict | Pending | SetAside;

/** The intent is decided, and the decision is committed. Act on `decision.order`: it is what may be sent, and null where nothing may. */
export interface Decided {
  readonly type: 'decided';
  readonly decision: Decision;
  readonly runId: string;
  /** Of the audit record that holds the decision. */
  readonly seq: number;
  /** It was decided before this call, also where this client's own first try was what was decided. */
  readonly replayed: boolean;
}

/** The `intent_id` was decided with another body. Nothing came of this one; the first decision stands. */
export interface Conflict {
  readonly type: 'conflict';
  /** Of the audit record with the first decision. */
  readonly decidedSeq: number;
}

/** The intent is on the log and will be decided; it was not in time. Submit it again, unchanged, to go on waiting. */
export interface Pending {
  readonly type: 'pending';
}

/** The gate could not read the intent, and set it aside undecided. */
export interface SetAside {
  readonly type: 'set-aside';
  readonly reason: string;
}

/** How one intent is submitted. */
export interface SubmitOptions {
  /**
   * How long the decision is waited for, in milliseconds, from 0 to 2,147,483,647; default 10,000. What passes meanwhile (a full queue, a restart) is tried again within it. Over
   * HTTP up to 8,000 ms are added to it: a server is given that much longer to answer, reading included, since it first finds out whether the log took the intent.
   */
  readonly waitMs?: number;
}

/** A connection to the gate, for one run. Any number of intents may be on their way at once. */
export interface Client {
  /**
   * Publishes the intent and answers when its decision is committed. Rejects with a `ClientError`. Whenever it is not known what became of an intent, submit the same one
   * again: an `intent_id` is decided once in its run.
   */
  submit(intent: OrderIntent, options?: SubmitOptions): Promise<Answer>;
  /** Waits for nothing: what is on its way is answered as pending, or rejected. */
  close(): Promise<void>;
}
