/** The figures of the intake, in the registry of the services' metrics. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

const PREFIX = 'policygate_intake_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const INTENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500];

/**
 * What became of an intent that came: `replayed` was decided before, `pending` was not decided in time, `full` and `not_ready` were turned away and are
 * not on the log, `unknown` may be, `gone` is what no client waits for any more.
 */
const OUTCOMES = ['decided', 'replayed', 'conflict', 'set-aside', 'pending', 'full', 'not_ready', 'unknown', 'gone'] as const;
type IntakeResult = (typeof OUTCOMES)[number];

export class IntakeMetrics {
  private readonly outcomes: Readonly<Record<IntakeResult, Counter.Internal>>;
  private readonly answerSeconds: Histogram;
  private readonly commitIntents: Histogram;
  private readonly commitSeconds: Histogram;
  private readonly commitFailures: Counter;

  /** `waiting`: how many intents wait for their decisions. */
  constructor(registry: Registry, waiting: () => number) {
    const registers = [registry];
    const intents = new Counter({
      name: `${PREFIX}intents_total`,
      help: 'Intents that came over HTTP, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, intents.labels({ outcome })])) as unknown as Record<
      IntakeResult,
      Counter.Internal
    >;
    this.answerSeconds = new Histogram({
      name: `${PREFIX}answer_seconds`,
      help: 'From the arrival of an intent to its committed decision',
      buckets: SECONDS,
      registers,
    });
    this.commitIntents = new Histogram({
      name: `${PREFIX}commit_intents`,
      help: 'Intents that shared a transaction',
      buckets: INTENTS,
      registers,
    });
    this.commitSeconds = new Histogram({
      name: `${PREFIX}commit_seconds`,
      help: 'How long commits of intents took',
      buckets: SECONDS,
      registers,
    });
    this.commitFailures = new Counter({
      name: `${PREFIX}commit_failures_total`,
      help: 'Commits of intents whose outcome is unknown',
      registers,
    });
    new Gauge({
      name: `${PREFIX}waiting`,
      help: 'Intents that wait for their decisions',
      registers,
      collect() {
        this.set(waiting());
      },
    });
  }

  ended(outcome: IntakeResult): void {
    this.outcomes[outcome].inc();
  }

  answered(seconds: number): void {
    this.answerSeconds.observe(seconds);
  }

  committed(intents: number, seconds: number): void {
    this.commitIntents.observe(intents);
    this.commitSeconds.observe(seconds);
  }

  commitFailed(): void {
    this.commitFailures.inc();
  }
}

/** The one figure of the way in for prices. */
export const pricesTaken = (registry: Registry): Counter =>
  new Counter({ name: `${PREFIX}prices_total`, help: 'Prices that came over HTTP and are on the log', registers: [registry] });
