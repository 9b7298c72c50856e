/** The answer of POST /evaluate. */
import { decisionText, factsText, plain } from '../../../contracts/documents/writeDocument';
import type { JsonOut } from '../../../contracts/json/write';
import type { OrderIntent } from '../../../contracts/messages';
import { formatRfc3339 } from '../../../contracts/timestamp';
import { resolveLimits } from '../../../domain/limits';
import type { LiveRun } from '../../live/live';
import { amountOrNull } from './amounts';
import type { EvaluatedNow } from './evaluateNow';
import { limitOf, metricOf } from './ruleFindings';

export const evaluationDocument = ({ ledger }: LiveRun, intent: OrderIntent, evaluated: EvaluatedNow): JsonOut => {
  const { clock, decision, facts, largest } = evaluated;
  const { state, nextSeq } = ledger;
  const rule = largest.binding?.rule_id ?? null;
  const limits =
    state.active === undefined ? undefined : resolveLimits(state.active.policy, intent.instrument.symbol, intent.strategy_id);
  return {
    run_id: state.runId,
    clock: formatRfc3339(clock),
    // The last record that it knows of.
    seq: nextSeq - 1,
    decision: plain(decisionText(decision, null)),
    facts: facts === null ? null : plain(factsText(facts)),
    max_qty: {
      qty: amountOrNull(largest.qty),
      rule_id: rule,
      metric: rule === null ? null : metricOf(rule),
      limit: rule === null || limits === undefined ? null : amountOrNull(limitOf(rule, limits)),
    },
  };
};
