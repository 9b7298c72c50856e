/** The capital policy as the model applies it, read by itself from the text on the log. Source: docs/contracts.md, "Policy". */
import { createHash } from 'node:crypto';
import { amountOfText, isNumber, ONE } from './figures';
import type { Leaf, Tree } from './policyTree';
import { isFlag, isNothing, NoPolicy, treeOf } from './policyTree';

/** In the order in which they are evaluated. */
export const RULES = [
  'SYS-001',
  'SYS-002',
  'KILL-001',
  'LOSS-001',
  'LOSS-002',
  'EXEC-001',
  'EXEC-002',
  'EXP-001',
  'EXP-002',
  'EXP-003',
] as const;
export type Rule = (typeof RULES)[number];

/** Fractions and multiples of equity, in units of 10^-18; `net` null: not checked. */
export interface ExposureLimits {
  readonly position: bigint;
  readonly gross: bigint;
  readonly net: bigint | null;
}
export interface LossLimits {
  readonly day: bigint;
  readonly drawdown: bigint;
}
export interface RateLimits {
  readonly all: number;
  readonly strategy: number;
}
/** Null: not overridden. */
interface Override {
  readonly exposure: ExposureLimits | null;
  readonly loss: LossLimits | null;
  readonly rate: RateLimits | null;
}
export interface Limits {
  readonly exposure: ExposureLimits;
  readonly loss: LossLimits;
  readonly rate: RateLimits;
}
export interface Policy {
  /** SHA-256 of the text, line ends as LF. */
  readonly hash: Buffer;
  readonly monitors: boolean;
  readonly limits: Limits;
  readonly symbols: ReadonlyMap<string, Override>;
  readonly strategies: ReadonlyMap<string, Override>;
  readonly tripOn: readonly string[];
  readonly tripAfter: number;
  readonly windowMs: number;
}

/** Worlds share few texts: each is read once. */
const read = new Map<string, Policy | null>();
const MOST_KEPT = 2_000;

/** Null: the text is no policy. */
export const policyOf = (text: string): Policy | null => {
  let policy = read.get(text);
  if (policy === undefined) {
    if (read.size >= MOST_KEPT) read.clear();
    policy = readPolicy(text);
    read.set(text, policy);
  }
  return policy;
};

/** Block by block: the symbol's before the strategy's before the policy's own. */
export const limitsFor = ({ limits, symbols, strategies }: Policy, symbol: string, strategy: string): Limits => {
  const overrides = [symbols.get(symbol), strategies.get(strategy)];
  const first = <T>(block: (override: Override) => T | null, own: T): T => {
    for (const override of overrides) {
      const found = override === undefined ? null : block(override);
      if (found !== null) return found;
    }
    return own;
  };
  return {
    exposure: first(({ exposure }) => exposure, limits.exposure),
    loss: first(({ loss }) => loss, limits.loss),
    rate: first(({ rate }) => rate, limits.rate),
  };
};

const readPolicy = (text: string): Policy | null => {
  try {
    const unified = text.replace(/\r\n?/g, '\n');
    const hash = createHash('sha256').update(unified).digest();
    return { hash, ...policyIn(treeOf(unified)) };
  } catch (error) {
    if (error instanceof NoPolicy) return null;
    throw error;
  }
};

const policyIn = (tree: Tree): Omit<Policy, 'hash'> => {
  const fields = fieldsOf(tree, ['version', 'timezone', 'defaults', 'limits', 'overrides']);
  const version = oneOf(fields.get('version'), ['0.1', '0.2'], '0.1');
  const timezone = fields.get('timezone');
  if (timezone !== undefined && textOf(timezone).toUpperCase() !== 'UTC') throw new NoPolicy('timezone');
  const defaults = optional(fields, 'defaults', ['mode', 'decision']);
  oneOf(defaults.get('decision'), ['deny', 'allow'], 'deny');
  const limits = fieldsOf(required(fields, 'limits'), ['exposure', 'loss', 'execution', 'kill_switch']);
  const overrides = optional(fields, 'overrides', ['symbols', 'strategies']);
  return {
    monitors: oneOf(defaults.get('mode'), ['enforce', 'monitor'], 'enforce') === 'monitor',
    limits: {
      exposure: exposureOf(required(limits, 'exposure')),
      loss: lossOf(required(limits, 'loss')),
      rate: rateOf(required(limits, 'execution')),
    },
    symbols: overridesOf(overrides.get('symbols')),
    strategies: overridesOf(overrides.get('strategies')),
    ...killSwitchOf(required(limits, 'kill_switch'), version),
  };
};

const exposureOf = (tree: Tree): ExposureLimits => {
  const fields = fieldsOf(tree, ['max_position_pct', 'max_gross_exposure_x', 'max_net_exposure_x']);
  const net = fields.get('max_net_exposure_x');
  return {
    position: fraction(required(fields, 'max_position_pct')),
    gross: aboveZero(required(fields, 'max_gross_exposure_x')),
    net: net === undefined || isNull(net) ? null : aboveZero(net),
  };
};

const lossOf = (tree: Tree): LossLimits => {
  const fields = fieldsOf(tree, ['daily_loss_limit_pct', 'max_drawdown_pct']);
  return {
    day: fraction(required(fields, 'daily_loss_limit_pct')),
    drawdown: fraction(required(fields, 'max_drawdown_pct')),
  };
};

