/** A shard with a history, and what another policy would have decided over it. */
import type { DecidedTwice } from '../../src/audit/whatIf/decidedTwice';
import { runEndsOf } from '../../src/audit/whatIf/runEnds';
import type { RunEnds } from '../../src/audit/whatIf/runEnds';
import { WhatIfTally } from '../../src/audit/whatIf/tally';
import { whatIf } from '../../src/audit/whatIf/whatIf';
import type { OutgoingRecord } from '../../src/processor/bus';
import { TestShard } from './shard';

/** Prices of AAPL and MSFT, then these records, one after the other. */
export const begun = async (...records: readonly ((shard: TestShard) => OutgoingRecord)[]): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.price('AAPL', '200'), shard.price('MSFT', '400'));
  await shard.feed(...records.map((make) => make(shard)));
  return shard;
};

export interface Asked {
  readonly tally: WhatIfTally;
  readonly pairs: readonly DecidedTwice[];
  readonly ends: readonly RunEnds[];
}

export const ask = async (
  { bus, codec }: Pick<TestShard, 'bus' | 'codec'>,
  policy: string,
  runs?: ReadonlySet<string>,
): Promise<Asked> => {
  const tally = new WhatIfTally();
  const pairs: DecidedTwice[] = [];
  const decided = (pair: DecidedTwice): void => {
    pairs.push(pair);
    tally.decided(pair);
  };
  const observer = { decided, recorded: tally.recorded.bind(tally), other: tally.other.bind(tally) };
  const end = await whatIf({ bus, codec, partition: 0, policyText: policy, runs, observer });
  return { tally, pairs, ends: runEndsOf(end, runs) };
};
