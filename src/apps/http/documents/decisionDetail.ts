/** Everything about one intent: the decision with its facts and every rule, the order that came of it, and what the journal says. */
import { decimalText, factsText, listText, orderIntentText } from '../../../contracts/documents/writeDocument';
import { minus, smaller, ZERO } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { digestText } from '../../../contracts/documents/recordTexts';
import { canonicalJson, jsonString } from '../../../contracts/json/write';
import type { OrderStatus, PublishedDecision } from '../../../contracts/messages';
import { formatRfc3339 } from '../../../contracts/timestamp';
import type { AppliedLimits } from '../../../domain/limits';
import { decidedText } from '../../intake/answers';
import type { JournalRecord } from '../../live/live';
import { present, rowText } from './rows';
import { ruleFindings } from './ruleFindings';

/** `timeline`: all records of the intent, `decided` among them. `limits`: what it was judged by; undefined: not known here. */
export const decisionDetail = (
  decided: JournalRecord,
  timeline: readonly JournalRecord[],
  limits: AppliedLimits | undefined,
): string => {
  const { record, hash } = decided.sealed();
  const { run_id, seq, clock, policy_hash, prev_hash, engine_version, facts } = record;
  const decision = present(record, 'decision');
  const fields: readonly (readonly [string, string])[] = [
    ['run_id', jsonString(run_id)],
    ['intent_id', jsonString(decision.intent_id)],
    ['seq', String(seq)],
    ['clock', jsonString(formatRfc3339(clock))],
    ['policy_hash', policy_hash === null ? 'null' : digestText(policy_hash)],
    ['hash', digestText(hash)],
    ['prev_hash', digestText(prev_hash)],
    ['engine_version', jsonString(engine_version)],
    ['intent', orderIntentText(present(record, 'intent'))],
    ['facts', facts === null ? 'null' : factsText(facts)],
    ['decision', decidedText({ type: 'decided', record: decided, decision, replayed: false })],
    ['reference_price', decision.reference_price === null ? 'null' : decimalText(decision.reference_price)],
    ['rules', canonicalJson(ruleFindings(decision, facts, limits))],
    ['order', orderText(decision, timeline)],
    ['timeline', listText(timeline, (each) => rowText(each))],
  ];
  return `{${fields.map(([name, text]) => `"${name}":${text}`).join(',')}}`;
};

/** The order as the reports have left it, told as the run itself takes them (src/domain/evolve.ts). */
const orderText = ({ order }: PublishedDecision, timeline: readonly JournalRecord[]): string => {
  if (order === null) return 'null';
  let status: OrderStatus = 'WORKING';
  let filled: Decimal = ZERO;
  for (const { head, sealed } of timeline) {
    if (head.kind !== 'EXECUTION') continue;
    const { cum_qty, leaves_qty, event } = present(sealed().record, 'execution');
    if (cum_qty > filled) filled = cum_qty;
    if (status === 'WORKING' && leaves_qty === 0n) status = ENDS[event] ?? 'WORKING';
  }
  const leaves = status === 'WORKING' ? minus(order.qty, smaller(order.qty, filled)) : ZERO;
  return `{"status":"${status}","qty":${decimalText(order.qty)},"cum_qty":${decimalText(filled)},"leaves_qty":${decimalText(leaves)}}`;
};

/** What an order with nothing left has become by an event. */
const ENDS: Readonly<Record<string, OrderStatus>> = {
  ORDER_SUBMITTED: 'FILLED',
  ORDER_FILLED: 'FILLED',
  ORDER_REJECTED: 'REJECTED',
  ORDER_CANCELLED: 'CANCELLED',
  ORDER_EXPIRED: 'EXPIRED',
};
