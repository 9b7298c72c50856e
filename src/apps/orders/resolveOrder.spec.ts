import fc from 'fast-check';
import { anyDecimal, executionOf } from '../../../test/support/situations';
import { resolvedFault } from '../../contracts/avro/inputFaults';
import { decimal, times, ZERO } from '../../contracts/decimal';
import type { PublishedDecision } from '../../contracts/messages';
import { followReport } from '../../gateway/orderEvents';
import { applyEvent, orderOf } from '../../gateway/orders';
import type { GatewayOrder } from '../../gateway/orders';
import { reportOfResolution } from '../../gateway/resolution';
import { Failure } from '../failure';
import { OUTCOMES, readWord, resolutionOf, whyNot } from './resolveOrder';

/** Ten ordered, four filled at 187, unknown since 50 s. */
const unknown = (fields: Partial<GatewayOrder> = {}): GatewayOrder => ({
  ...orderOf(executionOf({ event: 'ORDER_SUBMITTING' })),
  phase: 'unknown',
  cumQty: decimal('4'),
  notional: times(decimal('4'), decimal('187')),
  submittedAt: 40_000,
  changedAt: 50_000,
  ...fields,
});
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  throw new Error('expected a Failure');
};

describe('the flags', () => {
  it.each([
    [{}, '--as is missing; expected how the order ended: filled, cancelled, rejected, expired'],
    [{ as: 'canceled' }, '--as canceled: expected how the order ended'],
    [{ as: 'filled' }, '--price is missing'],
    [{ as: 'cancelled', cumQty: '3' }, '--price is missing'],
    [{ as: 'cancelled', price: '3' }, '--price: expected with a --cum-qty above zero only'],
    [{ as: 'rejected', cumQty: '0' }, '--as rejected: expected neither'],
    [{ as: 'filled', price: '0' }, '--price 0: expected a number above zero'],
    [{ as: 'filled', price: '1', cumQty: '-1' }, '--cum-qty -1: expected a number not below zero'],
    [{ as: 'filled', price: '1,5' }, '--price 1,5: expected a number above zero'],
  ])('%j is refused', (flags, said) => expect(refusal(() => readWord(flags))).toContain(said));
});

describe('which orders may be resolved', () => {
  const asked = { runId: 'r-1', intentId: 'i-1', at: 60_000, alone: false };
  const admitted = { offset: 0, at: 0, decision: { order: {} } as PublishedDecision };
  const denied = { offset: 0, at: 0, decision: { order: null } as PublishedDecision };

  it('are those of unknown outcome', () => expect(whyNot({ decision: admitted, order: unknown() }, asked)).toBeUndefined());

  it('are those that were being submitted when their gateway ended', () => {
    const submitting = unknown({ phase: 'submitting' });
    expect(whyNot({ decision: admitted, order: submitting }, asked)).toContain('may be on its way');
    expect(whyNot({ decision: admitted, order: submitting }, { ...asked, alone: true })).toBeUndefined();
    expect(whyNot({ decision: admitted, order: submitting }, { ...asked, at: 100_000 })).toBeUndefined();
  });

  it.each([
    [unknown({ phase: 'open' }), admitted, 'r-1/i-1 (buy 10 AAPL) is OPEN: the gateway sees it'],
    [unknown({ phase: 'ended', status: 'CANCELLED' }), admitted, 'is CANCELLED: only an order of unknown outcome'],
    [unknown({ changedAt: 60_001 }), admitted, 'what was said before that'],
    [undefined, admitted, 'was not sent yet'],
    [undefined, denied, 'was denied'],
    [undefined, undefined, 'no such order is on the log'],
  ])('are no others: %#', (order, decision, said) => {
    const why = whyNot({ decision, order }, asked);
    expect(why).toContain(said);
    expect(why).not.toContain('\n');
  });
});

describe('what is said', () => {
  const wordOf = (as: (typeof OUTCOMES)[number], cumQty?: string, price?: string) =>
    readWord({ as, ...(cumQty === undefined ? {} : { cumQty }), ...(price === undefined ? {} : { price }) });

  it('of a filled order is the whole of it', () =>
    expect(resolutionOf(unknown(), wordOf('filled', undefined, '188'))).toEqual({
      type: 'OrderResolved',
      intent_id: 'i-1',
      outcome: 'FILLED',
      cum_qty: decimal('10'),
      price: decimal('188'),
    }));

  it('of another is what is filled on record, where nothing else is said', () => {
    expect(resolutionOf(unknown(), wordOf('cancelled'))).toMatchObject({ cum_qty: decimal('4'), price: decimal('187') });
    expect(resolutionOf(unknown({ cumQty: ZERO }), wordOf('expired'))).toMatchObject({ cum_qty: ZERO, price: null });
    expect(resolutionOf(unknown({ cumQty: ZERO }), wordOf('rejected'))).toMatchObject({ outcome: 'REJECTED', cum_qty: ZERO });
  });

  it.each([
    [wordOf('filled', '9', '1'), '--cum-qty 9: expected 10, the whole order'],
    [wordOf('cancelled', '3', '187'), '--cum-qty 3: 4 of 10 are filled on record; expected at least that'],
    [wordOf('expired', '11', '187'), '--cum-qty 11: expected at most 10'],
    [wordOf('rejected'), '--as rejected: 4 of 10 are filled on record'],
    // 4 x 187 of 10 x 70 leaves less than nothing for the other 6.
    [wordOf('filled', undefined, '70'), '--price 70: cannot be the average of all 10'],
  ])('must fit the record: %#', (word, said) => expect(refusal(() => resolutionOf(unknown(), word))).toContain(said));

  it('is a valid event, and ends the order with what was said', () => {
    const outcome = fc.constantFrom(...OUTCOMES);
    fc.assert(
      fc.property(
        outcome,
        anyDecimal(0, 12, 8),
        fc.option(anyDecimal(1, 12, 8)),
        anyDecimal(1, 500),
        (as, had, cumQty, price) => {
          const order = unknown({ cumQty: had, notional: times(had, decimal('187')) });
          const given = as === 'rejected' || (as !== 'filled' && cumQty === null) ? undefined : price;
          const said = { as, cumQty: as === 'rejected' ? undefined : (cumQty ?? undefined), price: given };
          let resolution;
          try {
            resolution = resolutionOf(order, said);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
            return;
          }
          expect(resolvedFault(resolution)).toBeUndefined();
          followReport(order, reportOfResolution(order, resolution, 'by alice: x'), (event) => applyEvent(order, event, 60_000));
          expect(order).toMatchObject({ phase: 'ended', status: resolution.outcome, cumQty: resolution.cum_qty });
        },
      ),
    );
  });
});
