import { formatFixed, ratioShown, times } from '../../contracts/decimal';
import { violation } from './rule';
import type { Rule } from './rule';

/**
 * EXP-002: the sum of the magnitudes of all positions after the order, each other symbol at the worse side of its working orders, is above
 * its multiple of equity.
 * Source: capital policy `limits.exposure.max_gross_exposure_x`; design, "Working orders".
 */
export const grossExposure: Rule = ({ limits, facts, after }) => {
  const limit = limits.exposure.max_gross_exposure_x;
  if (after.gross <= times(limit, facts.equity)) return undefined;
  const shown = ratioShown(after.gross, facts.equity);
  return violation(
    'EXP-002',
    'HIGH',
    `Gross exposure ${formatFixed(shown, 4)}x breaches limit ${formatFixed(limit, 4)}x.`,
    [{ name: 'max_gross_exposure_x', value: limit }],
    [{ name: 'gross_exposure_x', value: shown }],
  );
};

/**
 * EXP-003: the magnitude of the sum of all positions after the order, with every working order on its side filled, is above its multiple of
 * equity. A policy without the limit does not check it.
 * Source: capital policy `limits.exposure.max_net_exposure_x`; design, "Working orders".
 */
export const netExposure: Rule = ({ limits, facts, after }) => {
  const limit = limits.exposure.max_net_exposure_x;
  if (limit === null || after.net <= times(limit, facts.equity)) return undefined;
  const shown = ratioShown(after.net, facts.equity);
  return violation(
    'EXP-003',
    'HIGH',
    `Net exposure ${formatFixed(shown, 4)}x breaches limit ${formatFixed(limit, 4)}x.`,
    [{ name: 'max_net_exposure_x', value: limit }],
    [{ name: 'net_exposure_x', value: shown }],
  );
};