const MOST_PER_MINUTE = 10_000;
const MOST_SECONDS = 31_536_000;

const rateOf = (tree: Tree): RateLimits => {
  const fields = fieldsOf(tree, ['max_orders_per_minute_global', 'max_orders_per_minute_by_strategy']);
  return {
    all: count(required(fields, 'max_orders_per_minute_global'), MOST_PER_MINUTE),
    strategy: count(required(fields, 'max_orders_per_minute_by_strategy'), MOST_PER_MINUTE),
  };
};

const killSwitchOf = (tree: Tree, version: string): Pick<Policy, 'tripOn' | 'tripAfter' | 'windowMs'> => {
  const known = ['trip_on_rules', 'trip_after_n_violations', 'violation_window_seconds'];
  const fields = fieldsOf(tree, version === '0.2' ? [...known, 'cancel_open_orders'] : known);
  const cancel = fields.get('cancel_open_orders');
  if (cancel !== undefined && !isFlag(leafIn(cancel))) throw new NoPolicy('cancel_open_orders');
  const rules = fields.get('trip_on_rules') ?? [];
  if (!Array.isArray(rules)) throw new NoPolicy('trip_on_rules');
  return {
    tripOn: (rules as readonly Tree[]).map((rule) => oneOf(rule, RULES, '')),
    tripAfter: count(required(fields, 'trip_after_n_violations'), MOST_PER_MINUTE),
    windowMs: 1_000 * count(required(fields, 'violation_window_seconds'), MOST_SECONDS),
  };
};

const overridesOf = (tree: Tree | undefined): ReadonlyMap<string, Override> => {
  if (tree === undefined) return new Map();
  if (!(tree instanceof Map)) throw new NoPolicy('overrides');
  const byName = [...(tree as ReadonlyMap<string, Tree>)].map(([name, value]) => {
    if (!isName(name)) throw new NoPolicy(`the name \`${name}\``);
    const fields = fieldsOf(value, ['exposure', 'loss', 'execution']);
    const block = <T>(field: string, reads: (of: Tree) => T): T | null => {
      const given = fields.get(field);
      return given === undefined || isNull(given) ? null : reads(given);
    };
    return [
      name,
      { exposure: block('exposure', exposureOf), loss: block('loss', lossOf), rate: block('execution', rateOf) },
    ] as const;
  });
  return new Map(byName);
};

const isName = (name: string): boolean =>
  name.length >= 1 && name.length <= 256 && !/[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u.test(name);

const fieldsOf = (tree: Tree, known: readonly string[]): ReadonlyMap<string, Tree> => {
  if (!(tree instanceof Map)) throw new NoPolicy('expected a mapping');
  const fields = tree as ReadonlyMap<string, Tree>;
  for (const name of fields.keys()) if (!known.includes(name)) throw new NoPolicy(`unknown field \`${name}\``);
  return fields;
};

const required = (fields: ReadonlyMap<string, Tree>, name: string): Tree => {
  const value = fields.get(name);
  if (value === undefined) throw new NoPolicy(`no ${name}`);
  return value;
};

const optional = (fields: ReadonlyMap<string, Tree>, name: string, known: readonly string[]): ReadonlyMap<string, Tree> => {
  const value = fields.get(name);
  return value === undefined ? new Map() : fieldsOf(value, known);
};

const leafIn = (tree: Tree): Leaf => {
  if (tree instanceof Map || Array.isArray(tree)) throw new NoPolicy('expected one value');
  return tree as Leaf;
};

const isNull = (tree: Tree): boolean => !(tree instanceof Map) && !Array.isArray(tree) && isNothing(tree as Leaf);

/** Plain numbers, flags and nothing are no texts. */
const textOf = (tree: Tree): string => {
  const leaf = leafIn(tree);
  if (isNothing(leaf) || isFlag(leaf) || (leaf.plain && isNumber(leaf.text))) throw new NoPolicy('expected a text');
  return leaf.text;
};

const oneOf = (tree: Tree | undefined, allowed: readonly string[], otherwise: string): string => {
  if (tree === undefined) return otherwise;
  const text = textOf(tree);
  if (!allowed.includes(text)) throw new NoPolicy(`\`${text}\` is none of ${allowed.join(', ')}`);
  return text;
};

const amount = (tree: Tree): bigint => {
  const { text, plain } = leafIn(tree);
  const found = plain ? amountOfText(text) : undefined;
  if (found === undefined) throw new NoPolicy(`\`${text}\` is no number`);
  return found;
};

const aboveZero = (tree: Tree): bigint => {
  const found = amount(tree);
  if (found <= 0n) throw new NoPolicy('expected a number above zero');
  return found;
};

const fraction = (tree: Tree): bigint => {
  const found = aboveZero(tree);
  if (found > ONE) throw new NoPolicy('expected at most 1');
  return found;
};

const count = (tree: Tree, most: number): number => {
  const found = amount(tree);
  if (found % ONE !== 0n || found < ONE || found > BigInt(most) * ONE) throw new NoPolicy('expected a count');
  return Number(found / ONE);
};
