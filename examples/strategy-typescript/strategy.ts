/**
 * Buys towards a target: one market order per symbol, each asked of the gate first.
 *
 *     node dist/strategy.js targets.json 2026-02-24
 *
 * `targets.json` holds quantities by symbol, as texts: {"AAPL": "20", "NVDA": "120"}. The gate is GATE_URL (with POLICYGATE_TOKEN, if it wants one); without GATE_URL it is
 * the Kafka cluster of the environment (KAFKA_BROKERS, SCHEMA_REGISTRY_URL). The run is RUN. Ends with 0; with 1 once the kill switch is on.
 */
import { readFileSync } from 'node:fs';
import { ClientError, connect, decimal, formatDecimal } from 'policygate-capital';
import type { Client, Decision, OrderIntent } from 'policygate-capital';

const { GATE_URL, POLICYGATE_TOKEN, RUN = 'day-1' } = process.env;

const intentFor = (day: string, symbol: string, quantity: string): OrderIntent => ({
  // Made from what the intent is about, time included: run again after a crash, the strategy sends the same intents, and no order is doubled.
  intent_id: `target-${day}-${symbol}`,
  timestamp: `${day}T14:30:00Z`,
  strategy_id: 'momentum_v1',
  account_id: 'paper',
  instrument: { symbol, asset_class: 'equity' },
  side: 'buy',
  order_type: 'market',
  qty: decimal(quantity),
  limit_price: null,
});

/** The decision on an intent, however long that takes. The client tries again what may pass; what does not pass ends the strategy. */
const decided = async (client: Client, intent: OrderIntent): Promise<Decision | undefined> => {
  for (;;) {
    const answer = await client.submit(intent, { waitMs: 20_000 });
    switch (answer.type) {
      case 'decided':
        return answer.decision;
      case 'pending':
        console.error(`${intent.intent_id}: on the log, not decided yet`);
        break;
      case 'conflict':
        // Today's target was changed after its order went out: the first one stands.
        console.log(`${intent.instrument.symbol}: another order was decided as ${intent.intent_id}, at seq ${answer.decidedSeq}`);
        return undefined;
      case 'set-aside':
        throw new Error(`${intent.intent_id} was set aside: ${answer.reason}`);
    }
  }
};

const trade = async (client: Client, targets: Readonly<Record<string, string>>, day: string): Promise<number> => {
  for (const [symbol, quantity] of Object.entries(targets)) {
    const decision = await decided(client, intentFor(day, symbol, quantity));
    if (decision === undefined) continue;
    const why = decision.violations.map(({ message }) => message).join(' ');
    // `order` is what goes to the broker, by the gate's own hand: all of it, a part, or nothing.
    const sent = decision.order === null ? '0' : formatDecimal(decision.order.qty);
    console.log(`${symbol}: ${decision.decision}, ${sent} of ${quantity}${why === '' ? '' : ` (${why})`}`);
    if (decision.violations.some(({ rule_id }) => rule_id === 'KILL-001')) return 1;
  }
  return 0;
};

const [targetsFile, day] = process.argv.slice(2);
if (targetsFile === undefined || day === undefined) throw new Error('usage: node dist/strategy.js TARGETS.json YYYY-MM-DD');
const targets = JSON.parse(readFileSync(targetsFile, 'utf8')) as Record<string, string>;
const token = POLICYGATE_TOKEN === undefined ? {} : { token: POLICYGATE_TOKEN };
const client = await connect(GATE_URL === undefined ? { run: RUN } : { url: GATE_URL, run: RUN, ...token });
try {
  process.exitCode = await trade(client, targets, day);
} catch (error) {
  if (!(error instanceof ClientError)) throw error;
  console.error(`${error.message}${error.retryable ? ' (give the same command again)' : ''}`);
  process.exitCode = 2;
} finally {
  await client.close();
}
