/** Mistakes of the bookkeeping: what a fill, a cancel, a reset, the end of a run do to what a run knows, and what a restore rebuilds. */
import { expression, statement } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const EVOLVE = 'src/domain/evolve.ts';
const RESTORE = 'src/domain/restore.ts';
const MARKED = 'src/domain/markedEquity.ts';

export const BOOKKEEPING_BUGS: readonly PlantedBug[] = [
  {
    name: 'released at the first fill',
    what: 'the first partial fill gives back all that an order reserves',
    profile: 'broker',
    patches: [
      expression(
        EVOLVE,
        "order.status === 'WORKING' ? remaining(order.qty, order.cum_qty) : ZERO",
        "order.status === 'WORKING' && order.cum_qty === 0n ? order.qty : ZERO",
      ),
      expression(
        EVOLVE,
        "status === 'WORKING' ? remaining(order.qty, cum_qty) : ZERO",
        "status === 'WORKING' && cum_qty === 0n ? order.qty : ZERO",
      ),
      expression(RESTORE, 'minus(qty, smaller(qty, cum_qty))', 'cum_qty === 0n ? qty : ZERO'),
    ],
  },
  {
    name: 'fill applied twice',
    what: 'a fill moves the position by all that was filled so far, not by what it grew',
    profile: 'broker',
    patches: [
      expression(
        EVOLVE,
        'event.cum_qty > order.cum_qty ? minus(event.cum_qty, order.cum_qty) : ZERO',
        "event.event === 'ORDER_FILLED' ? event.cum_qty : ZERO",
      ),
    ],
  },
  {
    name: 'cancel believed at once',
    what: 'what an order reserves is given back when the broker is asked to cancel it',
    profile: 'kill',
    patches: [
      expression(
        EVOLVE,
        "order.status === 'WORKING' && event.leaves_qty === 0n ? statusAfter(event) : order.status",
        `order.status === 'WORKING' && (event.leaves_qty === 0n || event.event === 'ORDER_CANCELLING')
           ? event.event === 'ORDER_CANCELLING' ? 'CANCELLED' : statusAfter(event)
           : order.status`,
      ),
    ],
  },
  {
    name: 'unknown frees what it holds',
    what: 'an order of unknown outcome no longer counts as working',
    profile: 'broker',
    patches: [
      expression(
        EVOLVE,
        "order.status === 'WORKING' && event.leaves_qty === 0n ? statusAfter(event) : order.status",
        `order.status === 'WORKING' && (event.leaves_qty === 0n || event.event === 'ORDER_UNKNOWN')
           ? event.event === 'ORDER_UNKNOWN' ? 'REJECTED' : statusAfter(event)
           : order.status`,
      ),
    ],
  },
  {
    name: 'reset forgets nothing',
    what: 'violations from before a reset of the kill switch count on',
    profile: 'kill',
    patches: [
      statement(
        EVOLVE,
        /(?<=run\.killSwitchActive = false;\s+)run\.violationsFromSeq = seq;\s+run\.beginning = .*;\s+run\.violations = new ViolationWindow\(\[\]\);/,
        '',
      ),
    ],
  },
  {
    name: 'trip of every run not kept',
    what: 'a trip for every run does not hold for runs that start later',
    profile: 'kill',
    patches: [
      expression(
        'src/processor/foldControl.ts',
        "shard.killSwitchActive ? [begin, { type: 'KillSwitchTripped' }] : [begin]",
        '[begin]',
      ),
    ],
  },
  {
    name: 'working orders end with the run',
    what: 'a run that ends forgets its open orders, and so their fills',
    profile: 'chaos',
    patches: [statement(EVOLVE, 'for (const [intentId, intent] of run.intents.working()) open.set(intentId, intent);', '')],
  },
  {
    name: 'violation window forgotten',
    what: 'a restore does not rebuild the window of violations',
    profile: 'kill',
    patches: [expression(RESTORE, 'intent.rule_ids.length > 0 && intent.seq >= run.violationsFromSeq', 'false')],
  },
  {
    name: 'order window forgotten',
    what: 'a restore does not rebuild the window of orders',
    profile: 'chaos',
    patches: [expression(RESTORE, "intent.decision !== 'DENY' && run.clock - intent.decided_at < ORDER_WINDOW_MS", 'false')],
  },
  {
    name: 'working orders not restored',
    what: 'a restore does not count what is working',
    profile: 'chaos',
    patches: [statement(RESTORE, 'run.exposure.addWorking(symbol, side, minus(qty, smaller(qty, cum_qty)));', '')],
  },
  {
    name: 'marked at the old price',
    what: 'equity is marked before the new price is taken in',
    profile: 'policy',
    patches: [
      statement(
        EVOLVE,
        /run\.exposure\.reprice\(symbol, before\);\s+mark\(run\);/,
        'mark(run); run.exposure.reprice(symbol, before);',
      ),
    ],
  },
  {
    name: 'peak not raised',
    what: 'the peak of a marked equity stays where it began',
    profile: 'policy',
    patches: [expression(MARKED, 'equity > account.peak_equity ? equity : account.peak_equity', 'account.peak_equity')],
  },
  {
    name: 'sale not received',
    what: 'a sale is paid for like a purchase',
    profile: 'policy',
    patches: [
      expression(
        MARKED,
        "side === 'buy' ? minusNotional(run.cash, paid) : plusNotional(run.cash, paid)",
        'minusNotional(run.cash, paid)',
      ),
    ],
  },
];
