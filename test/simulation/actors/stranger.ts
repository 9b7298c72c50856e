/** Somebody who writes what nobody should, on every input topic: each such record must be set aside, and the stream go on. */
import type { OutgoingRecord } from '../../../src/processor/bus';
import { INPUT_TOPICS } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';
import { drawPoison } from './poison';
import type { Stage } from './stage';

const FROM = 'stranger';

export class Stranger {
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
}
