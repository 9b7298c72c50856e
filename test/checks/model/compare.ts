/** One record of the audit log beside what the model says must stand there. Undefined: they agree; else the check, and what differs. */
import type { CheckName } from '../promises';
import type { Expected, ExpectedSwitch } from './expected';
import { figureOf, optionalFigure, told } from './figures';
import type { Answer, ModelFacts } from './judge';
import type { Intent, RecordedAudit, RecordedDecision, RecordedFacts } from './recorded';

export interface Difference {
  readonly check: ModelCheck;
  readonly what: string;
}

/** The names under which the model's findings are told. */
export type ModelCheck = Extract<CheckName, `model: ${string}` | 'exposure'>;

/** The intent, where the input is one. */
export const differenceOf = (expected: Expected, audit: RecordedAudit, intent: Intent | undefined): Difference | undefined => {
  const own = envelope(expected, audit);
  if (own !== undefined) return { check: 'model: journal', what: own };
  switch (expected.kind) {
    case 'DECISION':
      return decisionDifference(expected, audit, intent);
    case 'DUPLICATE': {
      const { decidedSeq, conflict } = expected;
      const found = audit.duplicate;
      const what = `expected a repeat of seq ${decidedSeq}${conflict ? ' with another body' : ''}, found ${JSON.stringify(found)}`;
      return found?.decided_seq === decidedSeq && found.conflict === conflict ? undefined : { check: 'model: journal', what };
    }
    case 'EXECUTION':
      return unequal('model: journal', 'note', expected.note, audit.note);
    case 'KILL_SWITCH':
      return switchDifference(expected.change, audit);
    case 'CONTROL':
    case 'REJECTED_INPUT':
      return undefined;
  }
};

const envelope = (expected: Expected, audit: RecordedAudit): string | undefined => {
  if (audit.kind !== expected.kind)
    return `expected ${expected.kind}, found ${audit.kind}${audit.note === null ? '' : ` (${audit.note})`}`;
  if (audit.seq !== expected.seq) return `expected seq ${expected.seq}, found ${audit.seq}`;
  if (audit.clock !== expected.clock) return `expected the clock ${expected.clock}, found ${audit.clock}`;
  if (!sameHash(audit.policy_hash, expected.policyHash)) return 'the policy hash is not that of the active policy';
  return undefined;
};

const decisionDifference = (
  expected: Expected & { readonly kind: 'DECISION' },
  { decision, facts }: RecordedAudit,
  intent: Intent | undefined,
): Difference | undefined => {
  const { answer } = expected;
  if (decision === null || intent === undefined) return { check: 'model: journal', what: 'a decision without its decision' };
  return (
    verdictDifference(answer, decision) ??
    orderDifference(answer, decision.order, intent) ??
    factsDifference(answer.facts, facts) ??
    evidenceDifference(answer, decision) ??
    unequal('model: kill switch', 'kill_switch_triggered', answer.triggered, decision.kill_switch_triggered) ??
    unequal('model: kill switch', 'kill_switch_tripped', expected.tripped, decision.kill_switch_tripped) ??
    unequal('model: journal', 'control_position', expected.controlPosition, decision.control_position) ??
    unequal('model: journal', 'intent_id', intent.intent_id, decision.intent_id) ??
    unequal('model: journal', 'run_id', expected.run.id, decision.run_id) ??
    unequal('model: journal', 'seq', expected.seq, decision.seq) ??
    unequal('model: journal', 'clock', expected.clock, decision.clock) ??
    unequal('model: facts', 'reference_price', answer.facts?.price ?? null, optionalFigure(decision.reference_price)) ??
    (sameHash(decision.policy_hash, expected.policyHash)
      ? undefined
      : { check: 'model: verdict', what: 'the policy hash is not that of the active policy' })
  );
};

const verdictDifference = ({ verdict, rules }: Answer, { decision, violations }: RecordedDecision): Difference | undefined => {
  const found = violations.map(({ rule_id }) => rule_id);
  const same = verdict === decision && rules.length === found.length && rules.every((rule, at) => rule === found[at]);
  if (same) return undefined;
  const what = `expected ${verdict} [${rules.join(', ')}], found ${decision} [${found.join(', ')}]`;
  return { check: 'model: verdict', what };
};

