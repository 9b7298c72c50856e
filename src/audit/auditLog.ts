/**
 * The audit JSONL of a run: one AuditEvent per decision, with portfolio, market and execution state as they were before it, and what the chain
 * needs. Records of other kinds stand in `preceding_records` of the next decision's line, so that the file has the whole chain up to its last
 * line. Source: contracts, "AuditEvent".
 */
import { eventId } from '../contracts/chain';
import { inputText, positionsText } from '../contracts/documents/recordTexts';
import {
  auditEventText,
  decimalText,
  decisionText,
  executionStateText,
  factsText,
  marketSnapshotText,
  orderIntentText,
  portfolioStateText,
} from '../contracts/documents/writeDocument';
import type { Decimal } from '../contracts/decimal';
import type { AuditRecord } from '../contracts/messages';
import { formatRfc3339 } from '../contracts/timestamp';
import type { RunState } from '../domain/state';
import { windowMs } from '../domain/state';
import type { FoldObserver, Measured } from '../processor/observer';
import { auditRecordText } from './auditRecordText';
import type { Situation } from './verify/foundRecord';

export interface LineSink {
  add(line: string): void;
  commit(): void;
}

/** The documents of an AuditEvent, before the decision. */
export interface SituationTexts {
  readonly portfolio_state: string;
  readonly market_snapshot: string;
  readonly execution_state: string;
}

export class AuditLog implements FoldObserver {
  private preceding: string[] = [];
  private last: AuditRecord | undefined;
  /** Written once for as long as no price changes. */
  private market: string | undefined;
  private situation: SituationTexts | undefined;
  /** The run's clock at its last decision: what the violation window was last trimmed to (contracts, "Runner, per intent"). */
  private trimmedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly sink: LineSink,
    private readonly runId: string,
    private readonly marketTimestamp: string,
  ) {}

  judged(run: RunState, prices: ReadonlyMap<string, Decimal>): void {
    if (run.runId !== this.runId) return;
    this.market ??= marketSnapshotText({ timestamp: this.marketTimestamp, prices });
    this.situation = situationOf(run, this.trimmedAt, this.market);
  }

  priced(): void {
    this.market = undefined;
  }

  recorded(record: AuditRecord, hash: Uint8Array, measured: Measured): void {
    if (record.run_id !== this.runId) return;
    if (record.kind !== 'DECISION' || this.situation === undefined) {
      this.preceding.push(auditRecordText(record, hash, this.last));
      this.last = record;
      return;
    }
    const { preceding, situation } = this;
    this.preceding = [];
    this.last = record;
    this.situation = undefined;
    this.trimmedAt = record.clock;
    this.sink.add(auditLine(record, hash, measured, situation, preceding));
  }

  committed(): void {
    this.sink.commit();
  }
}

/**
 * Of the violations in the window, a line lists the newest: after a trip they would grow with every denied intent, and the log with their square. Their
 * number stands in the facts.
 */
const VIOLATIONS_SHOWN = 1_000;

/** `asOf`: the clock that the violation window is shown at, ms; `market`: the text of the market snapshot. */
export const situationOf = (
  { account, exposure, orders, violations, active, killSwitchActive }: RunState,
  asOf: number,
  market: string,
): SituationTexts => {
  const positions = new Map<string, Decimal>();
  for (const [symbol, { qty }] of exposure.positions) if (qty !== 0n) positions.set(symbol, qty);
  const inWindow = active === undefined ? [] : violations.entries(asOf, windowMs(active), VIOLATIONS_SHOWN);
  return {
    portfolio_state: portfolioStateText({
      equity: account.equity,
      start_of_day_equity: account.start_of_day_equity,
      peak_equity: account.peak_equity,
      positions,
      realized_pnl_today: account.realized_pnl_today,
      unrealized_pnl: account.unrealized_pnl,
    }),
    market_snapshot: market,
    execution_state: executionStateText({
      orders_last_60s_global: orders.globalCount,
      orders_last_60s_by_strategy: orders.counts(),
      violations_last_window: inWindow.map(({ at, rule_id }) => [formatRfc3339(at), rule_id]),
      kill_switch_active: killSwitchActive,
    }),
  };
};

/** The same of documents that a line has shown. */
export const situationTexts = ({ portfolio, market, execution }: Situation): SituationTexts => ({
  portfolio_state: portfolioStateText(portfolio),
  market_snapshot: marketSnapshotText(market),
  execution_state: executionStateText(execution),
});

/** One line: the given fields, then those of the chain. `run_id` is left out where there is none (a single evaluation). */
export const auditLine = (
  record: AuditRecord,
  hash: Uint8Array,
  { recordedAt, evalMs }: Measured,
  situation: SituationTexts,
  preceding: readonly string[],
): string => {
  const { run_id, seq, intent, decision, facts } = record;
  if (intent === null || decision === null) throw new TypeError('only a decision makes an AuditEvent');
  // Spelled out, not spread: a spread of so many fields costs more than all of their texts.
  return auditEventText({
    portfolio_state: situation.portfolio_state,
    market_snapshot: situation.market_snapshot,
    execution_state: situation.execution_state,
    event_id: eventId(run_id, seq),
    timestamp: formatRfc3339(record.clock),
    engine_version: record.engine_version,
    policy_hash: record.policy_hash ?? new Uint8Array(32),
    run_id: run_id === '' ? undefined : run_id,
    intent: orderIntentText(intent),
    decision: decisionText(decision, evalMs),
    eval_ms: evalMs,
    seq,
    kind: record.kind,
    facts: facts === null ? 'null' : factsText(facts),
    prev_hash: record.prev_hash,
    hash,
    recorded_at: recordedAt,
    preceding_records: preceding,
    clock: record.clock,
    input: inputText(record.input),
    positions: positionsText(record.positions),
    reference_price: decision.reference_price === null ? 'null' : decimalText(decision.reference_price),
  });
};
