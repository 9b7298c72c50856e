import { createHash } from 'node:crypto';
import { Codec } from '../../../src/contracts/avro/codec';
import { freshSchemas } from '../../../src/contracts/avro/localRegistry';
import { RULE_IDS } from '../../../src/contracts/messages';
import type { AuditRecord } from '../../../src/contracts/messages';
import { INPUT_TOPICS } from '../../../src/contracts/topics';
import { Random } from '../../support/random';
import { FAULT_KINDS } from '../kernel/faultKinds';
import { ACTION_KINDS, PROFILES } from '../world/plan';
import type { Profile } from '../world/plan';
import { planOf } from '../world/planOf';
import { PaperWorld } from './paperWorld';
import { madePoison, POISON } from './poison';

/** Worlds of each profile; a calm one differs from a chaotic one by what a paper world has none of. */
const SEEDS = 60;
const PLAYED: readonly Profile[] = PROFILES.filter((profile) => profile !== 'calm');
const codec = new Codec(freshSchemas());

class Counts {
  private readonly counts = new Map<string, number>();

  add(name: string, times = 1): void {
    this.counts.set(name, this.of(name) + times);
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** Which of these never occurred. */
  missing(names: readonly string[]): readonly string[] {
    return names.filter((name) => this.of(name) === 0);
  }
}

const counts = new Counts();
/** Poison that was taken, and dead letters of what was none. */
const mistakes: string[] = [];

/** An order at the edge of a window: so many ms after one that was admitted, or after a violation. */
const countEdges = (audits: readonly AuditRecord[]): void => {
  const admitted = new Set<string>();
  const violated = new Set<string>();
  for (const { run_id: run, facts, decision } of audits) {
    if (decision === null || facts === null) continue;
    const { clock } = facts;
    for (const age of [59_999, 60_000, 60_001]) if (admitted.has(`${run}@${clock - age}`)) counts.add(`order ${age} ms old`);
    for (const seconds of [5, 30, 60, 300])
      for (const beside of [0, 1])
        if (violated.has(`${run}@${clock - seconds * 1_000 - beside}`)) counts.add(`violation at its window and ${beside} ms`);
    for (const { metric, value, limit } of decision.evidence)
      if (value === limit) counts.add(`${metric} at its limit: ${decision.order === null ? 'denied' : 'admitted'}`);
    if (decision.order !== null) admitted.add(`${run}@${clock}`);
    if (decision.violations.length > 0) violated.add(`${run}@${clock}`);
  }
};

const countAudits = (audits: readonly AuditRecord[]): void => {
  for (const { kind, decision, control, kill_switch, duplicate } of audits) {
    counts.add(kind);
    if (kind === 'CONTROL') counts.add(control?.payload.type ?? '');
    if (kill_switch !== null) counts.add(`${kill_switch.active ? 'trip' : 'reset'}: ${kill_switch.cause}`);
    if (duplicate !== null) counts.add(duplicate.conflict ? 'conflict' : 'repeat');
    if (decision === null) continue;
    counts.add(decision.decision);
    for (const { rule_id } of decision.violations) counts.add(rule_id);
  }
};

beforeAll(async () => {
  for (const profile of PLAYED) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new PaperWorld(planOf(seed, profile), codec);
      await world.play();
      for (const [kind, times] of world.faults.counts) counts.add(kind, times);
      countAudits(world.audits);
      countEdges(world.audits);
      const setAside = world.letters.filter(({ isPoison }) => isPoison).length;
      if (setAside !== world.poisoned.size)
        mistakes.push(`${profile} ${seed}: ${setAside} of ${world.poisoned.size} poisonous records were set aside`);
      for (const { isPoison, what } of world.letters) if (!isPoison) mistakes.push(`${profile} ${seed}: ${what}`);
    }
  }
}, 120_000);

