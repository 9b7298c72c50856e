/** What goes wrong at the broker in a cell: one kind of trouble, for some of its requests or orders. */
import { decimal } from '../../../src/contracts/decimal';
import type { RunningBroker } from '../../support/brokers/brokerServer';
import type { Operation } from '../../support/brokers/dialect';
import type { Fault } from '../../support/brokers/faults';
import { FAULTS } from '../../support/brokers/faults';
import type { Step } from '../../support/brokers/orderScript';
import { BEHAVIOURS, fillWhen } from '../../support/brokers/orderScript';
import type { Random } from '../../support/random';

export interface TroubleAtBroker {
  readonly name: string;
  /** Readies it for the orders that come next. */
  readonly prepare: (server: RunningBroker, random: Random) => void;
  /** Requests, not orders, are what it is about. */
  readonly spoils?: true;
  /** The kill switch trips now and then, so that orders are cancelled. */
  readonly trips?: true;
  /** A cancel is only taken note of, and done a moment later. */
  readonly slowCancels?: true;
  /** Fills can come behind the end of an order: what it had reserved was free by then. */
  readonly fillsLate?: true;
  /** The broker changes its word about prices: what was paid cannot be told from it. */
  readonly restates?: true;
}

/** Orders or requests that one preparation is for. */
const SOME = 3;
/** Before and behind the first look-up, which comes half a second later. */
const LATER_MS = [50, 1_500] as const;

const submission = (name: string, given: Fault): TroubleAtBroker => ({
  name,
  spoils: true,
  prepare: (server, random) => {
    const fault = given.carriedOut === 'later' ? { ...given, laterMs: random.between(...LATER_MS) } : given;
    server.fault({ operation: 'submit', after: random.below(2), times: SOME, fault });
  },
});

const reading = (
  name: string,
  fault: Fault,
  operations: readonly Operation[] = ['find', 'orders', 'fills'],
): TroubleAtBroker => ({
  name: `reads: ${name}`,
  spoils: true,
  prepare: (server, random) => {
    for (const operation of operations) server.fault({ operation, after: random.below(2), times: SOME, fault });
    // A look-up is needed for something.
    server.fault({ operation: 'submit', after: random.below(2), fault: FAULTS.madeThenReset });
  },
});

const market = (name: string, steps: readonly Step[], more: Partial<TroubleAtBroker> = {}): TroubleAtBroker => ({
  name,
  prepare: (server) => server.market.script({ steps, times: 2 * SOME }),
  ...more,
});

const cancelling = (name: string, fault: Fault | undefined, more: Partial<TroubleAtBroker> = {}): TroubleAtBroker => ({
  name: `cancels: ${name}`,
  trips: true,
  ...(fault === undefined ? {} : { spoils: true }),
  prepare: (server) => {
    server.market.script({ steps: BEHAVIOURS.rest, times: SOME });
    server.market.script({ steps: [fillWhen('answered', '1')], times: 1 });
    if (fault === undefined) return;
    for (const operation of ['cancel', 'cancelAll'] as const) server.fault({ operation, times: SOME, fault });
  },
  ...more,
});

const submissions: readonly TroubleAtBroker[] = Object.entries(FAULTS)
  .filter(([name]) => name !== 'doubled' && name !== 'overlapping')
  .map(([name, fault]) => submission(name, fault));

export const TROUBLES: readonly TroubleAtBroker[] = [
  { name: 'none', prepare: () => undefined },
  ...submissions,
  market('fill before the acknowledgement', BEHAVIOURS.fillBeforeAcknowledgement),
  market('partial fills', [fillWhen('answered', '1'), fillWhen('shown', '1'), fillWhen({ afterMs: 150 })]),
  market('fill before its price shows', BEHAVIOURS.fillBeforeItsPriceShows),
  market('rejected after acceptance', BEHAVIOURS.rejectAfterAcceptance),
  market('expired', [fillWhen('answered', '1'), ...BEHAVIOURS.expire]),
  market('unknown status', [
    { when: 'made', event: { type: 'statusWord', word: 'held_by_gremlins' } },
    { when: 'shown', event: { type: 'nothing' } },
    { when: { afterMs: 400 }, event: { type: 'statusWord', word: null } },
    fillWhen({ afterMs: 50 }),
  ]),
  market(
    'average restated',
    [
      fillWhen('answered', '1'),
      { when: { afterMs: 100 }, event: { type: 'restate', averagePrice: decimal('103') } },
      fillWhen({ afterMs: 100 }),
    ],
    { restates: true },
  ),
  market('executions listed late', [
    { when: 'made', event: { type: 'hide', what: 'fills' } },
    fillWhen('answered', '1'),
    fillWhen({ afterMs: 60 }),
    { when: { afterMs: 200 }, event: { type: 'hide', what: null } },
  ]),
  reading('hang', FAULTS.madeThenHang),
  reading('reset', FAULTS.madeThenReset),
  reading('cut off', FAULTS.madeThenCutOff),
  reading('429', FAULTS.notMadeThen429),
  reading('500', FAULTS.notMadeThen500),
  reading('garbage', FAULTS.madeThenGarbage),
  reading('html', FAULTS.madeThenHtml),
  reading('wrong shape', FAULTS.madeThenWrongShape),
  reading('empty', FAULTS.madeThenEmpty),
  reading('rows doubled', FAULTS.doubled),
  reading('pages overlap', FAULTS.overlapping),
  cancelling('none', undefined),
  cancelling('slow', undefined, { slowCancels: true }),
  cancelling('late fill', undefined, {
    fillsLate: true,
    prepare: (server) => server.market.script({ steps: BEHAVIOURS.fillAfterCancel, times: SOME }),
  }),
  cancelling('done, then hang', FAULTS.madeThenHang),
  cancelling('not done, then hang', FAULTS.notMadeThenHang),
  cancelling('done, then reset', FAULTS.madeThenReset),
  cancelling('500', FAULTS.notMadeThen500),
  cancelling('429', FAULTS.notMadeThen429),
];
