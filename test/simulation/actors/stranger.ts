/**
 * Somebody who writes what nobody should, on every input topic: each such record must be set aside, and the stream go on. And fills of orders that no
 * decision admitted, which are facts all the same; on paper only, where no broker's book contradicts them.
 */
import { formatDecimal, wholeDecimal, ZERO } from '../../../src/contracts/decimal';
import type { ExecutionEvent } from '../../../src/contracts/messages';
import { DECISIONS, EXECUTION_EVENTS, INPUT_TOPICS, partitionOf } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import type { Random } from '../../support/random';
import { short } from './names';
import { drawPoison } from './poison';
import type { Stage } from './stage';

const FROM = 'stranger';
const NO_POLICY = new Uint8Array(32);

export class Stranger {
  private fills = 0;

  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
  ) {}

  poison(): void {
    const { random, stage } = this;
    const { world } = stage;
    const topic = random.pick(INPUT_TOPICS);
    const { what, key, value } = drawPoison(random, topic, world.codec);
    const record: OutgoingRecord = { topic, partition: random.below(world.plan.shards), key, value, timestamp: stage.now };
    world.trace(() => `${FROM} poisons ${topic}/${record.partition}: ${what}`);
    world.isPoison(record, what);
    stage.publish(FROM, [record]);
  }

  fill(runId: string, symbol: string, acknowledged: () => void = () => undefined): void {
    const { random, stage } = this;
    const { world } = stage;
    const qty = wholeDecimal(random.between(1, 30));
    const side = random.pick(['buy', 'sell'] as const);
    this.fills += 1;
    const partition = partitionOf(Buffer.from(runId, 'utf8'), world.plan.shards);
    const event: ExecutionEvent = {
      ...{ event: 'ORDER_FILLED', run_id: runId, intent_id: `elsewhere-${this.fills}`, order_id: `ELSEWHERE-${this.fills}` },
      ...{
        client_order_id: '',
        symbol,
        side,
        order_type: 'market',
        qty,
        price: wholeDecimal(100),
        cum_qty: qty,
        leaves_qty: ZERO,
      },
      ...{ code: null, reason: null, policy_hash: NO_POLICY, decision_offset: world.log.end(DECISIONS, partition) + 1_000 },
    };
    world.trace(() => `${FROM} fills ${formatDecimal(qty)} ${symbol} for ${short(runId)}, ${side}, which nobody had asked for`);
    const key = world.codec.encodeKey(EXECUTION_EVENTS, { run_id: runId, intent_id: event.intent_id });
    const value = world.codec.encodeValue(EXECUTION_EVENTS, event);
    stage.publish(FROM, [{ topic: EXECUTION_EVENTS, partition, key, value, timestamp: stage.now }], acknowledged);
  }
}
