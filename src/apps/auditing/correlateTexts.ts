/** Timelines as a person reads them. */
import type { IntentStep } from '../../audit/steps/auditStep';
import type { Latencies, Timeline } from '../../audit/correlate/timeline';
import { symbolOf } from '../../audit/correlate/timelineJson';
import { formatDecimal } from '../../contracts/decimal';
import { formatRfc3339, parseRfc3339 } from '../../contracts/timestamp';
import { table } from '../cli/table';
import { decimalCell, NOTHING, plainLine } from '../orders/orderTexts';

/** What a table shows of each timeline, in this order. */
export const LATENCIES: readonly (readonly [name: keyof Latencies, title: string])[] = [
  ['intentToDecision', 'intent to decision'],
  ['decisionToSubmitted', 'decision to submitted'],
  ['submittedToFirstFill', 'submitted to first fill'],
  ['submittedToLastFill', 'submitted to last fill'],
  ['decisionToEnd', 'decision to last step'],
  ['total', 'intent to last step'],
];

export const TIMELINE_COLUMNS = [
  ...['run', 'intent', 'order', 'decision', 'rules', 'may send', 'status', 'filled'],
  ...['decided ms', 'sent ms', 'filled ms', 'total ms', 'findings'],
];

export const timelineCells = (timeline: Timeline): readonly string[] => {
  const { decision, latencies, findings } = timeline;
  return [
    timeline.runId === '' ? NOTHING : plainLine(timeline.runId),
    plainLine(timeline.intentId),
    decision === undefined
      ? plainLine(symbolOf(timeline) ?? NOTHING)
      : plainLine(`${decision.side} ${formatDecimal(decision.qty)} ${decision.symbol}`),
    decision?.verdict ?? NOTHING,
    decision === undefined || decision.rules.length === 0 ? NOTHING : plainLine([...new Set(decision.rules)].join(' ')),
    decision === undefined ? NOTHING : formatDecimal(decision.sendable),
    `${timeline.status ?? NOTHING}${timeline.late ? ', late' : ''}`,
    formatDecimal(timeline.filled),
    ...[latencies.intentToDecision, latencies.decisionToSubmitted, latencies.submittedToLastFill, latencies.total].map(cell),
    findings.length === 0 ? NOTHING : findings.map(({ code }) => code).join(' '),
  ];
};

const cell = (milliseconds: number | null): string => (milliseconds === null ? NOTHING : String(milliseconds));

/** One timeline, step by step: when, how long after the step before, and what. */
export const timelineText = (timeline: Timeline): string => {
  const { decision, latencies, findings, runId, intentId, status, steps } = timeline;
  const rows: (readonly string[])[] = [];
  const add = (at: number | null, since: number | null, title: string, what: string): void =>
    void rows.push([at === null ? NOTHING : formatRfc3339(at), since === null ? '' : `+${since}`, title, plainLine(what)]);
  if (decision !== undefined) {
    const { side, qty, symbol, strategyId, intentTimestamp } = decision;
    add(parseRfc3339(intentTimestamp) ?? null, null, 'INTENT', `${side} ${formatDecimal(qty)} ${symbol}, by ${strategyId}`);
  }
  let before: number | null = null;
  for (const step of steps) {
    const since = before === null || step.at === null ? null : step.at - before;
    add(step.at, step === decision ? latencies.intentToDecision : since, titleOf(step), describe(step));
    before = step.at ?? before;
  }
  const heading = plainLine(`${runId === '' ? 'no run' : `run ${runId}`}, intent ${intentId}: ${status ?? 'not known'}`);
  return [
    heading,
    table(['at', 'ms', 'step', ''], rows),
    ...findings.map(({ code, message }) => `finding ${code}: ${plainLine(message)}`),
  ].join('\n');
};

const titleOf = (step: IntentStep): string => {
  if (step.kind === 'EXECUTION') return step.event;
  return step.kind === 'RESOLUTION' ? 'RESOLVED' : step.kind;
};

const describe = (step: IntentStep): string => {
  const seq = step.seq === null ? '' : ` (seq ${step.seq})`;
  switch (step.kind) {
    case 'DECISION': {
      const rules = step.rules.length === 0 ? '' : `, ${[...new Set(step.rules)].join(' ')}`;
      const measured = step.evalMicros === null ? '' : `, judged in ${step.evalMicros / 1_000} ms`;
      return `${step.verdict}, may send ${formatDecimal(step.sendable)}${rules}${measured}${seq}`;
    }
    case 'EXECUTION': {
      const price = step.price === null ? '' : ` at ${formatDecimal(step.price)}`;
      const progress =
        step.event !== 'ORDER_FILLED' || step.cumQty === null
          ? ''
          : `; ${formatDecimal(step.cumQty)} in all, ${decimalCell(step.leavesQty)} left`;
      const what = step.qty === null ? '' : `${formatDecimal(step.qty)}${price}${progress}`;
      const why = [step.code, step.reason].filter((text) => text !== null).join(': ');
      return [what, why, step.orderId].filter((text) => text !== '').join(', ');
    }
    case 'RESOLUTION':
      return `${step.outcome}, ${formatDecimal(step.cumQty)} in all, by ${step.actor}: ${step.reason}${seq}`;
    case 'DUPLICATE':
      return `${step.conflict ? 'another intent under this id: denied' : 'the same intent again: already decided'}${seq}`;
  }
};
