/** What is held, open and unknown together, worked out again at every position of the log, and what is held at every fill of the broker. */
import type { Evidence } from './judge';
import { MOST_GROSS, MOST_SHARES, PRICE, SYMBOLS } from './flow';
import { ONE } from './orderLog';
import { HELD } from './venue';

interface Working {
  readonly symbol: string;
  readonly buys: boolean;
  left: bigint;
  filled: bigint;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export const checkLimits = (evidence: Evidence): void => {
  if (evidence.fillsLate) return;
  alongTheLog(evidence);
  atTheBroker(evidence);
};

const alongTheLog = ({ log, findings }: Evidence): void => {
  const held = beginning();
  const working = new Map<string, Working>();
  for (const folded of log.folded) {
    if (folded.type === 'decision') {
      const { intentId, order } = folded.decision;
      if (order !== null && !working.has(intentId))
        working.set(intentId, { symbol: order.symbol, buys: order.side.toLowerCase() === 'buy', left: order.qty, filled: 0n });
    } else {
      const { intentId, event, cumQty, leavesQty } = folded.event;
      const order = working.get(intentId);
      if (order === undefined) continue;
      if (event === 'ORDER_FILLED' && cumQty > order.filled) {
        const grown = cumQty - order.filled;
        held.set(order.symbol, (held.get(order.symbol) ?? 0n) + (order.buys ? grown : -grown));
        order.filled = cumQty;
        order.left = leavesQty;
      } else if (['ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED'].includes(event)) order.left = 0n;
    }
    check(held, [...working.values()], findings.add.bind(findings, 'limits'), 'on the log');
  }
};

const atTheBroker = ({ market, findings }: Evidence): void => {
  const held = beginning();
  for (const { order, qty } of market.fills) {
    held.set(order.symbol, (held.get(order.symbol) ?? 0n) + (order.side === 'buy' ? qty : -qty));
    check(held, [], findings.add.bind(findings, 'limits'), 'at the broker');
  }
};

const check = (
  held: ReadonlyMap<string, bigint>,
  working: readonly Working[],
  tell: (what: string) => void,
  where: string,
): void => {
  let gross = 0n;
  for (const symbol of SYMBOLS) {
    const of = working.filter((order) => order.symbol === symbol);
    const sum = (buys: boolean): bigint => of.reduce((total, order) => (order.buys === buys ? total + order.left : total), 0n);
    const now = held.get(symbol) ?? 0n;
    const most = larger(magnitude(now + sum(true)), magnitude(now - sum(false)));
    gross += most;
    if (most > MOST_SHARES * ONE) tell(`${most / ONE} ${symbol} held, open and unknown ${where}; ${MOST_SHARES} may be`);
  }
  if (gross * PRICE > MOST_GROSS * ONE)
    tell(`${(gross * PRICE) / ONE} in all held, open and unknown ${where}; ${MOST_GROSS} may be`);
};

const beginning = (): Map<string, bigint> => new Map(Object.entries(HELD).map(([symbol, qty]) => [symbol, BigInt(qty) * ONE]));
