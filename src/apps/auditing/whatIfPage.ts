/** The report of `replay --policy` for people: tables, then what was assumed, in words. */
import { admittedQty, ruleIds } from '../../audit/whatIf/decidedTwice';
import type { DecidedTwice } from '../../audit/whatIf/decidedTwice';
import { sameEnd } from '../../audit/whatIf/runEnds';
import type { RunEnds } from '../../audit/whatIf/runEnds';
import type { Group, Trips, WhatIfTally } from '../../audit/whatIf/tally';
import { formatDecimal, formatFixed, toDecimal, times, ZERO } from '../../contracts/decimal';
import type { Notional } from '../../contracts/decimal';
import { byKey } from '../../contracts/json/write';
import type { PublishedDecision } from '../../contracts/messages';
import type { PaperOutcome } from '../../domain/paperOutcome';
import { table } from '../cli/table';
import { assumptionLines } from './whatIfAssumptions';
import type { WhatIfReport } from './whatIfDocument';

/** So many changed decisions, runs, or names of a kind are shown; a file or `--json` holds all. */
export const MOST_SHOWN = 20;

const money = (value: Notional): string => formatFixed(toDecimal(value), 2);

/** `first`: the first changed decisions, at most MOST_SHOWN. */
export const reportPage = ({ policyFile, tally, ends }: WhatIfReport, first: readonly DecidedTwice[]): string => {
  const differing = ends.filter((run) => !sameEnd(run));
  const sections = [
    `${tally.changed} of ${tally.decisions} decisions of ${ends.length} ${ends.length === 1 ? 'run' : 'runs'} are other ones with ${policyFile}.`,
    verdictTable(tally),
    turnsTable(tally),
    changesTable(first, tally.changed),
    groupTable('rule', tally.byRule),
    groupTable('strategy', tally.byStrategy),
    groupTable('symbol', tally.bySymbol),
    endsTable(differing),
    positionsTable(differing),
    assumptionLines(tally).join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
};

const verdictTable = ({ verdicts, trips }: WhatIfTally): string => {
  const verdict = (name: 'ALLOW' | 'MODIFY' | 'DENY'): string[] => [
    name,
    String(verdicts.recorded[name]),
    String(verdicts.other[name]),
  ];
  const trip = (says: string, cause: keyof Trips): string[] => [says, String(trips.recorded[cause]), String(trips.other[cause])];
  return table(
    ['', 'recorded', 'other'],
    [
      verdict('ALLOW'),
      verdict('MODIFY'),
      verdict('DENY'),
      trip('kill switch by rule', 'RULE'),
      trip('kill switch by count', 'COUNT'),
      trip('kill switch by operator', 'OPERATOR'),
    ],
  );
};

const turnsTable = ({ turns }: WhatIfTally): string =>
  turns.size === 0
    ? ''
    : table(
        ['changed', 'decisions'],
        [...turns].sort(byKey).map(([turn, count]) => [turn, String(count)]),
      );

const changesTable = (first: readonly DecidedTwice[], changed: number): string => {
  if (first.length === 0) return '';
  const rows = first.map(({ intent, recorded, other, assumed }) => [
    recorded.run_id,
    intent.intent_id,
    intent.strategy_id,
    `${intent.side} ${formatDecimal(intent.qty)} ${intent.instrument.symbol}`,
    recorded.reference_price === null ? '' : money(times(intent.qty, recorded.reference_price)),
    answer(recorded),
    answer(other) + (assumed === null ? '' : outcomeText(assumed)),
  ]);
  const more = changed - first.length;
  const header = ['run', 'intent', 'strategy', 'order', 'notional', 'recorded', 'other'];
  return table(header, rows) + (more === 0 ? '' : `\nand ${more} more; --changes FILE writes all of them`);
};

const outcomeText = (assumed: PaperOutcome): string =>
  assumed.type === 'filled' ? `, filled at ${formatDecimal(assumed.price)}` : ', rejected';

const answer = (decision: PublishedDecision): string => {
  const qty = admittedQty(decision);
  const rules = ruleIds(decision).join(', ');
  return `${decision.decision}${qty === ZERO ? '' : ` ${formatDecimal(qty)}`}${rules === '' ? '' : ` (${rules})`}`;
};

const groupTable = (name: string, groups: ReadonlyMap<string, Group>): string => {
  if (groups.size === 0) return '';
  const all = [...groups].sort(byKey).sort(([, a], [, b]) => b.changed - a.changed);
  const rows = all
    .slice(0, MOST_SHOWN)
    .map(([title, { changed, recordedNotional, otherNotional }]) => [
      title,
      String(changed),
      money(recordedNotional),
      money(otherNotional),
    ]);
  return shown(table([name, 'changed', 'admitted, recorded', 'admitted, other'], rows), all.length);
};

const endsTable = (runs: readonly RunEnds[]): string => {
  if (runs.length === 0) return '';
  const rows = runs
    .slice(0, MOST_SHOWN)
    .map(({ runId, recorded, other }) => [
      runId,
      formatFixed(recorded.equity, 2),
      formatFixed(other.equity, 2),
      money(recorded.grossExposure),
      money(other.grossExposure),
      recorded.killSwitchActive ? 'active' : '',
      other.killSwitchActive ? 'active' : '',
    ]);
  const header = ['run', 'equity', 'equity, other', 'gross', 'gross, other', 'kill switch', 'kill switch, other'];
  return shown(table(header, rows), runs.length);
};

const positionsTable = (runs: readonly RunEnds[]): string => {
  const rows = runs.flatMap(({ runId, recorded, other }) =>
    [...new Set([...recorded.positions.keys(), ...other.positions.keys()])].sort().flatMap((symbol) => {
      const before = recorded.positions.get(symbol) ?? ZERO;
      const after = other.positions.get(symbol) ?? ZERO;
      return before === after ? [] : [[runId, symbol, formatDecimal(before), formatDecimal(after)]];
    }),
  );
  if (rows.length === 0) return '';
  return shown(table(['run', 'symbol', 'position', 'position, other'], rows.slice(0, MOST_SHOWN)), rows.length);
};

const shown = (text: string, rows: number): string =>
  rows > MOST_SHOWN ? `${text}\nand ${rows - MOST_SHOWN} more; --json has all of them` : text;
