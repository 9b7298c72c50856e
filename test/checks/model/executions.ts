/**
 * Reports of the gateway. Facts win: what `cum_qty` grew moves the position, whatever is known of the order; what was expected or not is on record.
 * Source: design, "Working orders"; docs/adr/0001 ("Ended runs", "What fits no decimal"); avro/AuditRecord.avsc (note).
 *
 * From the processor's source: symbol and side are those of the order, where there is one; a repeat of what was denied is no change as long as it
 * brings no fill; a report of what the gateway itself is doing ends nothing, even with nothing left to fill.
 */
import type { Known } from './book';
import { markEquity, payFill } from './equity';
import type { Prices } from './equity';
import type { Expected } from './expected';
import { recordFor } from './expected';
import { figureOf, isAmount, optionalFigure } from './figures';
import type { ExecutionReport } from './recorded';
import type { ModelRun } from './run';

const ON_THE_WAY = ['ORDER_SUBMITTING', 'ORDER_UNKNOWN', 'ORDER_CANCELLING'];

export const foldExecution = (run: ModelRun, report: ExecutionReport, prices: Prices): Expected => {
  const known = run.known.get(report.intent_id);
  const hasEnded = run.status === 'ENDED';
  if (hasEnded && known === undefined) return recordFor(run, { kind: 'REJECTED_INPUT' });

  const filled = figureOf(report.cum_qty);
  const grown = filled > (known?.filled ?? 0n) ? filled - (known?.filled ?? 0n) : 0n;
  const { symbol, side } = known ?? report;
  const move = side === 'buy' ? grown : -grown;
  if (!isAmount((run.book.held.get(symbol) ?? 0n) + move)) return recordFor(run, { kind: 'REJECTED_INPUT' });

  const left = figureOf(report.leaves_qty);
  const isOnTheWay = ON_THE_WAY.includes(report.event);
  const meaning = meaningOf(known, report, grown, left);
  // The record comes after what it tells, and counts from the same number.
  const order = known ?? unasked(run, report);
  order.filled += grown;
  if (order.open && left === 0n && !isOnTheWay) order.open = false;
  if (!order.open) run.book.open.delete(order);
  if (grown > 0n) {
    run.book.move(symbol, move);
    payFill(run, prices, side, grown, optionalFigure(report.price), symbol);
    markEquity(run, prices);
  }
  if (hasEnded && !order.open) run.known.delete(report.intent_id);
  const notes = [...(meaning === 'expected' ? [] : [meaning]), ...(hasEnded ? ['after the run ended'] : [])];
  return recordFor(run, { kind: 'EXECUTION', note: notes.length === 0 ? null : notes.join(', ') });
};

const meaningOf = (
  known: Known | undefined,
  { event }: ExecutionReport,
  grown: bigint,
  left: bigint,
): 'expected' | 'unsolicited' | 'no change' => {
  if (known === undefined) return 'unsolicited';
  if (!known.admitted) return grown > 0n ? 'unsolicited' : 'no change';
  if (grown > 0n) return 'expected';
  const tells = left === 0n || event === 'ORDER_SUBMITTED' || ON_THE_WAY.includes(event);
  return known.open && tells ? 'expected' : 'no change';
};

/** Kept under its id, so that its repeat changes nothing, and an intent that comes under it is a conflict. */
const unasked = (run: ModelRun, { intent_id, symbol, side }: ExecutionReport): Known => {
  const known: Known = { seq: run.nextSeq, body: null, admitted: false, symbol, side, qty: 0n, filled: 0n, open: false };
  run.known.set(intent_id, known);
  return known;
};
