/** Where a process is killed: at a named point that it passes, or at the moment a request of it reaches the broker. */
import { BROKER_FAULT_POINTS, GATEWAY_FAULT_POINTS } from '../../../src/gateway/gateway';
import { PROCESSOR_FAULT_POINTS } from '../../../src/processor/processor';
import type { Operation } from '../../support/brokers/dialect';

export interface Kill {
  readonly name: string;
  /** The n-th time. */
  readonly nth: number;
  /** A named point of the program… */
  readonly point?: string;
  /** …or requests, of which the n-th is on its way when the process dies. */
  readonly at?: readonly Operation[];
}

const POINTS = [...BROKER_FAULT_POINTS, ...GATEWAY_FAULT_POINTS, ...PROCESSOR_FAULT_POINTS];
/** Passed once in the life of a process. */
const ONCE = new Set(['gateway-after-restore', 'after-fence', 'during-restore', 'after-restore']);
const ON_THE_WIRE: Readonly<Record<string, readonly Operation[]>> = {
  'submission on its way': ['submit'],
  'look on its way': ['find', 'orders'],
  'cancel on its way': ['cancel', 'cancelAll'],
};

export const KILL_NAMES: readonly string[] = [...POINTS, ...Object.keys(ON_THE_WIRE)];

/** `nth`: as far as that point is passed so often. */
export const killOf = (name: string, nth: number): Kill => {
  const at = ON_THE_WIRE[name];
  if (at === undefined) return { name, point: name, nth: ONCE.has(name) ? 1 : nth };
  // The first look is the one at all open orders, when a gateway begins.
  return { name, at, nth: at.includes('find') ? nth + 1 : nth };
};

/** Whether a cell has such a moment: a cancel needs a trip. */
export const happens = (name: string, trips: boolean): boolean => name !== 'cancel on its way' || trips;
