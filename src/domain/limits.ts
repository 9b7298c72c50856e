/** Which limits apply to an order: block by block, an override of the symbol before one of the strategy before the policy's own. */
import type { CapitalPolicy, ExecutionLimits, ExposureLimits, KillSwitchLimits, LossLimits } from '../contracts/policy';

/** The limits that one order is judged by. */
export interface AppliedLimits {
  readonly mode: 'enforce' | 'monitor';
  readonly exposure: ExposureLimits;
  readonly loss: LossLimits;
  readonly execution: ExecutionLimits;
  readonly kill_switch: KillSwitchLimits;
}

/** Source: design, "The engine" (symbol override, then strategy override, then defaults; whole blocks). */
export const resolveLimits = (policy: CapitalPolicy, symbol: string, strategyId: string): AppliedLimits => {
  const ofSymbol = policy.overrides.symbols.get(symbol);
  const ofStrategy = policy.overrides.strategies.get(strategyId);
  const { exposure, loss, execution, kill_switch } = policy.limits;
  return {
    mode: policy.defaults.mode,
    exposure: ofSymbol?.exposure ?? ofStrategy?.exposure ?? exposure,
    loss: ofSymbol?.loss ?? ofStrategy?.loss ?? loss,
    execution: ofSymbol?.execution ?? ofStrategy?.execution ?? execution,
    kill_switch,
  };
};

/** Where each block of `resolveLimits` comes from, as a path in the policy: what `policy show` prints. */
export const limitSources = (
  policy: CapitalPolicy,
  symbol: string,
  strategyId: string,
): Readonly<Record<'exposure' | 'loss' | 'execution', string>> => {
  const sourceOf = (section: 'exposure' | 'loss' | 'execution'): string => {
    if (policy.overrides.symbols.get(symbol)?.[section]) return `overrides.symbols.${symbol}.${section}`;
    if (policy.overrides.strategies.get(strategyId)?.[section]) return `overrides.strategies.${strategyId}.${section}`;
    return `limits.${section}`;
  };
  return { exposure: sourceOf('exposure'), loss: sourceOf('loss'), execution: sourceOf('execution') };
};
