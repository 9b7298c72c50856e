/** Mistakes of the judgement: limits, windows, what counts as exposure. */
import { expression, statement, text, WALL_CLOCK } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const LIMITS = 'src/domain/limits.ts';
const WINDOWS = 'src/domain/windows.ts';
const DECIDE = 'src/domain/decide.ts';
const POSITION_LIMIT = 'src/domain/rules/positionLimit.ts';
const ORDER_RATE = 'src/domain/rules/orderRate.ts';
const STATE = 'src/domain/state.ts';
const EVOLVE = 'src/domain/evolve.ts';
const JUDGE = 'src/domain/judge.ts';

export const JUDGEMENT_BUGS: readonly PlantedBug[] = [
  {
    name: 'order window too long',
    what: 'an order that is exactly 60 s old still counts',
    profile: 'calm',
    patches: [
      expression(WINDOWS, 'clock - oldest.at < ORDER_WINDOW_MS', 'clock - oldest.at <= ORDER_WINDOW_MS'),
      expression(
        'src/domain/restore.ts',
        'run.clock - intent.decided_at < ORDER_WINDOW_MS',
        'run.clock - intent.decided_at <= ORDER_WINDOW_MS',
      ),
    ],
  },
  {
    name: 'order limit one too high',
    what: 'one order a minute more than the limit is admitted',
    profile: 'calm',
    patches: [
      expression(ORDER_RATE, /(?<=orders_last_60s_global;\s+if \()count < limit/, 'count <= limit'),
      expression(ORDER_RATE, /(?<=orders_last_60s_strategy;\s+if \()count < limit/, 'count <= limit'),
    ],
  },
  {
    name: 'violation window too short',
    what: 'a violation that is exactly as old as the window no longer counts',
    profile: 'kill',
    patches: [expression(WINDOWS, 'clock - entry.at > windowMs', 'clock - entry.at >= windowMs')],
  },
  {
    name: 'trip one violation late',
    what: 'the kill switch trips by one violation more than the policy says',
    profile: 'kill',
    patches: [expression(JUDGE, 'violations_in_window < enough', 'violations_in_window <= enough')],
  },
  {
    name: 'window on the wall clock',
    what: 'the orders of the last minute are counted by the clock of the process',
    profile: 'calm',
    patches: [
      expression(STATE, 'orders.advance(run.clock)', `orders.advance(${WALL_CLOCK})`),
      expression(EVOLVE, 'run.orders.add(run.clock, strategy_id)', `run.orders.add(${WALL_CLOCK}, strategy_id)`),
    ],
  },
  {
    name: 'MODIFY not judged again',
    what: 'the reduced order is offered without a look at the other rules',
    profile: 'policy',
    patches: [expression(DECIDE, 'breached.length === 0', 'true')],
  },
  {
    name: 'MODIFY rounded up',
    what: 'the quantity that fits is rounded up to 8 places, and nobody looks whether it fits',
    profile: 'calm',
    patches: [
      expression(POSITION_LIMIT, 'quantityDown8(room, price)', '(quantityDown8(room, price) + 10n ** 10n)'),
      expression(POSITION_LIMIT, 'magnitude(plusNotional(held, times(fits, price))) <= cap ? fits : ZERO', 'fits'),
      expression(DECIDE, 'breached.length === 0', "breached.every((id) => id === 'EXP-001')"),
    ],
  },
  {
    name: 'exact fit refused',
    what: 'a position of exactly the limit is above it',
    profile: 'calm',
    patches: [expression(POSITION_LIMIT, 'after.positionValue <= cap', 'after.positionValue < cap')],
  },
  {
    name: 'overrides in the wrong order',
    what: 'an override of the strategy goes before one of the symbol',
    profile: 'policy',
    patches: (['exposure', 'loss', 'execution'] as const).map((section) =>
      expression(
        LIMITS,
        `ofSymbol?.${section} ?? ofStrategy?.${section} ?? ${section}`,
        `ofStrategy?.${section} ?? ofSymbol?.${section} ?? ${section}`,
      ),
    ),
  },
  {
    name: 'policy one record late',
    what: 'the decision after a change of the policy is still made under the last one',
    profile: 'policy',
    patches: [
      statement(EVOLVE, 'run.active = event.policy;', 'run.late = event.policy;'),
      text(
        'src/processor/foldIntent.ts',
        'if (kill_switch === undefined) return;',
        `if (BUG_IS_ON && state.late !== undefined) {
           state.active = state.late;
           state.late = undefined;
         }
         ORIGINAL`,
      ),
    ],
  },
  {
    name: 'invalid policy activates',
    what: 'of a policy that is invalid the limits that cannot be read are none',
    profile: 'policy',
    patches: [
      expression(
        'src/processor/foldControl.ts',
        "typeof policy === 'string' ? { refused: policy } : applied({ type: 'PolicyActivated', policy })",
        `applied({
           type: 'PolicyActivated',
           policy: typeof policy !== 'string' ? policy : {
             ...state.active,
             policy: {
               ...state.active.policy,
               limits: {
                 ...state.active.policy.limits,
                 exposure: { max_position_pct: 10n ** 18n, max_gross_exposure_x: 10n ** 20n, max_net_exposure_x: null },
               },
             },
           },
         })`,
      ),
    ],
  },
  {
    name: 'price of another symbol',
    what: 'an order is judged at the price that was first heard of, whatever its symbol',
    profile: 'calm',
    patches: [expression(STATE, 'prices.get(symbol) ?? null', 'prices.values().next().value ?? null')],
  },
  {
    name: 'missing price allowed',
    what: 'what is held without a price counts for nothing',
    profile: 'calm',
    patches: [
      expression(
        'src/domain/rules/missingPrice.ts',
        'facts.price === null ? intent.instrument.symbol : facts.unpriced_symbol',
        'facts.price === null ? intent.instrument.symbol : null',
      ),
    ],
  },
  {
    name: 'working orders not in gross',
    what: 'gross exposure counts what is held, and not what is working',
    profile: 'calm',
    patches: [
      expression(
        'src/domain/exposure.ts',
        'largerNotional(magnitude(netBuy), magnitude(netSell))',
        'magnitude(times(qty, price))',
      ),
    ],
  },
  {
    name: 'shorts count as longs',
    what: 'a short position adds to net exposure',
    profile: 'calm',
    patches: [
      expression(
        DECIDE,
        'magnitude(plusNotional(facts.other_net, value))',
        'magnitude(plusNotional(facts.other_net, magnitude(value)))',
      ),
    ],
  },
  {
    name: 'kill switch lets exits through',
    what: 'an active kill switch does not deny what reduces a position',
    profile: 'kill',
    patches: [
      text('src/domain/rules/killSwitch.ts', '({ facts }) =>', '({ facts, intent }) =>'),
      expression(
        'src/domain/rules/killSwitch.ts',
        /(?<==>\s+)facts\.kill_switch_active/,
        "(facts.kill_switch_active && !(intent.side === 'buy' ? facts.position_qty < 0n : facts.position_qty > 0n))",
      ),
    ],
  },
];
