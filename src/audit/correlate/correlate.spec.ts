import { decimal } from '../../contracts/decimal';
import type { ExecutionEventType } from '../../contracts/messages';
import type { AuditStep, DecisionStep, ExecutionStep } from '../steps/auditStep';
import { Correlator } from './correlator';
import { inOrderOfTime } from './inOrderOfTime';
import type { Timeline } from './timeline';

const NOON = Date.parse('2026-02-24T12:00:00Z');

const decided = (fields: Partial<DecisionStep> = {}): DecisionStep => ({
  ...{ kind: 'DECISION', runId: 'r-1', at: NOON + 5, clock: NOON, seq: 1, intentId: 'i-1', strategyId: 's-1', symbol: 'AAPL' },
  ...{ intentTimestamp: '2026-02-24T12:00:00Z', side: 'buy', qty: decimal('10'), verdict: 'ALLOW', rules: [] },
  ...{ sendable: decimal('10'), evalMicros: 100 },
  ...fields,
});

const denied = (fields: Partial<DecisionStep> = {}): DecisionStep =>
  decided({ verdict: 'DENY', rules: ['EXP-001'], sendable: decimal('0'), ...fields });

/** `after`: ms since noon. */
const executed = (event: ExecutionEventType, after: number, fields: Partial<ExecutionStep> = {}): ExecutionStep => ({
  ...{ kind: 'EXECUTION', runId: 'r-1', at: NOON + after, clock: null, seq: null, intentId: 'i-1', event, orderId: 'o-1' },
  ...{ symbol: 'AAPL', side: 'buy', qty: null, price: null, cumQty: null, leavesQty: null, code: null, reason: null },
  ...fields,
});

const submitted = (after: number, qty = '10'): ExecutionStep => executed('ORDER_SUBMITTED', after, { qty: decimal(qty) });

const filled = (after: number, qty: string, cum: string, leaves: string): ExecutionStep =>
  executed('ORDER_FILLED', after, {
    qty: decimal(qty),
    price: decimal('200'),
    cumQty: decimal(cum),
    leavesQty: decimal(leaves),
  });

const timelines = (steps: readonly AuditStep[], kept?: number): readonly Timeline[] => {
  const correlator = new Correlator(kept);
  const told = steps.flatMap((step) => correlator.add(step) ?? []);
  return [...told, ...correlator.end()];
};

const outcome = (...steps: readonly AuditStep[]) =>
  timelines(steps).map(({ status, findings }) => [status, ...findings.map(({ code }) => code)]);

it('measures from each step to the next', () => {
  const [timeline] = timelines([decided(), submitted(8), filled(20, '4', '4', '6'), filled(50, '6', '10', '0')]);
  expect(timeline?.latencies).toEqual({
    intentToDecision: 5,
    decisionToSubmitted: 3,
    submittedToFirstFill: 12,
    submittedToLastFill: 42,
    decisionToEnd: 45,
    total: 50,
  });
  expect([timeline?.status, timeline?.filled]).toEqual(['FILLED', decimal('10')]);
});

it.each([
  ['a day older', '2026-02-23T11:59:00Z'],
  ['minutes younger', '2026-02-24T12:02:00Z'],
])('measures nothing from an intent that is %s than its decision: another clock wrote it', (_, intentTimestamp) => {
  const [timeline] = timelines([decided({ intentTimestamp }), submitted(8)]);
  expect(timeline?.latencies).toMatchObject({ intentToDecision: null, total: null, decisionToSubmitted: 3, decisionToEnd: 3 });
});

describe('how an order stands', () => {
  it.each<[string, readonly AuditStep[]]>([
    ['DENIED', [denied()]],
    ['EVALUATED', [decided({ runId: '' })]],
    ['SENDING', [decided(), executed('ORDER_SUBMITTING', 6)]],
    ['WORKING', [decided(), submitted(8), filled(20, '4', '4', '6')]],
    ['WORKING', [decided(), submitted(8), executed('ORDER_CANCELLING', 9)]],
    ['REJECTED', [decided(), executed('ORDER_REJECTED', 8)]],
    ['CANCELLED', [decided(), submitted(8), executed('ORDER_CANCELLED', 9)]],
    ['EXPIRED', [decided(), submitted(8), executed('ORDER_EXPIRED', 9)]],
    ['FILLED', [decided(), executed('ORDER_UNKNOWN', 8), filled(20, '10', '10', '0')]],
    // The first program says neither what is filled in all nor what is left.
    ['WORKING', [decided(), submitted(8), executed('ORDER_FILLED', 9, { qty: decimal('4') })]],
    ['FILLED', [decided(), submitted(8), ...[9, 10].map((after) => executed('ORDER_FILLED', after, { qty: decimal('5') }))]],
  ])('%s', (status, steps) => expect(outcome(...steps)).toEqual([[status]]));
});

