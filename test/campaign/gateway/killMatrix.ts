/**
 * The kill switch at each step of an order's life. Whatever the step: behind the round in which the gateway read the trip no order request reaches the
 * broker; what was open is cancelled until the broker shows nothing, or left alone where policy or gateway say so; and the log has all of it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { LoggedEvent } from '../../checks/orders/orderLog';
import type { Operation } from '../../support/brokers/dialect';
import { FAULTS } from '../../support/brokers/faults';
import { BEHAVIOURS, fillWhen } from '../../support/brokers/orderScript';
import { Crash, Desk } from './desk';
import { policyOf } from './flow';
import type { DialectName } from './venue';

/**
 * How the orders must have ended. `unsent`: rejected with code KILL_SWITCH. `cancelled`: or left open, where nothing is to be cancelled. `unknown`: nobody
 * can know; an operator decides.
 */
type Fate = 'unsent' | 'cancelled' | 'filled' | 'unknown';

export interface LifeStep {
  readonly name: string;
  /** Brings orders there; what they come to, in their order. */
  readonly reach: (desk: Desk) => Promise<readonly Fate[]>;
  readonly only?: DialectName;
  /** The gateway was killed there: it reads the trip when it takes over. */
  readonly killed?: true;
}

/** Policy "0.1" leaves it to the gateway; "0.2" says it itself, whatever the gateway was told. */
export interface KillMode {
  readonly name: string;
  readonly policy: boolean | undefined;
  readonly gateway: boolean;
  readonly cancels: boolean;
}

const KILL_MODES: readonly KillMode[] = [
  { name: 'policy 0.1, gateway cancels', policy: undefined, gateway: true, cancels: true },
  { name: 'policy 0.1, gateway keeps', policy: undefined, gateway: false, cancels: false },
  { name: 'policy 0.2 cancels', policy: true, gateway: false, cancels: true },
  { name: 'policy 0.2 keeps', policy: false, gateway: true, cancels: false },
];

const posted = ({ venue }: Desk): number => venue.server.count('submit');
const reached = async (desk: Desk, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  if (!(await desk.until(isSo))) throw new Error('the step was not reached');
};
const has = async (desk: Desk, event: string): Promise<boolean> => (await desk.events()).some((one) => one.event === event);
const resting = ({ venue }: Desk): void => venue.server.market.script({ steps: BEHAVIOURS.rest });
const oneOrder = (desk: Desk): Promise<void> => desk.shard.feed(desk.flow.order({}));

/** An order request is on its way, or was lost there. */
const inFlight = async (desk: Desk, fault: keyof typeof FAULTS, laterMs?: number): Promise<void> => {
  resting(desk);
  desk.venue.server.fault({ operation: 'submit', fault: { ...FAULTS[fault], ...(laterMs === undefined ? {} : { laterMs }) } });
  await oneOrder(desk);
  await reached(desk, () => posted(desk) > 0);
};

