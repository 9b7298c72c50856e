/** The model and the processor come to the same on random days; and a log with something wrong in it does not pass. */
import { decimal } from '../../../src/contracts/decimal';
import { CONTROL_EVENTS, EXECUTION_EVENTS, ORDER_INTENTS } from '../../../src/contracts/topics';
import { START, TestShard } from '../../support/shard';
import { intentOf } from '../../support/situations';
import type { CheckName } from '../promises';
import { Findings } from '../findings';
import { logOf } from '../rawLog';
import type { Change, Seen } from './changes';
import {
  changed,
  decisionWith,
  factsWith,
  moved,
  priceTakenLate,
  seen,
  setAsideInstead,
  twice,
  without,
  withoutInput,
  withoutLetters,
  withoutPrice,
} from './changes';
import { checkModel } from './checkModel';
import type { IsStranger } from './checkModel';
import { dayOf } from './day';
import type { RecordedDecision } from './recorded';

const found = ({ log, audits }: Seen): Findings => {
  const findings = new Findings();
  checkModel(log, 0, audits, findings);
  return findings;
};

it.each(Array.from({ length: 40 }, (_, seed) => seed))('agrees with the processor on the day of seed %i', async (seed) => {
  expect(found(seen(await dayOf(seed, 300))).told).toEqual([]);
});

it('knows that a run which was never started is full some day, and that its clock goes on', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  const asked = (count: number, timestamp: string): ReturnType<TestShard['intent']> =>
    shard.intent(intentOf({ intent_id: `i-${count}`, timestamp }));
  await shard.publish(...Array.from({ length: 1_000 }, (_, count) => asked(count, '2026-02-24T09:30:00Z')));
  await shard.publish(asked(1_000, '2026-02-24T09:40:00Z'));
  await shard.settle();
  await shard.feed(shard.price('AAPL', '100'), shard.started(), shard.intent(intentOf({ intent_id: 'late' })));
  expect(await shard.deadLetters()).toHaveLength(1);
  expect((await shard.audits()).at(-1)?.clock).toBe(START + 600_000);
  expect(found(seen(await logOf(shard.bus))).told).toEqual([]);
});

const violates = (rule: string, decision: RecordedDecision): boolean =>
  decision.violations.some(({ rule_id }) => rule_id === rule);
const isAdmitted = ({ order }: RecordedDecision): boolean => order !== null;
const cut = ({ decision }: RecordedDecision): boolean => decision === 'MODIFY';
const orderOf =
  (qty: (asked: Buffer) => Buffer) =>
  (decision: RecordedDecision): Partial<RecordedDecision> => {
    const { order } = decision;
    return order === null ? {} : { order: { ...order, qty: qty(order.qty) } };
  };
const ONE_PLACE = 10n ** 10n;

