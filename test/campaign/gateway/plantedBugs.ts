/**
 * Mistakes that a gateway could have, each planted in a copy of the built program and put through the cells that should bring it to light. Patches are
 * made to the compiled text, as in the campaign on Kafka: one that no longer applies is an error.
 */
import type { Patch } from '../builtProgram';
import type { DialectName } from './venue';

export interface PlantedGatewayBug {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  readonly dialect: DialectName;
  /** Of TROUBLES, by name. */
  readonly trouble: string;
  /** Of KILL_NAMES. */
  readonly kills: readonly string[];
}

export const PLANTED_GATEWAY_BUGS: readonly PlantedGatewayBug[] = [
  {
    name: 'blind repeat',
    what: 'an order that the broker does not show is sent again, though its names are no keys',
    patches: [{ file: 'gateway/brokers/tradier/tradier', from: 'idempotent = false', to: 'idempotent = true' }],
    ...{ dialect: 'tradier', trouble: 'notMadeThenReset', kills: ['gateway-after-answer', 'after-commit'] },
  },
  {
    name: 'another name each time',
    what: 'an order has another client order id whenever it is submitted',
    patches: [
      {
        file: 'gateway/orderDesk',
        from: /clientOrderId: order\.clientOrderId,\s+intent,/,
        to: 'clientOrderId: `${order.clientOrderId}-${performance.now().toFixed(0)}`, intent,',
      },
    ],
    ...{ dialect: 'alpaca', trouble: 'madeThenReset', kills: ['submission on its way', 'gateway-after-submit'] },
  },
  {
    name: 'unknown is rejected',
    what: 'an outcome that nobody knows is taken for a rejection',
    patches: [
      {
        file: 'gateway/orderDesk',
        from: /this\.tell\(\(0, _orderEvents\.unknown\)\(order, outcome\), order\);/,
        to: `this.tell((0, _orderEvents.rejected)(order, '', outcome), order);`,
      },
    ],
    ...{ dialect: 'tradier', trouble: 'madeThen504', kills: ['after-commit', 'look on its way'] },
  },
  {
    name: 'fills counted twice',
    what: 'what was filled before the last look is told again',
    patches: [
      {
        file: 'gateway/orderEvents',
        from: /cumQty: order\.cumQty,\s+notional: order\.notional/,
        to: 'cumQty: 0n,\n        notional: 0n',
      },
    ],
    ...{ dialect: 'alpaca', trouble: 'partial fills', kills: ['gateway-after-commit', 'look on its way'] },
  },
  {
    name: 'early fill lost',
    what: 'of an order that the look-up finds filled only the end is told, not the fill',
    patches: [
      {
        file: 'gateway/orderEvents',
        from: 'for (const fill of growth.fills)tell(',
        to: `if (report.status !== 'filled' || !order.mayExist) for (const fill of growth.fills)tell(`,
      },
    ],
    ...{ dialect: 'alpaca', trouble: 'madeThenCutOff', kills: ['submission on its way', 'gateway-after-submit'] },
  },
  {
    name: 'sent, then recorded',
    what: 'orders are sent before their SUBMITTING is committed',
    patches: [
      {
        file: 'gateway/gateway',
        from: /await this\.writer\.commit\(\[\s*\.\.\.events\.map/,
        to: 'if (chosen.length > 0) { await this.send(chosen, startedAt); await new Promise((done)=>setTimeout(done, 30)); chosen = []; }\n        await this.writer.commit([...events.map',
      },
    ],
    ...{
      dialect: 'tradier',
      trouble: 'none',
      kills: ['submission on its way', 'submission on its way', 'submission on its way'],
    },
  },
  {
    name: 'trip not looked at',
    what: 'what waits is sent though the kill switch was tripped meanwhile',
    patches: [{ file: 'gateway/runs', from: /if \(run\.active \|\|[^{]*\{/, to: 'if (false) {' }],
    ...{
      dialect: 'alpaca',
      trouble: 'cancels: none',
      kills: ['after-commit', 'gateway-after-restore', 'after-commit', 'gateway-after-submit'],
    },
  },
  {
    name: 'nothing cancelled',
    what: 'a trip leaves open orders open',
    patches: [{ file: 'gateway/runs', from: /return ended \|\|[^;]*;/, to: 'return ended;' }],
    ...{ dialect: 'tradier', trouble: 'cancels: none', kills: ['after-commit', 'gateway-after-submit'] },
  },
  {
    name: 'late fills ignored',
    what: 'a fill that comes behind the end of its order is left out',
    patches: [
      {
        file: 'gateway/orderEvents',
        from: 'for (const fill of growth.fills)tell(',
        to: `if (order.phase !== 'ended') for (const fill of growth.fills)tell(`,
      },
    ],
    ...{ dialect: 'tradier', trouble: 'cancels: late fill', kills: ['after-commit', 'gateway-after-submit'] },
  },
  {
    name: 'one decision skipped',
    what: 'a gateway that takes over starts one decision too far',
    patches: [{ file: 'gateway/dealtWith', from: /nextDecision: offset \+ 1/, to: 'nextDecision: offset + 2' }],
    ...{
      dialect: 'alpaca',
      trouble: 'none',
      kills: ['gateway-after-submitting-commit', 'gateway-after-commit', 'gateway-before-submit'],
    },
  },
  {
    name: 'a decision again',
    what: 'a gateway that takes over starts at the last decision that it has dealt with, under another name',
    patches: [
      { file: 'gateway/dealtWith', from: /nextDecision: offset \+ 1/, to: 'nextDecision: offset' },
      {
        file: 'gateway/orderDesk',
        from: /\(0, _clientOrderId\.clientOrderId\)\(run_id, intent_id\)/,
        to: '`${intent_id}-${process.pid}`',
      },
    ],
    ...{ dialect: 'alpaca', trouble: 'none', kills: ['gateway-after-commit', 'gateway-after-answer'] },
  },
  {
    name: 'unknown frees what it holds',
    what: 'an order of unknown outcome no longer counts against the limits',
    patches: [
      {
        file: 'gateway/orderEvents',
        from: /const unknown = [^;]*;/,
        to: `const unknown = (order, { code, reason })=>eventOf(order, 'ORDER_REJECTED', { code, reason, leaves_qty: 0n });`,
      },
    ],
    ...{ dialect: 'alpaca', trouble: 'madeThenReset', kills: ['gateway-after-submit', 'submission on its way'] },
  },
];
