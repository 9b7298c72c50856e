import type { ExecutionEvent } from '../contracts/messages';
import type { ExecutionMeaning } from '../domain/evolve';
import { evolve, fitsPosition, meaningOf } from '../domain/evolve';
import type { BusRecord } from './bus';
import type { FoldContext } from './foldContext';
import { record, unmeasured } from './foldContext';
import type { RunLedger } from './ledger';

/** One report of the gateway: facts win, whatever is known of the order; what was not expected says so on record. */
export const foldExecution = (
  context: FoldContext,
  ledger: RunLedger,
  input: BusRecord,
  execution: ExecutionEvent,
  body: Uint8Array,
): void => {
  const { state } = ledger;
  const measured = unmeasured(context);
  const embedded = { execution: body };
  const ended = state.status === 'ENDED';
  // It remembers the orders that were open when it ended, until they end as well.
  if (ended && !state.intents.has(execution.intent_id)) {
    const note = `run \`${state.runId}\` has ended: its positions are closed`;
    return record(context, ledger, input, { kind: 'REJECTED_INPUT', execution, note }, measured, embedded);
  }
  if (!fitsPosition(state, execution)) {
    const note = `the position after it is out of bounds (10^20 or more): correct the portfolio of run \`${state.runId}\``;
    return record(context, ledger, input, { kind: 'REJECTED_INPUT', execution, note }, measured, embedded);
  }
  const meaning = meaningOf(state, execution);
  evolve(state, { type: 'ExecutionReported', event: execution, seq: ledger.nextSeq });
  record(context, ledger, input, { kind: 'EXECUTION', execution, note: noteOf(meaning, ended) }, measured, embedded);
};

const noteOf = (meaning: ExecutionMeaning, ended: boolean): string | null => {
  const what = meaning === 'expected' ? [] : [meaning];
  return [...what, ...(ended ? ['after the run ended'] : [])].join(', ') || null;
};
