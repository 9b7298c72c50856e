import type { Facts, OrderIntent, Violation } from '../../contracts/messages';
import { violation } from './rule';

/**
 * SYS-001: what cannot be valued cannot be allowed.
 *
 * Fires when the intent's symbol, or any symbol that is held or has a working order, has no price above zero. It ends the evaluation: no
 * other figure could be trusted. Denies in monitor mode too.
 * Source: design, "The engine"; contracts, "What we do differently" (a held symbol without a price).
 */
export const missingPrice = (intent: OrderIntent, facts: Facts): Violation | undefined => {
  const symbol = facts.price === null ? intent.instrument.symbol : facts.unpriced_symbol;
  if (symbol === null) return undefined;
  return violation('SYS-001', 'CRIT', `Missing or invalid price for symbol '${symbol}'.`, [{ name: 'symbol', value: symbol }]);
};