const LIFE_STEPS: readonly LifeStep[] = [
  {
    name: 'before it is on record',
    reach: async (desk) => {
      await desk.step();
      await oneOrder(desk);
      return ['unsent'];
    },
  },
  {
    name: 'on record, and about to be sent',
    reach: async (desk) => {
      resting(desk);
      let trip: Promise<void> | undefined;
      desk.atPoint = (point) => {
        if (point === 'gateway-after-submitting-commit') trip ??= desk.shard.publish(desk.flow.trip());
      };
      await oneOrder(desk);
      await reached(desk, () => trip !== undefined);
      await trip;
      // What left before the trip was read may still land.
      while (posted(desk) === 0) await pause(1);
      return ['cancelled'];
    },
  },
  {
    name: 'on record, and killed before it was sent',
    killed: true,
    reach: async (desk) => {
      desk.atPoint = (point) => {
        if (point !== 'gateway-after-submitting-commit') return;
        desk.atPoint = () => undefined;
        throw new Crash();
      };
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_SUBMITTING'));
      return ['unknown'];
    },
  },
  {
    name: 'on its way, and made',
    reach: async (desk) => {
      await inFlight(desk, 'madeThenHang');
      return ['cancelled'];
    },
  },
  {
    name: 'on its way, and lost',
    reach: async (desk) => {
      await inFlight(desk, 'notMadeThenHang');
      return ['unknown'];
    },
  },
  {
    name: 'on its way, and made later',
    reach: async (desk) => {
      await inFlight(desk, 'madeLaterThenHang', 700);
      return ['cancelled'];
    },
  },
  {
    name: 'of unknown outcome',
    reach: async (desk) => {
      await inFlight(desk, 'madeThenReset');
      await reached(desk, () => has(desk, 'ORDER_UNKNOWN'));
      return ['cancelled'];
    },
  },
  {
    name: 'not taken, and to be sent again',
    only: 'alpaca',
    reach: async (desk) => {
      desk.venue.server.fault({
        operation: 'submit',
        fault: { carriedOut: 'never', answer: { type: 'status', status: 429, retryAfter: '1' } },
      });
      await oneOrder(desk);
      await reached(desk, () => posted(desk) > 0);
      await pause(30);
      await desk.step();
      return ['unsent'];
    },
  },
  {
    name: 'accepted',
    reach: async (desk) => {
      resting(desk);
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_SUBMITTED'));
      return ['cancelled'];
    },
  },
  {
    name: 'accepted, others waiting behind it',
    reach: async (desk) => {
      resting(desk);
      desk.venue.server.fault({ operation: 'submit', fault: { carriedOut: 'now', answer: { type: 'slow', ms: 150 } } });
      await desk.shard.feed(desk.flow.order({}), desk.flow.order({}), desk.flow.order({}));
      await reached(desk, () => posted(desk) > 0);
      return ['cancelled', 'unsent', 'unsent'];
    },
  },
  {
    name: 'partly filled',
    reach: async (desk) => {
      desk.venue.server.market.script({ steps: [fillWhen('answered', '2')] });
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_FILLED'));
      return ['cancelled'];
    },
  },
  {
    name: 'under a status that nobody knows',
    reach: async (desk) => {
      desk.venue.server.market.script({ steps: [{ when: 'made', event: { type: 'statusWord', word: 'held_by_gremlins' } }] });
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_UNKNOWN'));
      // A word for it comes back later.
      setTimeout(() => desk.venue.server.market.orders.forEach((order) => (order.statusWord = null)), 500);
      return ['cancelled'];
    },
  },
  {
    name: 'its cancel on its way',
    reach: async (desk) => {
      resting(desk);
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_SUBMITTED'));
      desk.venue.server.fault({ operation: 'cancel', fault: FAULTS.notMadeThenHang });
      return ['cancelled'];
    },
  },
  {
    name: 'cancelled, and filled late',
    reach: async (desk) => {
      desk.venue.server.market.script({ steps: BEHAVIOURS.fillAfterCancel });
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_SUBMITTED'));
      return ['cancelled'];
    },
  },
  {
    name: 'expired',
    reach: async (desk) => {
      desk.venue.server.market.script({ steps: BEHAVIOURS.expire });
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_EXPIRED'));
      return ['filled'];
    },
  },
  {
    name: 'filled',
    reach: async (desk) => {
      await oneOrder(desk);
      await reached(desk, () => has(desk, 'ORDER_FILLED'));
      return ['filled'];
    },
  },
];

export interface KillCell {
  readonly dialect: DialectName;
  readonly step: LifeStep;
  readonly mode: KillMode;
  /** The gateway is gone when the trip comes, and another takes over. */
  readonly restarts: boolean;
}

export const killCells = (): readonly KillCell[] =>
  (['alpaca', 'tradier'] as const).flatMap((dialect) =>
    LIFE_STEPS.filter(({ only }) => only === undefined || only === dialect).flatMap((step) =>
      KILL_MODES.flatMap((mode) =>
        (step.killed === true ? [true] : [false, true]).map((restarts) => ({ dialect, step, mode, restarts })),
      ),
    ),
  );

export const nameOfCell = ({ dialect, step, mode, restarts }: KillCell): string =>
  `${dialect}, ${step.name}, ${mode.name}${restarts ? ', taken over' : ''}`;

export interface KillOutcome {
  readonly cell: string;
  /** Empty: all is as it must be. */
  readonly wrong: readonly string[];
  /** Order requests, and orders that were cancelled. */
  readonly sent: number;
  readonly cancelled: number;
}

