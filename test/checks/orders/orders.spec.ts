/** The judge of orders, on a history that is as it must be and on many that are not: each mistake is found by the check that is there for it. */
import { decimal } from '../../../src/contracts/decimal';
import type { CheckName } from '../promises';
import { History, nameOf, RUN } from './history';

type Step = (history: History) => void;
/** In the order in which they happen. */
type Steps = Readonly<Record<string, Step>>;

/**
 * `fills` in two parts. `late` is cancelled by a trip, having been unknown, and fills behind its end. `lost` never arrives, and an operator says so.
 * `denied` is none. `unsent` is stopped by the trip. `other` is of another run, and rests.
 */
const GOOD: Steps = {
  start: (h) => h.start(),
  'start another': (h) => h.start('run-2'),
  'decide fills': (h) => h.decide('fills'),
  'submit fills': (h) => h.event('fills', 'ORDER_SUBMITTING'),
  'send fills': (h) => h.send('fills'),
  'make fills': (h) => h.make('fills'),
  'take fills': (h) => h.event('fills', 'ORDER_SUBMITTED'),
  'fill 4 there': (h) => h.fillThere('fills', '4', '99.5'),
  'fill 4': (h) => h.event('fills', 'ORDER_FILLED', { qty: '4', price: '99.5' }),
  'fill 6 there': (h) => h.fillThere('fills', '6'),
  'fill 6': (h) => h.event('fills', 'ORDER_FILLED', { qty: '6' }),
  'decide late': (h) => h.decide('late', { symbol: 'MSFT', side: 'sell', qty: '5', limit: '120' }),
  'submit late': (h) => h.event('late', 'ORDER_SUBMITTING'),
  'send late': (h) => h.send('late'),
  'lose late': (h) => h.event('late', 'ORDER_UNKNOWN'),
  'make late': (h) => h.make('late'),
  'find late': (h) => h.event('late', 'ORDER_SUBMITTED'),
  'decide lost': (h) => h.decide('lost'),
  'submit lost': (h) => h.event('lost', 'ORDER_SUBMITTING'),
  'send lost': (h) => h.send('lost'),
  'lose lost': (h) => h.event('lost', 'ORDER_UNKNOWN'),
  'decide denied': (h) => h.decide('denied', {}, 'DENY'),
  'decide other': (h) => h.decide('other', { runId: 'run-2', limit: '80', qty: '3' }),
  'submit other': (h) => h.event('other', 'ORDER_SUBMITTING'),
  'decide unsent': (h) => h.decide('unsent'),
  trip: (h) => h.hand('control-events', h.trip()),
  'send other': (h) => h.send('other'),
  'make other': (h) => h.make('other'),
  'take other': (h) => h.event('other', 'ORDER_SUBMITTED'),
  'stop unsent': (h) => h.event('unsent', 'ORDER_REJECTED', { qty: '10', code: 'KILL_SWITCH' }),
  'cancelling late': (h) => h.event('late', 'ORDER_CANCELLING', { code: 'KILL_SWITCH' }),
  'cancel late there': (h) => h.market.cancelled(nameOf('late')),
  'cancel late': (h) => h.event('late', 'ORDER_CANCELLED'),
  'fill late there': (h) => h.fillThere('late', '2', '121'),
  'fill late': (h) => h.event('late', 'ORDER_FILLED', { qty: '2', price: '121', leaves: '0' }),
  'resolve lost': (h) => h.resolve('lost', 'REJECTED'),
  'end lost': (h) => h.event('lost', 'ORDER_REJECTED'),
  'reset and go on': (h) => {
    h.control(RUN, { type: 'KillSwitchReset' });
    h.decide('again', { qty: '1' });
    h.event('again', 'ORDER_SUBMITTING');
    h.send('again');
    h.make('again');
    h.fillThere('again', '1');
    h.event('again', 'ORDER_FILLED', { qty: '1' });
  },
  foreign: (h) => {
    h.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: decimal('3') });
    h.market.fill(h.market.orders.at(-1)?.id ?? '');
  },
};

const nothing: Step = () => undefined;

const play = (steps: Steps, namesAreKeys = false): History => {
  const history = new History(namesAreKeys);
  for (const step of Object.values(steps)) step(history);
  return history;
};

