/** An order's whole life, as a command shows it. */
import { decimalToJson, formatDecimal } from '../../contracts/decimal';
import { executionText, publishedDecisionText } from '../../contracts/documents/recordTexts';
import { plain } from '../../contracts/documents/writeDocument';
import type { JsonOut } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS } from '../../contracts/topics';
import { table } from '../cli/table';
import { nextStep } from './nextStep';
import type { OrderHistory } from './orderHistory';
import { averageOf, decimalCell, describeOrder, NOTHING, orderJson, plainLine, statusOf } from './orderTexts';

/** For machines. */
export const historyJson = (history: OrderHistory): JsonOut => {
  const { partition, decision, order, events, resolutions } = history;
  return {
    decision:
      decision === undefined
        ? null
        : {
            offset: decision.offset,
            timestamp: formatRfc3339(decision.at),
            value: plain(publishedDecisionText(decision.decision)),
          },
    events: events.map(({ event, at, offset }) => ({ offset, timestamp: formatRfc3339(at), value: plain(executionText(event)) })),
    next: nextStep(history),
    order: order === undefined ? null : orderJson({ partition, order }),
    resolutions: resolutions.map(({ actor, reason, resolution, at, offset }) => ({
      actor,
      cum_qty: decimalToJson(resolution.cum_qty),
      offset,
      outcome: resolution.outcome,
      price: resolution.price === null ? null : decimalToJson(resolution.price),
      reason,
      timestamp: formatRfc3339(at),
    })),
    shard: partition,
  };
};

const COLUMNS = ['time', 'record', 'what', 'qty', 'price', 'filled', 'left', 'code', 'why'];

/** For people: what it is, what happened to it, what comes next. */
export const historyText = (history: OrderHistory, runId: string, intentId: string): string => {
  const { partition, decision, order, events, resolutions } = history;
  const place = (topic: string, offset: number): string => `${topic}/${partition}@${offset}`;
  const rows: { readonly at: number; readonly cells: readonly string[] }[] = [];
  if (decision !== undefined) {
    const { decision: verdict, order: admitted, reference_price, violations } = decision.decision;
    rows.push({
      at: decision.at,
      cells: [
        place(DECISIONS, decision.offset),
        verdict,
        decimalCell(admitted?.qty ?? null),
        decimalCell(reference_price),
        NOTHING,
        NOTHING,
        violations.map(({ rule_id }) => rule_id).join(',') || NOTHING,
        plainLine(violations.map(({ message }) => message).join('; ')),
      ],
    });
  }
  for (const { event, at, offset } of events)
    rows.push({
      at,
      cells: [
        place(EXECUTION_EVENTS, offset),
        event.event,
        decimalCell(event.qty),
        decimalCell(event.price),
        formatDecimal(event.cum_qty),
        formatDecimal(event.leaves_qty),
        event.code === null ? NOTHING : plainLine(event.code),
        plainLine(event.reason ?? ''),
      ],
    });
  for (const { actor, reason, resolution, at, offset } of resolutions)
    rows.push({
      at,
      cells: [
        place(CONTROL_EVENTS, offset),
        `resolved as ${resolution.outcome}`,
        NOTHING,
        decimalCell(resolution.price),
        formatDecimal(resolution.cum_qty),
        NOTHING,
        NOTHING,
        plainLine(`${actor}: ${reason}`),
      ],
    });
  // Each topic's own order stays: sorting keeps equals as they are.
  rows.sort((a, b) => a.at - b.at);
  const lines = rows.map(({ at, cells }) => [formatRfc3339(at), ...cells]);
  return `${headOf(order, runId, intentId)}\n${table(COLUMNS, lines)}\n\nNext: ${plainLine(nextStep(history))}.\n`;
};

const headOf = (order: OrderHistory['order'], runId: string, intentId: string): string => {
  if (order === undefined) return `${runId}/${intentId}: no order has been sent\n`;
  const average = averageOf(order);
  const filled = `${formatDecimal(order.cumQty)} filled${average === null ? '' : ` at ${formatDecimal(average)}`}`;
  const facts = [
    ['client order id', order.clientOrderId],
    ["broker's id", plainLine(order.orderId)],
    ['sent to', plainLine(order.venue)],
  ].filter(([, value]) => value !== '');
  return [
    `${runId}/${intentId}: ${describeOrder(order)}, ${order.orderType}: ${statusOf(order)}, ${filled}`,
    ...facts.map(([name = '', value = '']) => `${name.padEnd(15)}  ${value}`),
    '',
  ].join('\n');
};
