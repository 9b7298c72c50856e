/** How the runs of a shard stand at the end of both courses of events. */
import { ZERO } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import type { RunState } from '../../domain/state';
import type { Both } from './tally';
import type { WhatIfEnd } from './whatIf';

export interface RunEnd {
  readonly equity: Decimal;
  /** Positions and working orders at the last prices, worse side of each symbol. */
  readonly grossExposure: Notional;
  readonly killSwitchActive: boolean;
  /** Not zero; negative: short. */
  readonly positions: ReadonlyMap<string, Decimal>;
}

export interface RunEnds extends Both<RunEnd> {
  readonly runId: string;
}

/** Of the runs that were started. `runs` undefined: all. */
export const runEndsOf = ({ recorded, other }: WhatIfEnd, runs: ReadonlySet<string> | undefined): readonly RunEnds[] => {
  const ends: RunEnds[] = [];
  for (const [runId, { state }] of recorded.runs) {
    const counterpart = other.runs.get(runId);
    if (state.status === 'UNKNOWN' || runs?.has(runId) === false || counterpart === undefined) continue;
    ends.push({ runId, recorded: endOf(state), other: endOf(counterpart.state) });
  }
  return ends;
};

export const sameEnd = ({ recorded, other }: Both<RunEnd>): boolean =>
  recorded.equity === other.equity &&
  recorded.grossExposure === other.grossExposure &&
  recorded.killSwitchActive === other.killSwitchActive &&
  recorded.positions.size === other.positions.size &&
  [...recorded.positions].every(([symbol, qty]) => other.positions.get(symbol) === qty);

const endOf = ({ account, exposure, killSwitchActive }: RunState): RunEnd => ({
  equity: account.equity,
  grossExposure: exposure.totals().gross,
  killSwitchActive,
  positions: new Map(
    [...exposure.positions].flatMap(([symbol, { qty }]): [string, Decimal][] => (qty === ZERO ? [] : [[symbol, qty]])),
  ),
});
