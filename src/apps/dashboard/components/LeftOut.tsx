import { timeText } from '../format/time';
import type { RunFeed } from '../state/runFeed';
import { useValue } from '../state/useValue';

interface Coverage {
  /** Older rows are still on their way. */
  readonly reading: boolean;
  /** Seq of the oldest row that all newer ones are held of; 0: everything is. */
  readonly fromSeq: number;
  /** Its time, ms; undefined: nothing is held. */
  readonly fromClock: number | undefined;
}

/** How much of the run's journal this page holds. */
export const useCoverage = (feed: RunFeed): Coverage => {
  const downTo = useValue(feed.readDownTo);
  useValue(feed.version);
  const { floor, nextSeq } = feed.store;
  const fromSeq = Math.max(Math.min(downTo, nextSeq), floor);
  return { reading: downTo > floor, fromSeq, fromClock: feed.store.row(fromSeq)?.clock };
};

/** Said wherever something is found or counted among the rows that are held; nothing where that is the whole journal. */
export const leftOutText = ({ reading, fromSeq, fromClock }: Coverage): string | undefined => {
  if (fromSeq === 0 && !reading) return undefined;
  const at = fromClock === undefined ? '' : ` (${timeText(fromClock).slice(0, 8)})`;
  if (reading && fromClock === undefined) return 'records are still being read';
  return reading
    ? `older records are still being read: nothing before seq ${fromSeq.toLocaleString('en')}${at} is here yet`
    : `nothing before seq ${fromSeq.toLocaleString('en')}${at} is on this page; find older records by seq or intent id in Audit`;
};
