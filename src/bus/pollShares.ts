/** How many records each partition gives to one answer of a reader: no more than `maxRecords` in all and `perTopic` of a topic, fairly. */
import type { Topic } from '../contracts/topics';
import type { PollOptions } from '../processor/bus';
import { fairShares } from './fairShares';

/** `waiting`: how many records are there, for each source; `turn`: a counter of answers. */
export const sharesOf = (
  sources: readonly { readonly topic: Topic }[],
  waiting: readonly number[],
  { maxRecords, perTopic }: PollOptions,
  turn: number,
): readonly number[] =>
  fairShares(perTopic === undefined ? waiting : limited(sources, waiting, perTopic, turn), maxRecords, turn);

const limited = (
  sources: readonly { readonly topic: Topic }[],
  waiting: readonly number[],
  perTopic: Readonly<Partial<Record<Topic, number>>>,
  turn: number,
): readonly number[] => {
  const wanted = [...waiting];
  for (const topic of new Set(sources.map((source) => source.topic))) {
    const most = perTopic[topic];
    if (most === undefined) continue;
    const ofTopic = sources.map((source, at) => (source.topic === topic ? (waiting[at] ?? 0) : 0));
    fairShares(ofTopic, most, turn).forEach((share, at) => {
      if (sources[at]?.topic === topic) wanted[at] = share;
    });
  }
  return wanted;
};
