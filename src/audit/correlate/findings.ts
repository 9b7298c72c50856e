/** What should not be in a timeline: the gate and the gateway do not do it, so that a log which has it was made by something else, or is not whole. */
import { formatDecimal, ZERO } from '../../contracts/decimal';
import type { DecisionStep, ExecutionStep, IntentStep } from '../steps/auditStep';
import type { TimelineStatus } from './orderStatus';
import { filledAfter } from './orderStatus';

/** Codes are a contract: never used again for something else. Source: docs/commands.md, "What became of an intent". */
const FINDINGS = {
  ALLOWED_NOT_EXECUTED: 'admitted, and no execution event of it',
  EXECUTED_WITHOUT_DECISION: 'execution events, and no decision',
  EXECUTED_THOUGH_DENIED: 'denied, and yet sent or filled',
  SENT_ABOVE_DECIDED: 'sent with more than was decided',
  FILLED_ABOVE_DECIDED: 'filled with more than was decided',
  FILL_AFTER_END: 'filled after the order had ended',
  DECIDED_TWICE: 'decided more than once',
  OUTCOME_UNKNOWN: 'whether the broker has it is not known',
} as const;
export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}

interface Evidence {
  readonly steps: readonly IntentStep[];
  readonly decision: DecisionStep | undefined;
  readonly executions: readonly ExecutionStep[];
  readonly status: TimelineStatus | null;
  readonly late: boolean;
}

export const findingsOf = ({ steps, decision, executions, status, late }: Evidence): readonly Finding[] => {
  const findings: Finding[] = [];
  const find = (code: FindingCode, details = ''): void =>
    void findings.push({ code, message: `${FINDINGS[code]}${details === '' ? '' : `: ${details}`}` });
  const decisions = steps.filter((step) => step.kind === 'DECISION').length;
  if (decisions > 1 || (late && decisions > 0)) find('DECIDED_TWICE', decisions > 1 ? `${decisions} decisions` : '');
  if (decision === undefined && executions.length > 0 && !late) find('EXECUTED_WITHOUT_DECISION');
  if (status === 'NOT_SENT' && !late) find('ALLOWED_NOT_EXECUTED');
  if (decision?.verdict === 'DENY' && executions.some(hasReached)) find('EXECUTED_THOUGH_DENIED');
  if (status === 'UNKNOWN') find('OUTCOME_UNKNOWN');
  findings.push(...quantityFindings(decision, executions, late));
  return findings;
};

/** A refusal, too, is an execution event; it moves nothing. */
const hasReached = ({ event }: ExecutionStep): boolean => event !== 'ORDER_REJECTED';

const isEnd = ({ event, leavesQty }: ExecutionStep): boolean =>
  event === 'ORDER_REJECTED' ||
  event === 'ORDER_CANCELLED' ||
  event === 'ORDER_EXPIRED' ||
  (event === 'ORDER_FILLED' && leavesQty === ZERO);

const quantityFindings = (
  decision: DecisionStep | undefined,
  executions: readonly ExecutionStep[],
  late: boolean,
): readonly Finding[] => {
  const found = new Map<FindingCode, string>();
  let filled = ZERO;
  let ended = late;
  for (const execution of executions) {
    const { event, qty } = execution;
    const isSent = event === 'ORDER_SUBMITTED' || event === 'ORDER_SUBMITTING';
    if (isSent && decision !== undefined && qty !== null && qty > decision.sendable)
      found.set('SENT_ABOVE_DECIDED', `${formatDecimal(qty)}, decided ${formatDecimal(decision.sendable)}`);
    const now = filledAfter(filled, execution);
    if (now > filled && decision !== undefined && now > decision.sendable)
      found.set('FILLED_ABOVE_DECIDED', `${formatDecimal(now)}, decided ${formatDecimal(decision.sendable)}`);
    if (now > filled && event === 'ORDER_FILLED' && ended) found.set('FILL_AFTER_END', `${formatDecimal(now)} in all`);
    filled = now;
    ended ||= isEnd(execution);
  }
  return [...found].map(([code, details]) => ({ code, message: `${FINDINGS[code]}: ${details}` }));
};
