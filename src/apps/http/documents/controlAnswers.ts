/** What the runs answered to a control event. */
import type { ShardAnswer } from '../../publishing/answers';

/** `run_id` and `seq` null: a shard set the event aside as a whole. */
export interface ControlAnswer {
  readonly run_id: string | null;
  readonly seq: number | null;
  readonly taken: boolean;
  readonly note: string | null;
  // So that it is a JSON value as it is.
  readonly [name: string]: string | number | boolean | null;
}

export const controlAnswers = (answers: readonly ShardAnswer[]): readonly ControlAnswer[] =>
  answers.flatMap(({ deadLetter, runs }): readonly ControlAnswer[] =>
    deadLetter === undefined
      ? runs.map(({ run, seq, kind, note }) => ({ run_id: run, seq, taken: kind !== 'REJECTED_INPUT', note }))
      : [{ run_id: null, seq: null, taken: false, note: deadLetter }],
  );
