/** Mistakes that this system did have until worlds like these found them. The shrunk worlds are in ../seeds. */
import { expression, statement } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const GATEWAY = 'src/gateway/gateway.ts';
const DESK = 'src/gateway/orderDesk.ts';

export const MENDED_BUGS: readonly PlantedBug[] = [
  {
    name: 'trips among the decisions not read ahead',
    what: 'orders are sent while decisions that have not been read yet may trip the kill switch',
    profile: 'broker',
    patches: [expression(GATEWAY, /(?<=const chosen = )this\.isCaughtUp(?= \?)/, 'true')],
  },
  {
    name: 'a trip counts with the next step',
    what: 'a decision that trips the kill switch is here, and orders of the step that is under way are sent all the same',
    profile: 'broker',
    patches: [statement(GATEWAY, 'if (!broker.instant) for (const { decision } of read) this.runs.decided(decision);', '')],
  },
  {
    name: 'sent again though it is shown',
    what: 'an order that was to be sent again is, though the broker shows it by then',
    profile: 'broker',
    patches: [
      statement('src/gateway/orderLooks.ts', 'if (care !== undefined) care.again = false;', ''),
      expression('src/gateway/orderCare.ts', "notTaken || (again && phase === 'unknown' && orderId === '')", 'notTaken || again'),
    ],
  },
  {
    name: 'put off without a word',
    what: 'when a submission is put off, the log does not say that what became of the one before it is unknown still',
    profile: 'broker',
    patches: [
      statement(
        DESK,
        /(?<=submission was not taken; .*\s+)this\.tell\(unknown\(order, outcome\), order\);/,
        "order.phase = 'unknown';",
      ),
    ],
  },
  {
    name: 'positions from before the start',
    what: 'what strangers filled before a run began comes back with a restore',
    profile: 'chaos',
    patches: [
      statement(
        'src/domain/evolve.ts',
        'for (const symbol of run.exposure.positions.keys()) run.touched.positions.add(symbol);',
        '',
      ),
    ],
  },
];
