/** Who and what is talked about in a world. Names that bite in JavaScript are names like others. */
import { LONGEST_NAME } from '../../../src/contracts/intentFault';
import { partitionOf } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';

export const SYMBOLS: readonly string[] = ['AAPL', 'MSFT', 'SPY', 'constructor', 'TSLA', '__proto__', 'BRK.B', 'NVDA'];
/** Nobody ever tells its price. */
export const UNPRICED_SYMBOL = 'NEVER-PRICED';
export const STRATEGIES: readonly string[] = ['alpha', 'beta', 'toString', 'gamma', 'delta two', 'épsilon'];

/** The id of the `number`th run, whose home is `shard`: `run-3`, or `run-3-k` if that lives elsewhere. */
export const runIdOn = (random: Random, number: number, shard: number, shards: number): string => {
  const isLong = random.chance(0.04);
  for (let attempt = 0; ; attempt++) {
    const name = `run-${number}${attempt === 0 ? '' : `-${attempt.toString(36)}`}`;
    const id = isLong ? name.padEnd(LONGEST_NAME - random.below(2), '.') : name;
    if (partitionOf(Buffer.from(id, 'utf8'), shards) === shard) return id;
  }
};

/** Most are short; some are as long as an id may be, or hold what needs care in keys, addresses and JSON. */
export const intentIdOf = (random: Random, number: number): string => {
  const draw = random.below(100);
  if (draw < 3) return `i-${number}-`.padEnd(LONGEST_NAME - random.below(2), 'x');
  if (draw < 5) return `i-${number} "/?#%\\ ü 🂡`;
  if (draw < 6) return `__proto__${number}`;
  return `i-${number}`;
};

/** For the trace. */
export const short = (name: string): string => (name.length > 40 ? `${name.slice(0, 37).trimEnd()}…` : name);
