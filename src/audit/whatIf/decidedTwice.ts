/** One intent, judged as it was recorded and by another policy over what followed from that policy before. */
import type { Decimal } from '../../contracts/decimal';
import type { OrderIntent, PublishedDecision } from '../../contracts/messages';
import type { PaperOutcome } from '../../domain/paperOutcome';

export interface DecidedTwice {
  readonly intent: OrderIntent;
  readonly recorded: PublishedDecision;
  readonly other: PublishedDecision;
  /** What is assumed of the other order, where no recorded execution tells it; null: what was recorded goes on, or there is no other order. */
  readonly assumed: PaperOutcome | null;
}

/** Quantity that was admitted; zero when denied. */
export const admittedQty = ({ order }: PublishedDecision): Decimal => order?.qty ?? (0n as Decimal);

export const ruleIds = ({ violations }: PublishedDecision): readonly string[] => violations.map(({ rule_id }) => rule_id);

/** Whether both say the same: verdict, quantity, and the rules that fired. */
export const sameAnswer = (a: PublishedDecision, b: PublishedDecision): boolean =>
  a.decision === b.decision && admittedQty(a) === admittedQty(b) && ruleIds(a).join() === ruleIds(b).join();