it('finds nothing in a history that is as it must be', () => {
  expect(play(GOOD).findings().told).toEqual([]);
  expect(play(GOOD).findings(false).told).toEqual([]);
  expect(play(GOOD, true).findings().told).toEqual([]);
});

/** What is wrong, the check that must find it, and the steps that are otherwise. */
const WRONG: readonly (readonly [what: string, check: CheckName, otherwise: Steps])[] = [
  ['an order that nobody decided', 'authorised', { foreign: (h) => h.make('lost', { name: 'made-up' }) }],
  [
    'an order for what was denied',
    'authorised',
    {
      foreign: (h) => {
        h.event('denied', 'ORDER_SUBMITTING');
        h.make('denied');
      },
    },
  ],
  ['more than was admitted', 'authorised', { 'make other': (h) => h.make('other', { qty: '4' }) }],
  ['less than was admitted', 'authorised', { 'make other': (h) => h.make('other', { qty: '2' }) }],
  [
    "a cancel of somebody else's order",
    'authorised',
    {
      foreign: (h) => {
        h.market.askCancel(h.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: decimal('3') }));
      },
    },
  ],
  ['stopped, and nothing has stopped it', 'order life', { trip: nothing }],
  ['refused by nobody', 'order life', { 'stop unsent': (h) => h.event('unsent', 'ORDER_REJECTED', { code: 'REFUSED' }) }],
  [
    'taken for crossing zero',
    'order life',
    { 'stop unsent': (h) => h.event('unsent', 'ORDER_REJECTED', { code: 'CROSSES_ZERO' }) },
  ],
  [
    'sent while the switch is on',
    'kill: sent after trip',
    {
      'cancel late': (h) => {
        h.event('late', 'ORDER_CANCELLED');
        h.decide('monitored', { qty: '1' });
        h.event('monitored', 'ORDER_SUBMITTING');
        h.send('monitored');
      },
    },
  ],
  [
    'sent in another order',
    'authorised',
    {
      'send fills': (h) => {
        h.decide('sooner');
        h.event('sooner', 'ORDER_SUBMITTING');
        h.send('sooner');
        h.send('fills');
      },
    },
  ],
  ['another symbol', 'authorised', { 'make other': (h) => h.make('other', { symbol: 'TSLA' }) }],
  ['the other side', 'authorised', { 'make other': (h) => h.make('other', { side: 'sell' }) }],
  ['another limit', 'authorised', { 'make other': (h) => h.make('other', { limit: '81' }) }],
  ['a market order for a limit order', 'authorised', { 'make other': (h) => h.make('other', { limit: null }) }],
  [
    'sent, then recorded',
    'submitting first',
    { 'submit fills': (h) => h.send('fills'), 'send fills': (h) => h.event('fills', 'ORDER_SUBMITTING') },
  ],
  ['sent without a record', 'submitting first', { foreign: (h) => h.send('unsent') }],
  [
    'two orders at the broker',
    'one live order',
    {
      'make other': (h) => {
        h.make('other');
        h.make('other');
      },
    },
  ],
  [
    'one decision under two names',
    'one live order',
    {
      'take other': (h) => {
        h.event('other', 'ORDER_SUBMITTING', { name: 'second' });
        h.send('other', 'gateway 1', 'second');
        h.make('other', { name: 'second' });
        h.event('other', 'ORDER_SUBMITTED');
      },
    },
  ],
  ['sent twice, where a name is no key', 'one live order', { 'lose lost': (h) => h.send('lost') }],
  ['unknown, and rejected by nobody', 'unknown', { 'resolve lost': nothing }],
  ['rejected while it is live', 'unknown', { 'take other': (h) => h.event('other', 'ORDER_REJECTED') }],
  [
    'cancelled on the log before it is at the broker',
    'unknown',
    { 'cancel late there': (h) => h.event('late', 'ORDER_CANCELLED'), 'cancel late': (h) => h.market.cancelled(nameOf('late')) },
  ],
  ['another end than at the broker', 'unknown', { 'cancel late': (h) => h.event('late', 'ORDER_EXPIRED') }],
  [
    'cancelled, though it was never made',
    'unknown',
    { 'resolve lost': nothing, 'end lost': (h) => h.event('lost', 'ORDER_CANCELLED') },
  ],
  ['a fill that is not told', 'fills', { 'fill late': nothing }],
  [
    'a fill that is told twice',
    'fills',
    {
      'fill late': (h) => {
        h.event('late', 'ORDER_FILLED', { qty: '2', price: '121', leaves: '0' });
        h.event('late', 'ORDER_FILLED', { qty: '2', price: '121', leaves: '0' });
      },
    },
  ],
  ['a fill at another price', 'fills', { 'fill 4': (h) => h.event('fills', 'ORDER_FILLED', { qty: '4', price: '99.6' }) }],
  [
    'a fill whose sum is not that of the fills',
    'fills',
    { 'fill 4': (h) => h.event('fills', 'ORDER_FILLED', { qty: '4', price: '99.5', cumQty: '5' }) },
  ],
  [
    'a fill that the broker does not know',
    'fills',
    { 'end lost': (h) => h.event('lost', 'ORDER_FILLED', { qty: '10' }), 'resolve lost': nothing },
  ],
  ['a second end', 'order life', { foreign: (h) => h.event('late', 'ORDER_CANCELLED') }],
  ['a submission behind the end', 'order life', { foreign: (h) => h.event('fills', 'ORDER_SUBMITTING') }],
  ['a submission of what the broker has', 'order life', { foreign: (h) => h.event('other', 'ORDER_SUBMITTING') }],
  ['taken before it was submitted', 'order life', { 'submit fills': (h) => h.event('fills', 'ORDER_SUBMITTED') }],
  [
    'a fill that leaves too little',
    'order life',
    { 'fill 4': (h) => h.event('fills', 'ORDER_FILLED', { qty: '4', price: '99.5', leaves: '5' }) },
  ],
  ['admitted, and forgotten', 'order life', { 'stop unsent': nothing }],
  ['no end', 'order life', { 'end lost': nothing }],
  [
    'what it holds is free while it is open',
    'exposure',
    {
      'take other': (h) => {
        h.event('other', 'ORDER_CANCELLED');
        h.market.setPrice('AAPL', decimal('1'));
      },
    },
  ],
  [
    'sent behind a trip that was read',
    'kill: sent after trip',
    {
      'stop unsent': (h) => {
        h.event('unsent', 'ORDER_SUBMITTING');
        h.send('unsent');
      },
    },
  ],
  ['sent behind a trip for every run', 'kill: sent after trip', { trip: (h) => h.hand('control-events', h.trip('*')) }],
  [
    'sent behind the end of its run',
    'kill: sent after trip',
    { trip: (h) => h.hand('control-events', h.control('run-2', { type: 'RunEnded' })) },
  ],
  [
    'sent behind a decision that trips',
    'kill: sent after trip',
    { trip: (h) => h.hand('decisions', h.decide('breaks', { runId: 'run-2' }, 'DENY', true)) },
  ],
  ['sent though it was reset since', 'kill: sent after trip', { foreign: (h) => h.send('unsent') }],
  [
    'open behind a trip',
    'kill: open at the end',
    { 'cancel late there': nothing, 'cancel late': nothing, 'fill late there': nothing, 'fill late': nothing },
  ],
  ['open behind the end of its run', 'kill: open at the end', { foreign: (h) => h.control('run-2', { type: 'RunEnded' }) }],
  ['another position', 'positions at the broker', { foreign: (h) => h.market.positions.set('TSLA', decimal('1')) }],
  ['a position on the log alone', 'positions at the broker', { 'fill late there': nothing }],
];

it.each(WRONG)('%s: %s', (_, check, otherwise) => {
  const { counts } = play({ ...GOOD, ...otherwise }).findings();
  expect(Object.keys(counts)).toContain(check);
});

it('does not take another process for one that has read the trip', () => {
  const steps = {
    ...GOOD,
    'stop unsent': (h: History) => {
      h.event('unsent', 'ORDER_SUBMITTING');
      h.send('unsent', 'gateway 2');
      h.make('unsent');
      h.event('unsent', 'ORDER_SUBMITTED');
      h.event('unsent', 'ORDER_CANCELLING', { code: 'KILL_SWITCH' });
      h.market.cancelled(nameOf('unsent'));
      h.event('unsent', 'ORDER_CANCELLED');
    },
  };
  expect(play(steps).findings().told).toEqual([]);
});