describe('findings', () => {
  it.each<[string, readonly AuditStep[], readonly (string | null)[]]>([
    ['admitted, and nothing more', [decided()], ['NOT_SENT', 'ALLOWED_NOT_EXECUTED']],
    ['an order from nowhere', [submitted(8), filled(9, '10', '10', '0')], ['FILLED', 'EXECUTED_WITHOUT_DECISION']],
    ['denied and sent', [denied(), submitted(8)], ['WORKING', 'EXECUTED_THOUGH_DENIED', 'SENT_ABOVE_DECIDED']],
    ['denied, and refused as an order', [denied(), executed('ORDER_REJECTED', 8)], ['REJECTED']],
    ['sent with more', [decided(), submitted(8, '10.5')], ['WORKING', 'SENT_ABOVE_DECIDED']],
    ['filled with more', [decided(), submitted(8), filled(9, '11', '11', '0')], ['FILLED', 'FILLED_ABOVE_DECIDED']],
    [
      'filled after it was cancelled',
      [decided(), executed('ORDER_CANCELLED', 8), filled(9, '3', '3', '0')],
      ['CANCELLED', 'FILL_AFTER_END'],
    ],
    ['the same fill told twice', [decided(), filled(8, '10', '10', '0'), filled(9, '10', '10', '0')], ['FILLED']],
    ['decided twice', [decided(), decided({ seq: 2 }), submitted(8)], ['WORKING', 'DECIDED_TWICE']],
    ['of unknown outcome', [decided(), executed('ORDER_UNKNOWN', 8)], ['UNKNOWN', 'OUTCOME_UNKNOWN']],
  ])('%s', (_, steps, expected) => expect(outcome(...steps)).toEqual([expected]));

  it('say how much', () => {
    const [timeline] = timelines([decided({ sendable: decimal('8') }), submitted(8, '10')]);
    expect(timeline?.findings).toEqual([
      { code: 'SENT_ABOVE_DECIDED', message: 'sent with more than was decided: 10, decided 8' },
    ]);
  });
});

it('keeps runs apart, and evaluations outside of runs from each other', () => {
  const told = timelines([decided(), decided({ runId: 'r-2' }), decided({ runId: '' }), decided({ runId: '' }), submitted(8)]);
  expect(told.map(({ runId, status, steps }) => [runId, status, steps.length])).toEqual([
    ['', 'EVALUATED', 1],
    ['', 'EVALUATED', 1],
    ['r-1', 'WORKING', 2],
    ['r-2', 'NOT_SENT', 1],
  ]);
});

describe('a long log', () => {
  const ids = ['i-1', 'i-2', 'i-3'];
  const day = ids.flatMap((intentId) => [decided({ intentId }), { ...filled(9, '10', '10', '0'), intentId }]);

  it('has its timelines handed out as soon as `kept` others have ended', () => {
    const correlator = new Correlator(1);
    expect(day.map((step) => correlator.add(step)?.intentId)).toEqual([undefined, undefined, undefined, 'i-1', undefined, 'i-2']);
    expect([...correlator.end()].map(({ intentId }) => intentId)).toEqual(['i-3']);
  });

  it.each<[string, AuditStep, string | undefined]>([
    ['a fill', filled(30, '1', '11', '0'), 'FILL_AFTER_END'],
    ['a decision', decided(), 'DECIDED_TWICE'],
    ['a redelivery', { ...decided(), kind: 'DUPLICATE', conflict: false }, undefined],
  ])('has %s that comes after that as late', (_, step, code) => {
    const told = timelines([...day, step], 1).filter(({ intentId }) => intentId === 'i-1');
    expect(told.map(({ late, findings }) => [late, findings[0]?.code])).toEqual([
      [false, undefined],
      [true, code],
    ]);
  });
});

describe('two sources by the wall clock', () => {
  const from = async function* (...times: readonly (number | null)[]): AsyncGenerator<AuditStep> {
    for (const at of times) yield await Promise.resolve(decided({ at }));
  };
  const merged = async (a: readonly (number | null)[], b: readonly (number | null)[]) => {
    const steps: (number | null)[] = [];
    for await (const { at } of inOrderOfTime(from(...a), from(...b))) steps.push(at);
    return steps;
  };

  it('are one, each in its own order', async () => {
    expect(await merged([1, 4, 6], [2, 3, 7, 5])).toEqual([1, 2, 3, 4, 6, 7, 5]);
    expect(await merged([], [1, 2])).toEqual([1, 2]);
    expect(await merged([1, 2], [])).toEqual([1, 2]);
  });

  it('keep what has no time with what came before it', async () => {
    expect(await merged([null, 5, null, 9], [4, 6])).toEqual([null, 4, 5, null, 6, 9]);
  });
});
