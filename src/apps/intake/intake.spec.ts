import fc from 'fast-check';
import { FaultyBus } from '../../../test/support/faultyBus';
import type { Fault } from '../../../test/support/faultyBus';
import { IntakeRig } from '../../../test/support/intake';
import type { RigOptions } from '../../../test/support/intake';
import { intentOf } from '../../../test/support/situations';
import { decimal } from '../../contracts/decimal';
import type { OrderIntent } from '../../contracts/messages';
import { ORDER_INTENTS } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import { Problem } from '../http/problem';
import type { SubmitOptions } from './intake';
import type { IntakeOutcome } from './submission';

let rig: IntakeRig;
const open = async (options: RigOptions = {}): Promise<IntakeRig> => (rig = await IntakeRig.open(options));
afterEach(() => rig.close());

const WAIT: SubmitOptions = { waitMs: 5_000 };
const submit = (intent: OrderIntent, options = WAIT): Promise<IntakeOutcome> => rig.intake.submit('r-1', intent, options);
/** What became of it, in one word, with the seq of the decision. */
const told = async (outcome: Promise<IntakeOutcome>): Promise<string> => {
  try {
    const answer = await outcome;
    if (answer.type === 'decided') return `${answer.replayed ? 'replayed' : 'decided'} ${answer.record.head.seq}`;
    return answer.type === 'conflict' ? `conflict ${answer.decidedSeq}` : answer.type;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
};
const caught = (outcome: Promise<unknown>): Promise<unknown> => outcome.catch((error: unknown) => error);
const failure = (): BusError => new BusError('BUS_FAILED', 'a test');
/** A bus of which the commits of the intake fail as `plan` says, from the first. */
const failing = (...plan: readonly (Fault['type'] | undefined)[]): NonNullable<RigOptions['over']> => {
  let commits = 0;
  return (bus) =>
    new FaultyBus(bus, (operation) => {
      const type = operation === 'commit' ? plan[commits++] : undefined;
      return type === undefined || type === 'rival' ? undefined : { type, error: failure() };
    });
};

it('answers with the committed decision, and the same intent again with the same', async () => {
  await open();
  const first = await submit(intentOf());
  expect(first).toMatchObject({ type: 'decided', replayed: false, decision: { decision: 'ALLOW', intent_id: 'i-1' } });
  const again = await submit(intentOf());
  expect(again).toMatchObject({ type: 'decided', replayed: true });
  if (first.type !== 'decided' || again.type !== 'decided') throw new Error('not decided');
  expect([again.record.offset, again.decision]).toEqual([first.record.offset, first.decision]);
  expect(await told(submit(intentOf({ qty: decimal('11') })))).toBe('conflict 1');
  expect((await rig.shard.audits()).map(({ kind }) => kind)).toEqual(['CONTROL', 'DECISION', 'DUPLICATE', 'DUPLICATE']);
});

it('publishes with the time of arrival, whatever the intent says', async () => {
  await open();
  const before = Date.now();
  await submit(intentOf({ timestamp: '2001-01-01T00:00:00Z' }));
  const [record] = await rig.shard.all(ORDER_INTENTS);
  expect(record?.timestamp).toBeGreaterThanOrEqual(before);
  expect(Buffer.from(record?.key ?? []).toString()).toBe('r-1');
});

it('lets a thousand that come together share a few transactions', async () => {
  let commits = 0;
  await open({
    over: (bus) =>
      new FaultyBus(bus, (operation) => {
        if (operation === 'commit') commits += 1;
        return undefined;
      }),
  });
  const all = Array.from({ length: 1_000 }, (_, n) => told(submit(intentOf({ intent_id: `i-${n}`, qty: decimal('1') }))));
  expect((await Promise.all(all)).filter((word) => !word.startsWith('decided'))).toEqual([]);
  expect(commits).toBeLessThanOrEqual(3);
  expect(await rig.shard.decisions()).toHaveLength(1_000);
});

it('decides repeats that are in flight at once only once', async () => {
  await open();
  const words = await Promise.all(Array.from({ length: 20 }, () => told(submit(intentOf()))));
  expect(words.sort()).toEqual(['decided 1', ...Array.from({ length: 19 }, () => 'replayed 1')]);
});

it('gives one decision per id, and to each the right answer, however repeats and conflicts come', async () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 3 }), qty: fc.integer({ min: 1, max: 2 }), pause: fc.boolean() });
  const faults = fc.array(fc.constantFrom(undefined, 'fails' as const, 'happens and fails' as const), { maxLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), faults, async (steps, plan) => {
      const own = await IntakeRig.open({ over: failing(...plan) });
      try {
        const sent: { readonly intent: OrderIntent; readonly outcome: Promise<IntakeOutcome> }[] = [];
        for (const { id, qty, pause } of steps) {
          const intent = intentOf({ intent_id: `i-${id}`, qty: decimal(String(qty)) });
          sent.push({ intent, outcome: own.intake.submit('r-1', intent, WAIT) });
          if (pause) await new Promise(setImmediate);
        }
        const decided = new Map<string, { readonly seq: number; readonly intent: OrderIntent }>();
        const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
        for (const { kind, intent, seq } of await own.shard.audits())
          if (kind === 'DECISION' && intent !== null) {
            expect(decided.has(intent.intent_id)).toBe(false);
            decided.set(intent.intent_id, { seq, intent });
          }
        outcomes.forEach((outcome, index) => {
          const { intent } = sent[index]!;
          const { seq, intent: first } = decided.get(intent.intent_id)!;
          if (intent.qty === first.qty) expect(outcome).toMatchObject({ type: 'decided', record: { head: { seq } } });
          else expect(outcome).toEqual({ type: 'conflict', decidedSeq: seq });
        });
      } finally {
        await own.close();
      }
    }),
    { numRuns: 25 },
  );
  await open();
});