const REST_MS = 250;

export const tryKill = async (cell: KillCell): Promise<KillOutcome> => {
  const { dialect, step, mode, restarts } = cell;
  const desk = await Desk.open({ dialect, seed: 1, policyText: policyOf(mode.policy), cancelOpenOrders: mode.gateway });
  const wrong: string[] = [];
  const { server } = desk.venue;
  const cancels = (): number => (['cancel', 'cancelAll'] as const).reduce((sum, one: Operation) => sum + server.count(one), 0);
  try {
    let fates = await step.reach(desk);
    if (restarts) {
      desk.abandon();
      // Nobody is there to hear that it was not taken: then nobody knows, as with any submission that was interrupted.
      if (step.name === 'not taken, and to be sent again') fates = ['unknown'];
    }
    await desk.shard.publish(desk.flow.trip());
    await desk.step();
    const sentBefore = posted(desk);
    if (!mode.cancels) fates = fates.map((fate) => (fate === 'cancelled' ? 'unknown' : fate));
    const met = await desk.until(async () => (await missing(desk, fates, mode.cancels)).length === 0);
    if (!met) wrong.push(...(await missing(desk, fates, mode.cancels)));
    const still = performance.now() + REST_MS;
    await desk.until(() => performance.now() > still);
    if (posted(desk) > sentBefore) wrong.push(`${posted(desk) - sentBefore} order requests behind the trip`);
    const open = server.market.openOrders().length;
    if (mode.cancels && open > 0) wrong.push(`${open} orders open at the broker`);
    if (!mode.cancels && cancels() > 0) wrong.push(`${cancels()} cancels, though open orders are to be kept`);
    if (!mode.cancels && (await has(desk, 'ORDER_CANCELLING')))
      wrong.push('ORDER_CANCELLING on record, though open orders are to be kept');
    const ended = server.market.orders.filter(({ status }) => status === 'cancelled').length;
    return { cell: nameOfCell(cell), wrong, sent: posted(desk), cancelled: ended };
  } catch (error) {
    return {
      cell: nameOfCell(cell),
      wrong: [error instanceof Error ? error.message : String(error)],
      sent: posted(desk),
      cancelled: 0,
    };
  } finally {
    await desk.close();
  }
};

/** What the log lacks of these fates. */
const missing = async (desk: Desk, fates: readonly Fate[], cancels: boolean): Promise<readonly string[]> => {
  const log = await desk.log();
  const admitted = log.decisions.filter(({ order }) => order !== null);
  if (admitted.length !== fates.length) return [`${admitted.length} orders were admitted instead of ${fates.length}`];
  return admitted.flatMap(({ intentId, offset }, at) => {
    const events = log.events.filter(({ decisionOffset }) => decisionOffset === offset);
    const problem = lackOf(fates[at] ?? 'unknown', events, cancels);
    return problem === undefined ? [] : [`${intentId}: ${problem}; on record: ${events.map(({ event }) => event).join(', ')}`];
  });
};

const lackOf = (fate: Fate, events: readonly LoggedEvent[], cancels: boolean): string | undefined => {
  const place = (name: string): number => events.findIndex(({ event }) => event === name);
  switch (fate) {
    case 'unsent':
      return events.some(({ event, code }) => event === 'ORDER_REJECTED' && code === 'KILL_SWITCH')
        ? undefined
        : 'not rejected by the kill switch';
    case 'cancelled': {
      const asked = place('ORDER_CANCELLING');
      if (asked === -1) return 'no cancel on record';
      return Math.max(place('ORDER_CANCELLED'), place('ORDER_EXPIRED')) > asked ? undefined : 'not cancelled on record';
    }
    case 'filled':
      return place('ORDER_CANCELLING') === -1 ? undefined : 'it had ended, and was cancelled';
    case 'unknown':
      // Kept open, or nobody knows of it: nothing has to happen, and it must not have ended.
      return events.some(({ event }) => ['ORDER_CANCELLED', 'ORDER_REJECTED'].includes(event))
        ? 'it ended, though nobody can know'
        : cancels && events.length === 0
          ? 'nothing on record'
          : undefined;
  }
};
