/** What a gateway writes about orders on their way, and what a decision tells it. */
import { executionOf, intentOf } from '../../test/support/situations';
import { policyText, START, TestShard } from '../../test/support/shard';
import { decimal, ZERO } from '../contracts/decimal';
import type { ControlPayload, ExecutionEvent, OrderResolved, PositionDrift } from '../contracts/messages';

const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
const openRun = async (policy_text = policyText()): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started({ policy_text }), shard.price('AAPL', '200'));
  return shard;
};
const state = (shard: TestShard) => shard.live.shard.runs.get('r-1')!.state;
const held = (shard: TestShard) => {
  const { qty, workingBuy } = state(shard).exposure.of('AAPL');
  return { qty, workingBuy, status: state(shard).intents.get('i-1')?.status };
};
const step = (event: ExecutionEvent['event'], fields: Partial<ExecutionEvent> = {}): ExecutionEvent =>
  executionOf({ event, qty: null, price: null, cum_qty: ZERO, leaves_qty: decimal('10'), ...fields });
const DRIFT: PositionDrift = { type: 'PositionDrift', broker: 'alpaca', differences: [] };
const RESOLVED: OrderResolved = { type: 'OrderResolved', intent_id: 'i-1', outcome: 'CANCELLED', cum_qty: ZERO, price: null };

describe('steps of an order', () => {
  const STEPS = ['ORDER_SUBMITTING', 'ORDER_UNKNOWN', 'ORDER_CANCELLING'] as const;

  it.each(STEPS)('%s is expected while the order works, and changes nothing', async (event) => {
    const shard = await openRun();
    await shard.feed(shard.intent(intentOf({ timestamp: at(1) })));
    const before = held(shard);
    // Nothing left to fill is no end of the order, unless a step says that it ended.
    await shard.feed(shard.execution(step(event)), shard.execution(step(event, { leaves_qty: ZERO })));
    expect(held(shard)).toEqual(before);
    expect(before).toEqual({ qty: ZERO, workingBuy: decimal('10'), status: 'WORKING' });
    expect((await shard.audits()).slice(-2)).toMatchObject([
      { kind: 'EXECUTION', note: null, execution: { event } },
      { kind: 'EXECUTION', note: null },
    ]);
  });

  it.each(STEPS)('%s of an order that has ended changes nothing, and says so', async (event) => {
    const shard = await openRun();
    await shard.feed(
      shard.intent(intentOf({ timestamp: at(1) })),
      shard.execution(step('ORDER_CANCELLED', { leaves_qty: ZERO })),
    );
    await shard.feed(shard.execution(step(event)));
    expect(held(shard)).toEqual({ qty: ZERO, workingBuy: ZERO, status: 'CANCELLED' });
    expect((await shard.audits()).at(-1)).toMatchObject({ kind: 'EXECUTION', note: 'no change' });
  });

  it('a fill that comes while the order is still being submitted is applied, and a repeat is not', async () => {
    const shard = await openRun();
    const fill = shard.execution(executionOf());
    await shard.feed(shard.intent(intentOf({ timestamp: at(1) })), shard.execution(step('ORDER_SUBMITTING')), fill, fill);
    expect(held(shard)).toEqual({ qty: decimal('10'), workingBuy: ZERO, status: 'FILLED' });
    expect((await shard.audits()).slice(-2)).toMatchObject([{ note: null }, { note: 'no change' }]);
  });

  it('a fill that only an unknown outcome tells of is a fill', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intentOf({ timestamp: at(1) })));
    await shard.feed(shard.execution(step('ORDER_UNKNOWN', { cum_qty: decimal('4'), leaves_qty: decimal('6') })));
    expect(held(shard)).toEqual({ qty: decimal('4'), workingBuy: decimal('6'), status: 'WORKING' });
  });
});

describe('a decision tells the gateway', () => {
  it('which control events it knew of', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intentOf({ timestamp: at(1) })));
    await shard.feed(shard.control({ type: 'SessionRolled' }), shard.intent(intentOf({ intent_id: 'i-2', timestamp: at(2) })));
    const decisions = await shard.decisions();
    expect(decisions.map(({ control_position }) => control_position)).toEqual([1, 2]);
    const audits = await shard.audits();
    expect(audits.flatMap(({ decision }) => (decision === null ? [] : [decision]))).toEqual(decisions);
  });

  it('that the kill switch trips with it, by count, and the trip follows it on record', async () => {
    const shard = await openRun(policyText({ tripAfter: 2, tripOn: '' }));
    for (const id of ['a', 'b', 'c', 'd'])
      await shard.feed(
        shard.intent(intentOf({ intent_id: id, timestamp: at(1), qty: decimal('40'), symbol: id === 'a' ? 'AAPL' : 'NONE' })),
      );
    const decisions = await shard.decisions();
    expect(
      decisions.map(({ kill_switch_triggered, kill_switch_tripped }) => [kill_switch_triggered, kill_switch_tripped]),
    ).toEqual([
      [false, false],
      [false, false],
      [false, true],
      [false, false],
    ]);
    expect((await shard.audits()).map(({ kind }) => kind)).toEqual([
      'CONTROL',
      'DECISION',
      'DECISION',
      'DECISION',
      'KILL_SWITCH',
      'DECISION',
    ]);
  });

  it('that it trips by a rule, once', async () => {
    const shard = await openRun(policyText({ tripAfter: 100, tripOn: 'SYS-001' }));
    for (const id of ['a', 'b']) await shard.feed(shard.intent(intentOf({ intent_id: id, timestamp: at(1), symbol: 'NONE' })));
    expect((await shard.decisions()).map(({ kill_switch_tripped }) => kill_switch_tripped)).toEqual([true, false]);
  });
});

describe('what a gateway acts on', () => {
  it.each<ControlPayload>([DRIFT, RESOLVED])('$type is on record and changes nothing', async (payload) => {
    const shard = await openRun();
    await shard.feed(shard.intent(intentOf({ timestamp: at(1) })));
    const before = held(shard);
    await shard.feed(shard.control(payload));
    expect(held(shard)).toEqual(before);
    expect((await shard.audits()).at(-1)).toMatchObject({ kind: 'CONTROL', control: { payload } });
  });

  it.each<ControlPayload>([DRIFT, RESOLVED])('$type needs one run', async (payload) => {
    const shard = await openRun();
    await shard.feed(shard.control(payload, { run: '*' }));
    expect((await shard.deadLetters()).map(({ headers }) => headers.reason)).toEqual([
      `${payload.type} needs the id of one run as its key, not \`*\``,
    ]);
  });

  it.each<ControlPayload>([DRIFT, RESOLVED, { type: 'SessionRolled' }])(
    '$type is refused by a run that has ended',
    async (payload) => {
      const shard = await openRun();
      await shard.feed(shard.control({ type: 'RunEnded' }), shard.control(payload));
      expect((await shard.audits()).at(-1)).toMatchObject({
        kind: 'REJECTED_INPUT',
        note: expect.stringContaining(`no ${payload.type} applies`),
      });
    },
  );

  it('an unsigned OrderResolved is set aside', async () => {
    const shard = await openRun();
    await shard.feed(shard.control(RESOLVED, { actor: ' ' }));
    expect((await shard.deadLetters()).map(({ headers }) => headers.reason)).toEqual([expect.stringContaining('actor is blank')]);
  });
});
