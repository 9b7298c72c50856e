import { inBounds, notionalInBounds } from '../../contracts/decimal';
import type { Figure, Violation } from '../../contracts/messages';
import { violation } from './rule';
import type { Rule } from './rule';

/** SYS-002 with its reason. Also what the processor answers when there are no facts to judge by (unknown run, ended run, no policy). */
export const cannotBeJudged = (reason: string, inputs: readonly Figure[] = []): Violation =>
  violation('SYS-002', 'CRIT', reason, inputs);

/**
 * SYS-002: an intent that cannot be judged is denied, in monitor mode too.
 *
 * Here: a limit order without a limit price, and sums that no longer fit a decimal (position from 10^20, exposure from 10^40).
 * Source: design, "The engine"; contracts, "What we do differently".
 */
export const unjudgeable: Rule = ({ intent, after }) => {
  if (intent.order_type === 'limit' && intent.limit_price === null) {
    return cannotBeJudged('Limit order has no limit price.', [{ name: 'order_type', value: 'limit' }]);
  }
  if (!inBounds(after.quantity)) return cannotBeJudged('Position after the order is out of bounds: 10^20 or more.');
  if (!notionalInBounds(after.gross)) return cannotBeJudged('Exposure after the order is out of bounds: 10^40 or more.');
  return undefined;
};
