/**
 * Puts the steps of each intent together. Steps come in the order of the wall clock; a timeline is handed out some time after its order has ended, or
 * at the end of the log.
 *
 * In memory are the steps of what has not ended, those of the last `kept` that have, and the names of all others: some 100 bytes for an intent.
 */
import { hash } from 'node:crypto';
import type { AuditStep, IntentStep } from '../steps/auditStep';
import { isEnded } from './orderStatus';
import type { Timeline } from './timeline';
import { timelineOf } from './timeline';

const KEPT = 10_000;

interface Story {
  readonly runId: string;
  readonly intentId: string;
  readonly steps: IntentStep[];
  /** It was told before: what comes now is late. */
  readonly late: boolean;
  ended: boolean;
}

export class Correlator {
  /** In the order of their first steps. */
  private readonly stories = new Map<string, Story>();
  /** Those that have ended, in the order in which they did. */
  private readonly ended = new Set<string>();
  /** Digests: of the same size whatever the names are, and no parts of the lines that these were read from, which would be kept with them. */
  private readonly told = new Set<string>();

  constructor(private readonly kept = KEPT) {}

  /** Takes in the next step; answers with the timeline that is handed out, if there is one. */
  add(step: AuditStep): Timeline | undefined {
    if (step.kind === 'KILL_SWITCH' || step.kind === 'REJECTED_INPUT') return undefined;
    // Evaluations outside of a run have nothing in common but, perhaps, a name.
    if (step.runId === '' && step.kind === 'DECISION') return timelineOf('', step.intentId, [step], false);
    const key = `${step.runId}\u0000${step.intentId}`;
    let story = this.stories.get(key);
    if (story === undefined) {
      story = { runId: step.runId, intentId: step.intentId, steps: [], late: this.told.has(digestOf(key)), ended: false };
      this.stories.set(key, story);
    }
    story.steps.push(step);
    if (!story.ended && hasEnded(story)) {
      story.ended = true;
      this.ended.add(key);
    }
    return this.ended.size > this.kept ? this.tellOldest() : undefined;
  }

  /** What is left, in the order of first steps. */
  *end(): Generator<Timeline> {
    for (const story of this.stories.values()) yield tell(story);
    this.stories.clear();
    this.ended.clear();
  }

  private tellOldest(): Timeline | undefined {
    const [key = ''] = this.ended;
    const story = this.stories.get(key);
    this.ended.delete(key);
    this.stories.delete(key);
    this.told.add(digestOf(key));
    return story === undefined ? undefined : tell(story);
  }
}

const digestOf = (key: string): string => hash('sha256', key, 'binary');

const tell = ({ runId, intentId, steps, late }: Story): Timeline => timelineOf(runId, intentId, steps, late);

const hasEnded = ({ steps, late }: Story): boolean => {
  const decision = steps.find((step) => step.kind === 'DECISION');
  return (
    late ||
    isEnded(
      decision,
      steps.filter((step) => step.kind === 'EXECUTION'),
    )
  );
};
