/** What must stand on the audit log for one input. */
import type { Answer } from './judge';
import type { ModelRun } from './run';

export interface ExpectedSwitch {
  readonly active: boolean;
  readonly cause: 'RULE' | 'COUNT' | 'OPERATOR';
  readonly rules: readonly string[];
  readonly violations: number;
  readonly actor: string;
}

export type Content =
  | { readonly kind: 'DECISION'; readonly answer: Answer; readonly tripped: boolean; readonly controlPosition: number }
  | { readonly kind: 'DUPLICATE'; readonly decidedSeq: number; readonly conflict: boolean }
  | { readonly kind: 'EXECUTION'; readonly note: string | null }
  | { readonly kind: 'CONTROL' }
  | { readonly kind: 'KILL_SWITCH'; readonly change: ExpectedSwitch }
  | { readonly kind: 'REJECTED_INPUT' };

export type Expected = Content & {
  readonly run: ModelRun;
  readonly seq: number;
  readonly clock: number;
  readonly policyHash: Buffer | null;
};

/** The run's next record. */
export const recordFor = (run: ModelRun, content: Content): Expected => ({
  ...content,
  run,
  seq: run.nextSeq++,
  clock: run.clock,
  policyHash: run.policy?.hash ?? null,
});
