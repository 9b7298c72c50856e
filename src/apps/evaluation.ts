/** One evaluation of documents, outside any run: its decision, and the audit line of it. */
import { auditLine, situationOf } from '../audit/auditLog';
import { Codec } from '../contracts/avro/codec';
import { freshSchemas } from '../contracts/avro/localRegistry';
import { chainHash } from '../contracts/chain';
import type { ContractError } from '../contracts/contractError';
import { marketSnapshotText } from '../contracts/documents/writeDocument';
import type { AuditRecord, Decision, ExecutionState, MarketSnapshot, OrderIntent, PortfolioState } from '../contracts/messages';
import type { Result } from '../contracts/result';
import { failed, succeeded } from '../contracts/result';
import { parseRfc3339 } from '../contracts/timestamp';
import { evaluate } from '../domain/evaluate';
import type { ActivePolicy } from '../domain/state';
import type { Measured } from '../processor/observer';
import { ENGINE_VERSION, realStopwatch } from './session';

export interface EvaluationInput {
  readonly policy: ActivePolicy;
  readonly intent: OrderIntent;
  readonly portfolio: PortfolioState;
  readonly market: MarketSnapshot;
  readonly execution: ExecutionState;
}

export interface Evaluation {
  readonly decision: Decision;
  readonly measured: Measured;
  /** The AuditEvent: a record of its own, seq 0 of no run. */
  readonly auditLine: () => string;
}

/** Judges as the stream would, at the intent's own time. Fails on a timestamp that cannot be a clock. */
export const evaluateDocuments = (input: EvaluationInput): Result<Evaluation, ContractError> => {
  const { policy, intent, portfolio, market, execution } = input;
  const clock = parseRfc3339(intent.timestamp);
  if (clock === undefined) return failed({ path: 'timestamp', message: 'expected RFC 3339 in UTC' });
  const violationTimes = execution.violations_last_window.map(([timestamp]) => parseRfc3339(timestamp) ?? clock);
  const situation = { policy, portfolio, prices: market.prices, execution, violationTimes, clock };
  const { value, measured } = realStopwatch.timed(() => evaluate(intent, situation));
  const { decision, facts, run } = value;
  return succeeded({
    decision,
    measured,
    auditLine: () => {
      const record: AuditRecord = {
        run_id: '',
        seq: 0,
        kind: 'DECISION',
        input: { topic: 'order-intents', partition: 0, offset: 0, timestamp: clock },
        clock,
        positions: { order_intents: 1, market_prices: 0, control_events: 0, execution_events: 0 },
        policy_hash: policy.hash,
        engine_version: ENGINE_VERSION,
        intent,
        facts,
        decision: {
          ...decision,
          run_id: '',
          seq: 0,
          clock,
          reference_price: facts?.price ?? null,
          policy_hash: policy.hash,
          kill_switch_tripped: false,
          control_position: -1,
        },
        execution: null,
        control: null,
        kill_switch: null,
        duplicate: null,
        note: null,
        prev_hash: new Uint8Array(32),
      };
      const hash = chainHash(record.prev_hash, new Codec(freshSchemas()).encodeAuditBody(record));
      const texts = situationOf(run, Number.NEGATIVE_INFINITY, marketSnapshotText(market));
      return auditLine(record, hash, measured, texts, []);
    },
  });
};