/** Nothing of an order is the gate's to change but its quantity. */
const orderDifference = ({ qty }: Answer, order: Intent | null, intent: Intent): Difference | undefined => {
  const found = order === null ? null : figureOf(order.qty);
  if (found !== qty) return { check: 'model: order quantity', what: `expected ${told(qty)}, found ${told(found)}` };
  if (order === null) return undefined;
  const same =
    order.instrument.symbol === intent.instrument.symbol &&
    order.instrument.asset_class === intent.instrument.asset_class &&
    order.side === intent.side &&
    order.order_type === intent.order_type &&
    order.strategy_id === intent.strategy_id &&
    order.account_id === intent.account_id &&
    order.timestamp === intent.timestamp &&
    order.intent_id === intent.intent_id &&
    optionalFigure(order.limit_price) === optionalFigure(intent.limit_price);
  return same ? undefined : { check: 'model: verdict', what: 'the order is not the one that was asked for' };
};

const AMOUNTS = [
  'position_qty',
  'working_buy_qty',
  'working_sell_qty',
  'other_gross',
  'other_net',
  'equity',
  'start_of_day_equity',
  'peak_equity',
] as const;
const COUNTS = [
  'clock',
  'unpriced_symbol',
  'orders_last_60s_global',
  'orders_last_60s_strategy',
  'violations_in_window',
  'kill_switch_active',
] as const;

const factsDifference = (expected: ModelFacts | null, found: RecordedFacts | null): Difference | undefined => {
  if (expected === null || found === null)
    return expected === found
      ? undefined
      : { check: 'model: facts', what: `facts ${expected === null ? 'that cannot be' : 'are missing'}` };
  for (const name of COUNTS) {
    const difference = unequal('model: facts', name, expected[name], found[name]);
    if (difference !== undefined) return difference;
  }
  for (const name of AMOUNTS) {
    const difference = unequal('model: facts', name, expected[name], figureOf(found[name]));
    if (difference !== undefined) return difference;
  }
  return unequal('model: facts', 'price', expected.price, optionalFigure(found.price));
};

const METRICS = ['daily_return', 'drawdown', 'new_position_pct', 'gross_exposure_x', 'net_exposure_x'];

const evidenceDifference = ({ evidence }: Answer, decision: RecordedDecision): Difference | undefined => {
  const same =
    decision.evidence.length === evidence.length &&
    decision.evidence.every(({ metric, value, limit }, at) => {
      const [expectedValue, expectedLimit] = evidence[at] ?? [];
      return metric === METRICS[at] && figureOf(value) === expectedValue && figureOf(limit) === expectedLimit;
    });
  if (same) return undefined;
  const shown = evidence.map(([value, limit], at) => `${METRICS[at] ?? ''} ${told(value)} of ${told(limit)}`);
  const found = decision.evidence.map(
    ({ metric, value, limit }) => `${metric} ${told(figureOf(value))} of ${told(figureOf(limit))}`,
  );
  return { check: 'model: facts', what: `evidence: expected ${shown.join('; ')}, found ${found.join('; ')}` };
};

const switchDifference = (expected: ExpectedSwitch, { kill_switch: found }: RecordedAudit): Difference | undefined => {
  const same =
    found !== null &&
    found.active === expected.active &&
    found.cause === expected.cause &&
    found.actor === expected.actor &&
    found.violations_in_window === expected.violations &&
    found.rule_ids.join() === expected.rules.join();
  if (same) return undefined;
  return { check: 'model: kill switch', what: `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}` };
};

type Figure = bigint | number | string | boolean | null;

const unequal = (check: ModelCheck, name: string, expected: Figure, found: Figure): Difference | undefined =>
  expected === found ? undefined : { check, what: `${name}: expected ${shown(expected)}, found ${shown(found)}` };

const shown = (figure: Figure): string => (typeof figure === 'bigint' ? `${told(figure)} (${figure})` : String(figure));

const sameHash = (found: Buffer | null, expected: Buffer | null): boolean =>
  found === null || expected === null ? found === expected : expected.equals(found);
