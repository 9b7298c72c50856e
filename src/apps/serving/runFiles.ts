/** The files that a run begins with, as `policygate serve` is given them. */
import type { EquityMode, ExecutionState, MarketSnapshot, PortfolioState } from '../../contracts/messages';
import { Failure } from '../failure';
import { NO_EXECUTION, readDocumentFile, readPolicyFile } from '../files';
import type { PolicyFile } from '../files';

export interface RunFileFlags {
  readonly policy?: string;
  readonly portfolio?: string;
  readonly market?: string;
  readonly execution?: string;
  readonly account: string;
  readonly equityMode: EquityMode;
}

export interface RunBeginning {
  readonly policy: PolicyFile;
  readonly portfolio: PortfolioState;
  readonly market: MarketSnapshot;
  readonly execution: ExecutionState;
  readonly account: string;
  readonly equityMode: EquityMode;
}

/** Whether the flags name what a run begins with: the policy, the portfolio and the market. */
export const namesRunFiles = ({ policy, portfolio, market }: RunFileFlags): boolean =>
  policy !== undefined && portfolio !== undefined && market !== undefined;

/** Throws a Failure that names what is missing or wrong. */
export const readRunFiles = async (flags: RunFileFlags): Promise<RunBeginning> => {
  const named = (name: 'policy' | 'portfolio' | 'market'): string => {
    const file = flags[name];
    if (file === undefined) throw new Failure(`--${name} is missing; a run begins with --policy, --portfolio and --market`);
    return file;
  };
  const { execution, account, equityMode } = flags;
  return {
    policy: await readPolicyFile(named('policy')),
    portfolio: await readDocumentFile('portfolio_state', named('portfolio')),
    market: await readDocumentFile('market_snapshot', named('market')),
    execution: execution === undefined ? NO_EXECUTION : await readDocumentFile('execution_state', execution),
    account,
    equityMode,
  };
};
