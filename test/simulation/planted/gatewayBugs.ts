/** Mistakes of the way out: what is sent, under which name, when; what is made of the broker's answers; what a takeover goes on from. */
import { expression, statement, text } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const GATEWAY = 'src/gateway/gateway.ts';
const DESK = 'src/gateway/orderDesk.ts';
const LOOKS = 'src/gateway/orderLooks.ts';
const EVENTS = 'src/gateway/orderEvents.ts';
const RUNS = 'src/gateway/runs.ts';
const DEALT_WITH = 'src/gateway/dealtWith.ts';

const TELL_FILLS = 'for (const fill of growth.fills) tell(filled(order, fill));';

export const GATEWAY_BUGS: readonly PlantedBug[] = [
  {
    name: 'blind repeat',
    what: 'an order that Tradier does not show is sent again, though its tags are no keys',
    profile: 'broker',
    patches: [expression('src/gateway/brokers/tradier/tradier.ts', /(?<=readonly idempotent = )false/, 'true')],
  },
  {
    name: 'another name each time',
    what: 'an order that is submitted again has another client order id',
    profile: 'broker',
    patches: [
      expression(
        DESK,
        /(?<=clientOrderId: )order\.clientOrderId(?=,\s+intent,)/,
        'order.mayExist ? `${order.clientOrderId}-${care.tries}` : order.clientOrderId',
      ),
    ],
  },
  {
    name: 'unknown is rejected',
    what: 'an outcome that nobody knows is taken for a rejection',
    profile: 'broker',
    patches: [
      statement(
        DESK,
        /(?<=case 'unknown':\s+care\.dueAt = .*\s+)this\.tell\(unknown\(order, outcome\), order\);/,
        "this.tell(rejected(order, '', outcome), order);",
      ),
    ],
  },
  {
    name: 'unknown ended by a timer',
    what: 'an order that the broker has not shown three times is taken for rejected',
    profile: 'broker',
    patches: [
      statement(
        LOOKS,
        'care.again = broker.idempotent && !care.refused;',
        `if (care.tries > 3) this.options.tell(rejected(order, '', { code: 'TIMED_OUT', reason: 'the broker does not show it' }), order);
         else care.again = broker.idempotent && !care.refused;`,
      ),
      text(LOOKS, /(?<=import \{ followReport, )(?=unknown \})/, 'rejected, '),
    ],
  },
  {
    name: 'fill before the acknowledgement lost',
    what: 'an order that is filled when the broker first shows it is taken for acknowledged and ended',
    profile: 'broker',
    patches: [
      text(
        EVENTS,
        'const oddities: string[] = [];',
        "ORIGINAL const isEarly = BUG_IS_ON && order.orderId === '' && report.status === 'filled';",
      ),
      text(EVENTS, TELL_FILLS, 'if (!isEarly) ORIGINAL'),
    ],
  },
  {
    name: 'fills told again',
    what: 'what was filled before the last look is told once more',
    profile: 'broker',
    patches: [expression(EVENTS, '{ cumQty: order.cumQty, notional: order.notional }', '{ cumQty: 0n, notional: 0n }')],
  },
  {
    name: 'late fills ignored',
    what: 'a fill that comes behind the end of its order is left out',
    profile: 'broker',
    patches: [statement(EVENTS, TELL_FILLS, `if (order.phase !== 'ended') ${TELL_FILLS}`)],
  },
  {
    name: 'partial fill ends an order',
    what: 'after its first fill an order has nothing left open',
    profile: 'broker',
    patches: [expression(EVENTS, "order.phase === 'ended' || cumQty >= order.qty", 'true')],
  },
  {
    name: 'kill not read ahead',
    what: 'what was admitted before a trip is sent though the gateway has read the trip',
    profile: 'kill',
    patches: [expression(RUNS, 'run.active || (knew >= 0 && run.trippedAt >= knew)', 'false')],
  },
  {
    name: 'reset revives',
    what: 'what was admitted before a trip is sent if the kill switch was reset since',
    profile: 'kill',
    patches: [expression(RUNS, '(knew >= 0 && run.trippedAt >= knew)', 'false')],
  },
  {
    name: 'trip by a limit not heard',
    what: 'orders that wait go out though a decision behind them has tripped the kill switch',
    profile: 'kill',
    patches: [expression(RUNS, 'this.options.lockstep ? run.trippedBySeq > seq : run.trippedBySeq >= seq', 'false')],
  },
  {
    name: 'nothing cancelled',
    what: 'a trip leaves open orders open',
    profile: 'kill',
    patches: [
      expression(RUNS, 'ended || (this.termsOf(policy_hash).cancelsOpenOrders ?? this.options.cancelOpenOrders)', 'ended'),
    ],
  },
  {
    name: 'cancelled once',
    what: 'a cancel that the broker did not carry out is not asked for again',
    profile: 'broker',
    patches: [
      expression(
        'src/gateway/orderCancels.ts',
        '!care.busy && care.cancelDueAt <= now',
        '!care.busy && care.cancelDueAt <= now && care.cancelTries === 0',
      ),
    ],
  },
  {
    name: 'sent, then recorded',
    what: 'orders are sent before their SUBMITTING is committed',
    profile: 'broker',
    patches: [
      text(
        GATEWAY,
        'await this.writer.commit([...events.map((event) => this.recordOf(event)), ...drifts]);',
        `if (BUG_IS_ON && chosen.length > 0) await this.send(chosen, startedAt);
         ORIGINAL`,
      ),
      statement(
        GATEWAY,
        'return chosen.length > 0 ? [...events, ...(await this.send(chosen, startedAt))] : events;',
        'return events;',
      ),
    ],
  },
  {
    name: 'stale commit not renewed',
    what: 'a gateway that stood still sends by a SUBMITTING that it committed before',
    profile: 'broker',
    patches: [
      expression(GATEWAY, 'monotonic() - startedAt >= FRESH_MS', 'false'),
      expression(GATEWAY, 'monotonic() - startedAt < FRESH_MS', 'true'),
    ],
  },
  {
    name: 'gateway without a fence',
    what: 'each gateway has a transactional id of its own',
    profile: 'broker',
    patches: [expression(GATEWAY, '`policygate-gateway-${partition}`', '`policygate-gateway-${partition}-${options.wallMs()}`')],
  },
  {
    name: 'one decision skipped',
    what: 'a gateway that takes over starts one decision too far',
    profile: 'chaos',
    patches: [expression(DEALT_WITH, /(?<=nextDecision: )offset \+ 1/, 'offset + 2')],
  },
  {
    name: 'a decision again',
    what: 'a gateway that takes over starts at the last decision that was dealt with',
    profile: 'chaos',
    patches: [expression(DEALT_WITH, /(?<=nextDecision: )offset \+ 1/, 'offset')],
  },
  {
    name: 'interrupted submission forgotten',
    what: 'a gateway that takes over does not look up what the last one was sending',
    profile: 'broker',
    patches: [expression(DESK, "order.phase !== 'submitting'", 'true')],
  },
];
