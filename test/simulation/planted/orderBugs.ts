/** Mistakes about single orders: refused for no reason, cut, sent although the switch is on, sent in another order. */
import type { PlantedBug } from './plantedBug';
import { expression, statement, text } from './plantedBug';

const DESK = 'src/gateway/orderDesk.ts';
const RUNS = 'src/gateway/runs.ts';

export const ORDER_BUGS: readonly PlantedBug[] = [
  {
    name: 'half of the quantity',
    what: 'an order is sent for half of what was admitted',
    profile: 'broker',
    patches: [
      text(
        DESK,
        /(?<=clientOrderId: order\.clientOrderId,\s+)intent,/,
        'intent: BUG_IS_ON && intent.qty >= 2n * 10n ** 18n ? { ...intent, qty: ((intent.qty / (2n * 10n ** 18n)) * 10n ** 18n) as typeof intent.qty } : intent,',
      ),
    ],
  },
  {
    name: 'every third order stopped',
    what: 'every third order is refused as if the kill switch were on',
    profile: 'broker',
    patches: [
      expression(
        DESK,
        /(?<=stop: )this\.options\.runs\.stopOf\(decision\)/,
        "offset % 3 === 1 ? { code: 'KILL_SWITCH', reason: 'the kill switch was tripped' } : this.options.runs.stopOf(decision)",
      ),
    ],
  },
  {
    name: 'reset of every run not heard',
    what: 'the gateway passes over a reset that is for every run',
    profile: 'broker',
    patches: [statement(RUNS, /(?<=\.\.\.this\.active\(\)\]\) )released\.active = false;/, ';')],
  },
  {
    name: 'limits stop in monitor mode',
    what: 'a trip by limits stops orders, though the policy only monitors',
    profile: 'broker',
    patches: [expression(RUNS, 'this.termsOf(policy_hash).monitors', 'false')],
  },
  {
    name: 'flat in the eyes of the broker',
    what: 'an order is sent as if its run held nothing',
    profile: 'broker',
    patches: [expression(DESK, /(?<=held: )this\.options\.runs\.held\(order\.runId, order\.symbol\)/, '0n as typeof order.qty')],
  },
  {
    name: 'sent while the switch is on',
    what: 'an order that was admitted in monitor mode while the kill switch was on is sent',
    profile: 'calm',
    patches: [
      expression(
        RUNS,
        /(?<=if \()run\.active \|\| \(knew >= 0 && run\.trippedAt >= knew\)/,
        '(knew >= 0 && run.trippedAt >= knew)',
      ),
    ],
  },
  {
    name: 'no waiting for the order before',
    what: 'an order is sent while the submission of the one before it in its symbol has no answer',
    profile: 'broker',
    patches: [expression(DESK, /(?<=room <= 0 \|\| )symbols\.has\(symbolOf\(order\)\)/, 'false')],
  },
];