describe('time', () => {
  it('answers pending when nothing is decided in time, and the decision comes later', async () => {
    await open();
    rig.pause();
    expect(await told(submit(intentOf(), { waitMs: 20 }))).toBe('pending');
    expect(await rig.shard.all(ORDER_INTENTS)).toHaveLength(1);
    rig.resume();
    expect(await told(submit(intentOf()))).toBe('replayed 1');
  });

  it('waits for the commit alone when it is told to', async () => {
    await open();
    rig.pause();
    expect(await told(submit(intentOf(), { waitMs: 0 }))).toBe('pending');
    expect(await rig.shard.all(ORDER_INTENTS)).toHaveLength(1);
    expect(rig.intake.waiting).toBe(0);
  });

  it('never says pending of what may not be on the log', async () => {
    await open({ limits: { patienceMs: 50 }, over: failing('fails', 'fails', 'fails') });
    expect(await told(submit(intentOf(), { waitMs: 1 }))).toBe('outcome_unknown');
    expect(await rig.shard.all(ORDER_INTENTS)).toEqual([]);
  });
});

describe('a bus that fails', () => {
  it('is tried again, and the intent is decided once', async () => {
    await open({ over: failing('fails', 'happens and fails', undefined) });
    expect(await told(submit(intentOf()))).toBe('replayed 1');
    expect((await rig.shard.audits()).map(({ kind }) => kind)).toEqual(['CONTROL', 'DECISION', 'DUPLICATE']);
  });

  it('makes the outcome unknown when its patience ends; what had not begun is not written, and what comes later is', async () => {
    await open({ limits: { patienceMs: 150 }, over: failing('happens and fails', 'fails', 'fails') });
    const first = caught(submit(intentOf()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = caught(submit(intentOf({ intent_id: 'i-2' })));
    expect(await first).toMatchObject({
      code: 'outcome_unknown',
      parts: { headers: { 'retry-after': expect.any(String) as string } },
    });
    expect(await second).toMatchObject({ code: 'not_ready' });
    expect(await told(submit(intentOf()))).toBe('replayed 1');
    expect(await told(submit(intentOf({ intent_id: 'i-2' })))).toMatch(/^decided/);
    expect(rig.intake.waiting).toBe(0);
  });
});

describe('bounds', () => {
  it('turns away what comes while too many wait, and says when to come back', async () => {
    await open({ limits: { waiting: 2 } });
    rig.pause();
    const waiting = [told(submit(intentOf({ intent_id: 'i-1' }))), told(submit(intentOf({ intent_id: 'i-2' })))];
    const refused = await caught(submit(intentOf({ intent_id: 'i-3' })));
    expect(refused).toMatchObject({ code: 'queue_full', status: 429 });
    expect(Number((refused as Problem).parts.headers?.['retry-after'])).toBeGreaterThanOrEqual(1);
    rig.resume();
    expect(await Promise.all(waiting)).toEqual(['decided 1', 'decided 2']);
    expect(await told(submit(intentOf({ intent_id: 'i-3' })))).toBe('decided 3');
    expect(await rig.figures()).toContain('policygate_intake_intents_total{outcome="full"} 1');
  });

  it('turns away what comes while a shard has too much to decide', async () => {
    await open({ limits: { undecided: 2 } });
    rig.pause();
    for (const id of ['i-1', 'i-2', 'i-3'])
      expect(await told(submit(intentOf({ intent_id: id }), { waitMs: 0 }))).toBe('pending');
    expect(await told(submit(intentOf({ intent_id: 'i-4' })))).toBe('queue_full');
    rig.resume();
    while ((await rig.shard.decisions()).length < 3) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await told(submit(intentOf({ intent_id: 'i-4' })))).toBe('decided 4');
  });
});

it('forgets a client that has gone, and publishes its intent all the same', async () => {
  await open();
  rig.pause();
  const client = new AbortController();
  const outcome = told(submit(intentOf(), { waitMs: 5_000, signal: client.signal }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(rig.intake.waiting).toBe(1);
  client.abort();
  expect([await outcome, rig.intake.waiting]).toEqual(['pending', 0]);
  rig.resume();
  expect(await told(submit(intentOf()))).toBe('replayed 1');
  expect(await rig.figures()).toContain('policygate_intake_intents_total{outcome="gone"} 1');
});

it('publishes what came whole, even if its client had gone by then', async () => {
  await open();
  expect(await told(submit(intentOf(), { waitMs: 5_000, signal: AbortSignal.abort() }))).toBe('outcome_unknown');
  expect(await told(submit(intentOf()))).toBe('replayed 1');
  expect(rig.intake.waiting).toBe(0);
});

it('says why an intent was set aside', async () => {
  await open();
  const fillers = Array.from({ length: 1_000 }, (_, n) => rig.shard.intent(intentOf({ intent_id: `f-${n}` }), 'never-started'));
  await rig.shard.publish(...fillers);
  expect(await rig.intake.submit('never-started', intentOf(), WAIT)).toMatchObject({
    type: 'set-aside',
    reason: expect.stringContaining('never started') as string,
  });
});

it('tells what was decided before the run ended, though the run has forgotten it', async () => {
  await open();
  expect(await told(submit(intentOf()))).toBe('decided 1');
  await rig.shard.publish(rig.shard.control({ type: 'RunEnded' }));
  expect(await told(submit(intentOf({ intent_id: 'i-2' })))).toBe('decided 3');
  expect(await Promise.all([submit(intentOf()), submit(intentOf()), submit(intentOf({ qty: decimal('11') }))].map(told))).toEqual(
    ['replayed 1', 'replayed 1', 'conflict 1'],
  );
  expect(await told(submit(intentOf({ intent_id: 'i-2' })))).toBe('replayed 3');
});

it('refuses a document that fits no record', async () => {
  await open();
  expect(await caught(submit(intentOf({ intent_id: 'x'.repeat(70_000) })))).toMatchObject({ code: 'invalid_json' });
});

describe('stopping', () => {
  it('commits what is queued, answers it, and takes nothing more', async () => {
    await open();
    const sent = ['i-1', 'i-2', 'i-3'].map((id) => told(submit(intentOf({ intent_id: id }))));
    const stopped = rig.intake.stop();
    expect(await told(submit(intentOf({ intent_id: 'i-4' })))).toBe('not_ready');
    await stopped;
    expect(await Promise.all(sent)).toEqual(['decided 1', 'decided 2', 'decided 3']);
  });

  it('answers pending what is not decided at its limit', async () => {
    await open({ limits: { drainMs: 30 } });
    rig.pause();
    const sent = told(submit(intentOf()));
    await rig.intake.stop();
    expect(await sent).toBe('pending');
    expect(await rig.shard.all(ORDER_INTENTS)).toHaveLength(1);
  });
});