/** What is wrong, the check that must tell it, and how it is made. */
const WRONG: readonly (readonly [string, CheckName, Change])[] = [
  ['an admitted order is denied', 'model: verdict', decisionWith(isAdmitted, () => ({ decision: 'DENY', order: null }))],
  [
    'a broken rule is left out',
    'model: verdict',
    decisionWith(
      ({ violations }) => violations.length > 1,
      ({ violations }) => ({ violations: violations.slice(1) }),
    ),
  ],
  [
    'the rules stand in another order',
    'model: verdict',
    decisionWith(
      ({ violations }) => violations.length > 1,
      ({ violations }) => ({ violations: violations.toReversed() }),
    ),
  ],
  [
    'an order is cut to less than fits',
    'model: order quantity',
    decisionWith(
      cut,
      orderOf((qty) => moved(qty, -ONE_PLACE)),
    ),
  ],
  [
    'an order is cut to more than fits',
    'exposure',
    decisionWith(
      cut,
      orderOf((qty) => moved(qty, ONE_PLACE)),
    ),
  ],
  [
    'more is admitted than was asked for',
    'exposure',
    decisionWith(
      ({ decision }) => decision === 'ALLOW',
      orderOf((qty) => moved(qty, 1n)),
    ),
  ],
  [
    'the order is for the other side',
    'model: verdict',
    decisionWith(isAdmitted, ({ order }) => ({
      order: order === null ? null : { ...order, side: order.side === 'buy' ? 'sell' : 'buy' },
    })),
  ],
  [
    'the order is for another symbol',
    'model: verdict',
    decisionWith(isAdmitted, ({ order }) => ({
      order: order === null ? null : { ...order, instrument: { ...order.instrument, symbol: 'MSFT ' } },
    })),
  ],
  [
    'an order is admitted while the kill switch is on',
    'exposure',
    changed((audit) => {
      const { decision, facts, hashed } = audit;
      if (decision === null || facts === null || !violates('KILL-001', decision)) return undefined;
      const order = { ...intentOf(), qty: Buffer.from(`${'0'.repeat(31)}1`, 'hex'), limit_price: null };
      return { ...audit, hashed, decision: { ...decision, decision: 'ALLOW', order } };
    }),
  ],
  [
    'the position is off by the last digit',
    'model: facts',
    factsWith(({ position_qty }) => ({ position_qty: moved(position_qty, 1n) })),
  ],
  [
    'working orders are left out',
    'model: facts',
    factsWith(({ working_buy_qty }) => ({ working_buy_qty: moved(working_buy_qty, 1n) })),
  ],
  ['equity is off by the last digit', 'model: facts', factsWith(({ equity }) => ({ equity: moved(equity, -1n) }))],
  [
    'an order too few in the last minute',
    'model: facts',
    factsWith(({ orders_last_60s_strategy }) => ({ orders_last_60s_strategy: orders_last_60s_strategy - 1 })),
  ],
  [
    'a violation too many in the window',
    'model: facts',
    factsWith(({ violations_in_window }) => ({ violations_in_window: violations_in_window + 1 })),
  ],
  ['the clock of the facts is another', 'model: facts', factsWith(({ clock }) => ({ clock: clock + 1 }))],
  [
    'the reference price is another',
    'model: facts',
    decisionWith(isAdmitted, ({ reference_price }) => ({ reference_price: moved(reference_price ?? Buffer.alloc(16), 1n) })),
  ],
  [
    'the evidence is rounded otherwise',
    'model: facts',
    decisionWith(isAdmitted, ({ evidence }) => ({ evidence: evidence.map((one) => ({ ...one, value: moved(one.value, 1n) })) })),
  ],
  ['the policy is another', 'model: verdict', decisionWith(isAdmitted, () => ({ policy_hash: Buffer.alloc(32) }))],
  [
    'it knew of more control events',
    'model: journal',
    decisionWith(isAdmitted, ({ control_position }) => ({ control_position: control_position + 1 })),
  ],
  [
    'a trip by rule is not announced',
    'model: kill switch',
    decisionWith(
      ({ kill_switch_triggered }) => kill_switch_triggered,
      () => ({ kill_switch_triggered: false }),
    ),
  ],
  [
    'a trip is not announced',
    'model: kill switch',
    decisionWith(
      ({ kill_switch_tripped }) => kill_switch_tripped,
      () => ({ kill_switch_tripped: false }),
    ),
  ],
  ['a trip is not on record', 'model: journal', without(({ kind, control }) => kind === 'KILL_SWITCH' && control === null)],
  [
    'a trip by a rule is called one by count',
    'model: kill switch',
    changed((audit) => {
      const { kill_switch } = audit;
      return kill_switch?.cause === 'RULE'
        ? { ...audit, kill_switch: { ...kill_switch, cause: 'COUNT', rule_ids: [] } }
        : undefined;
    }),
  ],
  [
    'a repeat is called a conflict',
    'model: journal',
    changed((audit) =>
      audit.duplicate === null ? undefined : { ...audit, duplicate: { ...audit.duplicate, conflict: !audit.duplicate.conflict } },
    ),
  ],
  [
    'a repeat is of another decision',
    'model: journal',
    changed((audit) =>
      audit.duplicate === null
        ? undefined
        : { ...audit, duplicate: { ...audit.duplicate, decided_seq: audit.duplicate.decided_seq + 1 } },
    ),
  ],
  [
    'a fill that nobody asked for is called expected',
    'model: journal',
    changed((audit) => (audit.note === 'unsolicited' ? { ...audit, note: null } : undefined)),
  ],
  [
    'a control event is refused',
    'model: journal',
    changed((audit) => (audit.kind === 'CONTROL' ? { ...audit, kind: 'REJECTED_INPUT' } : undefined)),
  ],
  ['a seq is left out', 'model: journal', changed((audit) => (audit.seq > 5 ? { ...audit, seq: audit.seq + 1 } : undefined))],
  ['the clock of a run goes back', 'model: journal', changed((audit) => ({ ...audit, clock: audit.clock - 1 }))],
  [
    'a record is of other bytes',
    'model: journal',
    changed((audit) => (audit.kind === 'EXECUTION' ? { ...audit, hashed: Buffer.alloc(300) } : undefined)),
  ],
  ['an input is folded twice', 'model: journal', twice(({ kind }) => kind === 'EXECUTION')],
  ['an intent has no answer', 'model: journal', without(({ decision }) => decision?.decision === 'ALLOW')],
  ['an intent is set aside', 'model: journal', setAsideInstead(({ decision }) => decision !== null && isAdmitted(decision))],
  ['a report is set aside', 'model: journal', setAsideInstead(({ kind }) => kind === 'EXECUTION')],
  [
    'a trip is set aside',
    'model: journal',
    setAsideInstead(({ kill_switch, control }) => kill_switch?.active === true && control !== null),
  ],
  ['a price is taken late', 'model: facts', priceTakenLate],
  ['a price came from nowhere', 'model: facts', withoutPrice],
  ['a report came from nowhere', 'model: journal', withoutInput(EXECUTION_EVENTS, 3)],
  ['a control event came from nowhere', 'model: journal', withoutInput(CONTROL_EVENTS, 3)],
  ['an intent came from nowhere', 'model: journal', withoutInput(ORDER_INTENTS, 3)],
];

