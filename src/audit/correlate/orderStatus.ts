/** How an order stands, by the steps that are known of it. */
import { ZERO } from '../../contracts/decimal';
import type { Decimal } from '../../contracts/decimal';
import type { DecisionStep, ExecutionStep } from '../steps/auditStep';

/**
 * DENIED: not to be sent. EVALUATED: a single evaluation, for nobody to send. NOT_SENT: admitted, and nothing was heard of it. SENDING: about to be
 * sent. WORKING: at the broker. UNKNOWN: whether the broker has it is not known. The others are ends.
 */
export type TimelineStatus =
  'DENIED' | 'EVALUATED' | 'NOT_SENT' | 'SENDING' | 'WORKING' | 'UNKNOWN' | 'FILLED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED';

/** The order has ended: nothing more is expected of it. */
export const isEnded = (decision: DecisionStep | undefined, executions: readonly ExecutionStep[]): boolean => {
  const status = statusOf(decision, executions);
  return status === 'DENIED' || status === 'EVALUATED' || ENDS.some((end) => end === status);
};

const ENDS = ['FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED'] as const;

/** How the order stands after these steps; null: none of them says. */
export const statusOf = (decision: DecisionStep | undefined, executions: readonly ExecutionStep[]): TimelineStatus | null => {
  let status: TimelineStatus | undefined;
  let filled = ZERO;
  for (const execution of executions) {
    filled = filledAfter(filled, execution);
    const next = after(execution, filled, decision);
    // An end stays the end, whatever is told late.
    if (next !== undefined && !ENDS.some((end) => end === status)) status = next;
  }
  if (status !== undefined) return status;
  if (decision === undefined) return null;
  if (decision.verdict === 'DENY') return 'DENIED';
  return decision.runId === '' ? 'EVALUATED' : 'NOT_SENT';
};

const after = (execution: ExecutionStep, filled: Decimal, decision: DecisionStep | undefined): TimelineStatus | undefined => {
  switch (execution.event) {
    case 'ORDER_SUBMITTING':
      return 'SENDING';
    case 'ORDER_SUBMITTED':
      return 'WORKING';
    case 'ORDER_UNKNOWN':
      return 'UNKNOWN';
    case 'ORDER_CANCELLING':
      return undefined;
    case 'ORDER_FILLED':
      return isWhole(execution, filled, decision) ? 'FILLED' : 'WORKING';
    case 'ORDER_REJECTED':
      return 'REJECTED';
    case 'ORDER_CANCELLED':
      return 'CANCELLED';
    case 'ORDER_EXPIRED':
      return 'EXPIRED';
  }
};

/** Logs of the first program do not say what is left of an order: it is what was decided, less what is filled. */
const isWhole = ({ leavesQty }: ExecutionStep, filled: Decimal, decision: DecisionStep | undefined): boolean =>
  leavesQty === null ? decision === undefined || filled >= decision.sendable : leavesQty === ZERO;

/** Filled so far, after one more event: as it says, or, where it does not, by the sum of the fills. */
export const filledAfter = (filled: Decimal, { event, cumQty, qty }: ExecutionStep): Decimal => {
  if (cumQty !== null) return cumQty > filled ? cumQty : filled;
  return event === 'ORDER_FILLED' && qty !== null ? ((filled + qty) as Decimal) : filled;
};
