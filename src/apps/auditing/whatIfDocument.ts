/** The report of `replay --policy` for machines. Source: docs/commands.md, "What another policy would have decided". */
import { admittedQty, ruleIds } from '../../audit/whatIf/decidedTwice';
import type { DecidedTwice } from '../../audit/whatIf/decidedTwice';
import { sameEnd } from '../../audit/whatIf/runEnds';
import type { RunEnd, RunEnds } from '../../audit/whatIf/runEnds';
import type { Group, WhatIfTally } from '../../audit/whatIf/tally';
import { decimalToJson, times, toDecimal } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import { hexOf } from '../../contracts/json/hex';
import { canonicalJson } from '../../contracts/json/write';
import type { JsonOut } from '../../contracts/json/write';
import type { PublishedDecision } from '../../contracts/messages';
import { formatRfc3339 } from '../../contracts/timestamp';

/** What was compared, and what it came to. */
export interface WhatIfReport {
  readonly policyFile: string;
  readonly policyHash: Uint8Array;
  readonly tally: WhatIfTally;
  readonly ends: readonly RunEnds[];
}

const money = (value: Notional): number | string => decimalToJson(toDecimal(value));

/** One changed decision, as a line without its end. */
export const changeLine = ({ intent, recorded, other, assumed }: DecidedTwice): string => {
  const { intent_id, strategy_id, instrument, side, qty } = intent;
  const { reference_price: price, run_id, clock } = recorded;
  return canonicalJson({
    run_id,
    intent_id,
    at: formatRfc3339(clock),
    strategy_id,
    symbol: instrument.symbol,
    side,
    qty: decimalToJson(qty),
    reference_price: price === null ? null : decimalToJson(price),
    notional: price === null ? null : money(times(qty, price)),
    recorded: { ...answer(recorded), seq: recorded.seq },
    other: answer(other),
    assumed:
      assumed === null
        ? null
        : assumed.type === 'filled'
          ? { type: 'filled', qty: decimalToJson(admittedQty(other)), price: decimalToJson(assumed.price) }
          : { type: 'rejected', code: assumed.code, reason: assumed.reason },
  });
};

const answer = (decision: PublishedDecision): { decision: string; qty: number | string; rules: readonly string[] } => ({
  decision: decision.decision,
  qty: decimalToJson(admittedQty(decision)),
  rules: ruleIds(decision),
});

export const reportDocument = ({ policyFile, policyHash, tally, ends }: WhatIfReport): string =>
  canonicalJson({
    policy: { file: policyFile, hash: hexOf(policyHash) },
    decisions: tally.decisions,
    changed: tally.changed,
    verdicts: { recorded: { ...tally.verdicts.recorded }, other: { ...tally.verdicts.other } },
    turns: tally.turns,
    by_rule: groups(tally.byRule),
    by_strategy: groups(tally.byStrategy),
    by_symbol: groups(tally.bySymbol),
    kill_switch_trips: { recorded: { ...tally.trips.recorded }, other: { ...tally.trips.other } },
    runs: ends.map((run) => ({
      run_id: run.runId,
      differs: !sameEnd(run),
      recorded: end(run.recorded),
      other: end(run.other),
    })),
    assumptions: {
      policy_activations_left_out: tally.policyActivationsLeftOut,
      executions_kept: tally.executionsKept,
      executions_left_out: tally.executionsLeftOut,
      kill_switch_stops_kept: tally.killSwitchStopsKept,
      portfolio_updates_kept: tally.portfoliosKept,
      orders_rejected: tally.assumedRejections,
      fills: new Map(
        [...tally.assumedFills].map(([symbol, { fills, notional, lowest, highest }]): [string, JsonOut] => [
          symbol,
          {
            fills,
            notional: money(notional),
            lowest_price: decimalToJson(lowest),
            highest_price: decimalToJson(highest),
          },
        ]),
      ),
    },
  });

const groups = (by: ReadonlyMap<string, Group>): ReadonlyMap<string, JsonOut> =>
  new Map(
    [...by].map(([name, { changed, recordedNotional, otherNotional }]) => [
      name,
      { changed, recorded_notional: money(recordedNotional), other_notional: money(otherNotional) },
    ]),
  );

const end = ({ equity, grossExposure, killSwitchActive, positions }: RunEnd): JsonOut => ({
  equity: decimalToJson(equity),
  gross_exposure: money(grossExposure),
  kill_switch_active: killSwitchActive,
  positions: new Map([...positions].map(([symbol, qty]: readonly [string, Decimal]) => [symbol, decimalToJson(qty)])),
});