describe('tells what is wrong with a log', () => {
  let days: readonly Seen[];
  beforeAll(async () => {
    const some = await Promise.all([1, 2, 3, 4, 5, 7, 8].map((seed) => dayOf(seed, 400)));
    days = some.map(seen).filter((day) => found(day).told.length === 0);
  });

  it.each(WRONG)('%s', (_, check, change) => {
    const wrong = days.flatMap((day) => change(day) ?? []);
    expect(wrong.length).toBeGreaterThan(0);
    // Some changes make no difference on some days, such as a price that another follows at once.
    const told = wrong.map((day) => found(day).counts[check] ?? 0);
    expect(Math.max(...told)).toBeGreaterThan(0);
  });
});

it('leaves strangers alone, whatever became of their bytes', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '100'), shard.started());
  const stranger = shard.control({ type: 'KillSwitchTripped' });
  await shard.feed({ ...stranger, value: Buffer.concat([stranger.value ?? Buffer.alloc(0), Buffer.alloc(1)]) });
  await shard.feed(shard.intent(intentOf({ qty: decimal('1') })));
  const { log, audits } = withoutLetters(seen(await logOf(shard.bus)));
  const isStranger: IsStranger = (topic, offset) => topic === CONTROL_EVENTS && offset === 1;

  const findings = new Findings();
  checkModel(log, 0, audits, findings, isStranger);
  expect(findings.told).toEqual([]);
  expect(found({ log, audits }).counts).toEqual({ 'model: journal': 1 });
});
