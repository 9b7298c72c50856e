/** Plans from files and options: read strictly, since a world that is not the one that was asked for proves nothing. */
import { z } from 'zod';
import { FAULT_KINDS } from '../kernel/faultKinds';
import type { WorldPlan } from './plan';
import { ACTION_KINDS, PLAN_VERSION, PROFILES } from './plan';

const MOST_SHARDS = 4;
const MOST_PROCESSES = 3;
const MOST_RUNS = 8;
const MOST_STRATEGIES = 6;
/** More than a shrunk or a long world has, and few enough to end. */
const MOST_INTENTS = 100_000;
const MOST_BATCH = 5_000;
const MOST_ACTIONS = 1_000;

/** The plan, or a RangeError that says in one line which field and what was expected of it. */
export const checkPlan = (value: unknown): WorldPlan => {
  const version = versionOf(value);
  if (version !== PLAN_VERSION)
    throw new RangeError(
      version === undefined
        ? `version: is missing; this simulator reads version ${PLAN_VERSION}`
        : `fixture version ${shown(version)} is not known; this simulator reads version ${PLAN_VERSION}`,
    );
  const read = plan.safeParse(value);
  if (!read.success) throw new RangeError(lineOf(read.error, value));
  const { brokers, shards } = read.data;
  if (brokers.length !== shards)
    throw new RangeError(
      `brokers: ${brokers.length}, expected one for each of the ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
    );
  return read.data;
};

const kindOf = <T>(isOne: (value: unknown) => boolean, expected: string): z.ZodType<T> =>
  z.custom<T>(isOne, { error: `expected ${expected}` });

const whole = (least: number, most: number): z.ZodType<number> =>
  kindOf((value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most, `${least} to ${most}`);
const between = (least: number, most: number): z.ZodType<number> =>
  kindOf((value) => typeof value === 'number' && value >= least && value <= most, `a number from ${least} to ${most}`);
const oneOf = <T extends string>(names: readonly T[]): z.ZodType<T> =>
  kindOf((value) => names.includes(value as T), names.join(', '));
const rates = <T extends string>(names: readonly T[], rate: z.ZodType<number>): z.ZodType<Partial<Record<T, number>>> =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.optional(rate)]))) as unknown as z.ZodType<
    Partial<Record<T, number>>
  >;

const plan: z.ZodType<WorldPlan> = z.strictObject({
  version: z.literal(PLAN_VERSION),
  seed: kindOf<number>(Number.isSafeInteger, 'a whole number'),
  profile: oneOf(PROFILES),
  shards: whole(1, MOST_SHARDS),
  processors: whole(1, MOST_PROCESSES),
  gateways: whole(1, MOST_PROCESSES),
  runs: whole(1, MOST_RUNS),
  strategies: whole(1, MOST_STRATEGIES),
  intents: whole(0, MOST_INTENTS),
  brokers: z.array(oneOf(['alpaca', 'tradier', 'sim'])),
  stamps: oneOf(['append', 'create']),
  batchRecords: whole(1, MOST_BATCH),
  marked: kindOf<boolean>((value) => typeof value === 'boolean', 'true or false'),
  actionsPerIntent: between(0, MOST_ACTIONS),
  actions: rates(ACTION_KINDS, between(0, 1_000_000)),
  faults: rates(FAULT_KINDS, between(0, 1)),
});

const versionOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;

/** The first mistake. */
const lineOf = ({ issues }: z.ZodError, value: unknown): string => {
  const [issue] = issues;
  if (issue === undefined) return 'the plan cannot be read';
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return `${[...path, issue.keys[0] ?? ''].join('.')}: is not known`;
  const found = path.reduce<unknown>((inner, name) => (inner as Readonly<Record<string, unknown>> | undefined)?.[name], value);
  const expected = issue.message.startsWith('expected ')
    ? issue.message
    : `expected ${'expected' in issue ? issue.expected : 'another value'}`;
  return `${path.join('.') || 'plan'}: ${found === undefined ? 'is missing' : shown(found)}, ${expected}`;
};

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};
