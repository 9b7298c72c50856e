/** What becomes of one request to a simulated broker, drawn when it leaves: whether it arrives, and what comes back. */
import type { Operation } from '../../support/brokers/dialect';
import type { FaultyAnswer } from '../../support/brokers/faults';
import type { FaultKind } from '../kernel/faultKinds';
import type { Faults } from '../kernel/faults';
import { logUniform, uniform } from '../kernel/ports';

/**
 * `unreachable`: no connection is made. `lost`: it never arrives. `late`: it arrives when nobody waits any more. `unheard`: it arrives, and its answer does
 * not. `instead`: it is not carried out, and another answer comes. `answered`: it is carried out, and `answer` comes. `doubled`: lists are spoiled.
 */
export type RequestFate =
  | { readonly type: 'unreachable' }
  | { readonly type: 'lost'; readonly breaksAfterMs: number }
  | { readonly type: 'late'; readonly arrivesAfterMs: number; readonly breaksAfterMs: number }
  | { readonly type: 'unheard'; readonly breaksAfterMs: number }
  | { readonly type: 'instead'; readonly answer: StatusAnswer }
  | { readonly type: 'answered'; readonly answer: FaultyAnswer }
  | { readonly type: 'doubled'; readonly rows: 'doubled' | 'overlapping' };

type StatusAnswer = FaultyAnswer & { readonly type: 'status' };

export const RIGHT: RequestFate = { type: 'answered', answer: { type: 'right' } };

/** ms, virtual. A connection breaks at once, or the client gives up before that. */
const BREAKS = { least: 1, most: 60_000 };
const LATE = { least: 500, most: 30_000 };
const MOST_RETRY_AFTER_S = 20;
const LISTS: readonly Operation[] = ['orders', 'fills'];

export const drawFate = (faults: Faults, operation: Operation): RequestFate => {
  if (faults.areOver) return RIGHT;
  for (const [kind, draw] of DRAWS) if (faults.happens(kind)) return draw(faults);
  if (LISTS.includes(operation) && faults.happens('broker: list doubled'))
    return { type: 'doubled', rows: faults.draw.chance(0.5) ? 'doubled' : 'overlapping' };
  return RIGHT;
};

const breaksAfterMs = (faults: Faults): number => logUniform(faults, BREAKS);

const status = (faults: Faults, code: number): StatusAnswer => {
  const { draw } = faults;
  return {
    type: 'status',
    status: code,
    ...(draw.chance(0.5) ? { retryAfter: String(draw.between(0, MOST_RETRY_AFTER_S)) } : {}),
  };
};
const serverError = (faults: Faults): StatusAnswer => status(faults, faults.draw.pick([500, 502, 503, 504]));

const DRAWS: readonly (readonly [kind: FaultKind, draw: (faults: Faults) => RequestFate])[] = [
  ['broker: unreachable', () => ({ type: 'unreachable' })],
  ['broker: request lost', (faults) => ({ type: 'lost', breaksAfterMs: breaksAfterMs(faults) })],
  [
    'broker: request late',
    (faults) => {
      const arrivesAfterMs = uniform(faults, LATE);
      return { type: 'late', arrivesAfterMs, breaksAfterMs: arrivesAfterMs * faults.draw.next() };
    },
  ],
  ['broker: response lost', (faults) => ({ type: 'unheard', breaksAfterMs: breaksAfterMs(faults) })],
  ['broker: rate limited', (faults) => ({ type: 'instead', answer: status(faults, 429) })],
  ['broker: server error without effect', (faults) => ({ type: 'instead', answer: serverError(faults) })],
  ['broker: server error after effect', (faults) => ({ type: 'answered', answer: serverError(faults) })],
  ['broker: answer cut off', () => ({ type: 'answered', answer: { type: 'cutOff' } })],
  ['broker: answer garbled', (faults) => ({ type: 'answered', answer: garbled(faults) })],
];

const garbled = ({ draw }: Faults): FaultyAnswer => {
  const type = draw.pick(['truncated', 'garbage', 'wrongShape', 'empty', 'html'] as const);
  return type === 'html' ? { type, status: draw.pick([200, 502]) } : { type };
};