describe('what actors do in many worlds', () => {
  it('holds every fault of the inputs', () => {
    expect(counts.missing(FAULT_KINDS.filter((kind) => kind.startsWith('input: ')))).toEqual([]);
  });

  it('holds every kind of control event and its refusal, trips by rule, by count and by people, repeats and conflicts', () => {
    expect(counts.missing(['RunStarted', 'RunEnded', 'PortfolioUpdated', 'PolicyActivated', 'SessionRolled'])).toEqual([]);
    expect(counts.missing(['REJECTED_INPUT', 'trip: OPERATOR', 'trip: RULE', 'trip: COUNT', 'reset: OPERATOR'])).toEqual([]);
    expect(counts.missing(['repeat', 'conflict'])).toEqual([]);
  });

  it('poisons with what must be set aside, and sends nothing else that is', () => expect(mistakes).toEqual([]));

  it('is useful: a good part is admitted, some is cut, and each rule fires', () => {
    const all = counts.of('DECISION');
    expect((counts.of('ALLOW') + counts.of('MODIFY')) / all).toBeGreaterThan(0.35);
    expect(counts.of('MODIFY') / all).toBeGreaterThan(0.03);
    expect(counts.missing(RULE_IDS)).toEqual([]);
  });

  it('reaches the edges of limits and windows, on both sides', () => {
    const limits = ['new_position_pct', 'gross_exposure_x', 'net_exposure_x', 'daily_return', 'drawdown'];
    expect(
      counts.missing(limits.flatMap((limit) => [`${limit} at its limit: admitted`, `${limit} at its limit: denied`])),
    ).toEqual([]);
    expect(counts.missing(['order 59999 ms old', 'order 60000 ms old', 'order 60001 ms old'])).toEqual([]);
    expect(counts.missing(['violation at its window and 0 ms', 'violation at its window and 1 ms'])).toEqual([]);
  });
});

it.each(PROFILES)('publishes the same bytes for the same seed: %s', async (profile) => {
  for (let seed = 1; seed <= 10; seed++) {
    const plan = planOf(seed, profile);
    const first = await bytesOf(new PaperWorld(plan, codec, true));
    expect(await bytesOf(new PaperWorld(plan, codec, true))).toBe(first);
    expect(await bytesOf(new PaperWorld({ ...plan, seed: seed + 1_000 }, codec, true))).not.toBe(first);
  }
});

const bytesOf = async (world: PaperWorld): Promise<string> => {
  await world.play();
  const hash = createHash('sha256');
  for (const { topic, partition, key, value, timestamp } of world.published) {
    hash.update(`${topic}/${partition}@${timestamp}`);
    for (const bytes of [key, value]) if (bytes !== null) hash.update(bytes);
  }
  return hash.update(world.lines.join('\n')).digest('hex');
};

it.each(ACTION_KINDS)('does what the plan weighs: %s alone', async (kind) => {
  const plan = { ...planOf(1, 'calm'), intents: 60, actionsPerIntent: 0.5, actions: { [kind]: 1 }, faults: {} };
  const world = new PaperWorld(plan, codec, true);
  await world.play();
  expect(world.lines.filter((line) => SAYS[kind].test(line)).length).toBeGreaterThan(1);
});

const SAYS: Readonly<Record<(typeof ACTION_KINDS)[number], RegExp>> = {
  price: /^price feed: .* goes /,
  policy: /PolicyActivated for /,
  portfolio: /PortfolioUpdated for /,
  trip: /KillSwitchTripped for run-/,
  'trip every run': /KillSwitchTripped for every run/,
  reset: /KillSwitchReset for /,
  'session roll': /SessionRolled for /,
  'run end': /RunEnded for /,
  'run start': /starts run-/,
};

it('makes poison that is set aside, of every kind and on every topic', () => {
  const random = new Random(5);
  for (const topic of INPUT_TOPICS)
    for (const what of Object.keys(POISON[topic])) {
      const world = new PaperWorld({ ...planOf(2, 'calm'), faults: {} }, codec);
      const { key, value } = madePoison(random, topic, codec, what);
      const record = { topic, partition: 0, key, value, timestamp: 0 };
      world.isPoison(record, what);
      world.publish('stranger', [record]);
      expect(world.letters.map(({ isPoison }) => isPoison)).toEqual([true]);
    }
});
