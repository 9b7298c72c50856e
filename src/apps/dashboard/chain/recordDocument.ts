/** A decoded audit record in the two forms in which the server shows it: whole (`GET /runs/{run}/journal/{seq}`), and as a row of the journal. */
import type { Row } from '../api/documents';
import { Decimal } from './avroReader';
import type { Document } from './avroReader';

/** The whole record with its hash. What is null is left out at the top, as the server does. */
export const documentOf = (record: Document, hash: string): Document => {
  const { decision, control, ...others } = record;
  const document = {
    ...others,
    hash,
    decision: isDocument(decision) ? decisionOf(decision) : null,
    control: isDocument(control) ? controlOf(control) : null,
  };
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null));
};

const decisionOf = (decision: Document): Document => ({
  ...decision,
  modified_intent: decision.decision === 'MODIFY' ? decision.order : null,
  violations: documentsIn(decision.violations).map((violation) => ({
    ...violation,
    inputs: byName(violation.inputs, 'name', 'value'),
    computed: byName(violation.computed, 'name', 'value'),
  })),
});

/** Later kinds of control event stand beside the payload, and say what it is. */
const controlOf = ({ actor, reason, payload, session_rolled, position_drift, order_resolved }: Document): Document => {
  if (isDocument(session_rolled)) return { actor, reason, payload: { ...session_rolled, type: 'SessionRolled' } };
  if (isDocument(position_drift)) return { actor, reason, payload: { ...position_drift, type: 'PositionDrift' } };
  if (isDocument(order_resolved)) return { actor, reason, payload: { ...order_resolved, type: 'OrderResolved' } };
  return { actor, reason, payload: isDocument(payload) ? payloadOf(payload) : payload };
};

const payloadOf = (payload: Document): Document => {
  const { portfolio, execution, positions } = payload;
  return {
    ...payload,
    ...(isDocument(portfolio) ? { portfolio: { ...portfolio, positions: byName(portfolio.positions, 'symbol', 'qty') } } : {}),
    ...(isDocument(execution)
      ? {
          execution: {
            ...execution,
            orders_last_60s_by_strategy: byName(execution.orders_last_60s_by_strategy, 'strategy_id', 'orders'),
            violations_last_window: documentsIn(execution.violations_last_window).map(({ timestamp, rule_id }) => [
              timestamp,
              rule_id,
            ]),
          },
        }
      : {}),
    ...(Array.isArray(positions) ? { positions: byName(positions, 'symbol', 'qty') } : {}),
  };
};

/** A list of names and values, as an object. */
const byName = (list: unknown, name: string, value: string): Document =>
  Object.fromEntries(documentsIn(list).map((item) => [String(item[name]), item[value]]));

/** The row that lists show. */
export const rowOf = (record: Document): Row => {
  const { seq, kind, clock, run_id } = record;
  return { run_id, seq, kind, clock_ms: clock, ...contentOf(record) } as unknown as Row;
};

const contentOf = (record: Document): Document => {
  const part = (name: string): Document => (isDocument(record[name]) ? record[name] : {});
  switch (record.kind) {
    case 'DECISION':
      return decisionFields(part('intent'), part('decision'));
    case 'EXECUTION': {
      const { intent_id, symbol, side, event, order_id, qty, price, cum_qty, leaves_qty, code, reason } = part('execution');
      const amounts = { qty: exact(qty), price: exact(price), cum_qty: exact(cum_qty), leaves_qty: exact(leaves_qty) };
      return { intent_id, symbol, side, event, order_id, ...amounts, code, reason, note: record.note };
    }
    case 'CONTROL': {
      const { actor, reason, payload } = controlOf(part('control'));
      return { type: isDocument(payload) ? payload.type : null, actor, reason, note: record.note };
    }
    case 'KILL_SWITCH': {
      const { active, cause, rule_ids, violations_in_window, actor, reason } = part('kill_switch');
      return { active, cause, rules: rule_ids, violations_in_window, actor, reason };
    }
    case 'DUPLICATE': {
      const { decided_seq, conflict } = part('duplicate');
      return { intent_id: part('intent').intent_id, decided_seq, conflict };
    }
    default:
      return {
        intent_id: part('intent').intent_id ?? part('execution').intent_id ?? null,
        topic: part('input').topic,
        note: record.note,
      };
  }
};

const decisionFields = (
  intent: Document,
  { decision, order, reference_price, violations, kill_switch_tripped }: Document,
): Document => ({
  intent_id: intent.intent_id,
  strategy_id: intent.strategy_id,
  symbol: isDocument(intent.instrument) ? intent.instrument.symbol : null,
  side: intent.side,
  order_type: intent.order_type,
  qty: exact(intent.qty),
  limit_price: exact(intent.limit_price),
  decision,
  order_qty: isDocument(order) ? exact(order.qty) : null,
  price: exact(reference_price),
  rules: documentsIn(violations).map(({ rule_id }) => rule_id),
  tripped: kill_switch_tripped,
});

const exact = (value: unknown): string | null => (value instanceof Decimal ? value.toString() : null);

const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal);

const documentsIn = (list: unknown): readonly Document[] => (Array.isArray(list) ? list.filter(isDocument) : []);
