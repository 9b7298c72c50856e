/** What the other course of events rests on, in words and counts: nobody knows what would have happened. */
import type { WhatIfTally } from '../../audit/whatIf/tally';
import { formatDecimal, formatFixed, toDecimal } from '../../contracts/decimal';
import { byKey } from '../../contracts/json/write';

export const assumptionLines = (tally: WhatIfTally): readonly string[] => [
  'Assumed:',
  '- The same intents come at the same times, at the same prices: nobody reacts to another answer.',
  `- The policy is in force from the start of each run to its end; policy activations left out: ${tally.policyActivationsLeftOut}.`,
  `- An order with the quantity as recorded keeps what was recorded of it; executions kept: ${tally.executionsKept}.`,
  `- An order that is denied now, or has another quantity, never had its recorded executions; left out: ${tally.executionsLeftOut}.`,
  ...fillLines(tally),
  `- Portfolios, resets and other words of operators count as recorded; portfolio updates kept: ${tally.portfoliosKept}.`,
  ...(tally.killSwitchStopsKept === 0
    ? []
    : [
        `- Orders that the recorded kill switch stopped stay stopped, where it does not trip now, too: ${tally.killSwitchStopsKept}.`,
      ]),
];

const fillLines = ({ assumedFills, assumedRejections }: WhatIfTally): readonly string[] => {
  let fills = 0;
  const lines: string[] = [];
  for (const [symbol, { fills: some, notional, lowest, highest }] of [...assumedFills].sort(byKey)) {
    fills += some;
    const prices = lowest === highest ? formatDecimal(lowest) : `${formatDecimal(lowest)} to ${formatDecimal(highest)}`;
    lines.push(`    ${symbol}: ${some}, at ${prices}, ${formatFixed(toDecimal(notional), 2)} in all`);
  }
  return [
    `- An order that is new, or has another quantity, is filled at once, whole, at the price it was judged at, as by the paper broker; filled: ${fills}.`,
    ...lines,
    `- A new limit order that is not marketable at that price is rejected; rejected: ${assumedRejections}.`,
  ];
};
